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
