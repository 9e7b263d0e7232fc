"""One flag has many spellings: underscores, prefixes, short forms, ``--no-x``."""

from __future__ import annotations

from collections.abc import Mapping

from doctor.base.record import Record
from doctor.vllm.rows import Row

#: From here on every boolean flag has a ``--no-`` form, and none takes a value any more.
NEGATABLE = "0.8.5"


class Spelling(Record):
    """What an option string stands for.

    ``row`` is None where no release knows it, and where it is a prefix of several flags so
    that what it stands for depends on the release (``ambiguous``).
    """

    row: Row | None
    admits: int = 0
    negated: bool = False
    ambiguous: bool = False


def normal(option: str) -> str:
    """An option as vLLM reads it: ``--a_b.c_d`` is ``--a-b.c_d``."""
    if not option.startswith("--"):
        return option
    name, dot, keys = option.partition(".")
    return name.replace("_", "-") + dot + keys


def resolve(option: str, spellings: Mapping[str, Spelling]) -> Spelling:
    """The flag that a normal spelling names, by itself or as a prefix."""
    if exact := spellings.get(option):
        return exact
    if len(option) < 2 or option == "--":
        return Spelling(None)
    matches = [found for name, found in spellings.items() if name.startswith(option)]
    once = twice = 0
    for match in matches:
        twice |= once & match.admits
        once |= match.admits
    left = [match for match in matches if match.admits & ~twice]
    if len(left) != 1:
        return Spelling(None, once & ~twice, ambiguous=bool(matches))
    return Spelling(left[0].row, left[0].admits & ~twice, left[0].negated)
