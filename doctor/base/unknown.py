"""The third truth value: what cannot be known."""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias


class _Unknown(Enum):
    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("an unknown is neither true nor false; compare with `is UNKNOWN`")


#: What an attribute or a cell holds when it cannot be known. None means "known to be absent".
UNKNOWN: Final = _Unknown.UNKNOWN
UnknownType: TypeAlias = _Unknown


class PartlyKnown(str):
    """A text with unknowns in it, which stand there by their names: ``pip install $PACKAGE``.

    ``known`` is the same text with ``HOLE`` in place of each character of such a name.
    """

    __slots__ = ("known",)
    known: str

    def __new__(cls, text: str, known: str) -> PartlyKnown:
        made = super().__new__(cls, text)
        made.known = known
        return made


#: Stands in a text for what isn't known of it; no word of a shell can hold this character.
HOLE: Final = "\0"
