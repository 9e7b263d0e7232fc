"""One flag has many spellings: underscores, prefixes, short forms, ``--no-x``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from doctor.base.record import Record

if TYPE_CHECKING:
    from doctor.vllm.tables import Row, Tables

#: From here on every boolean flag has a ``--no-`` form, and none takes a value any more.
NEGATABLE = "0.8.5"
#: The one flag that had its ``--no-`` form before.
_ALWAYS_NEGATABLE = "--enable-prefix-caching"
#: From here on every ``--enable-x`` is also there as ``--disable-x``, and the reverse.
_INVERTIBLE = "0.33.0"


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


def all_spellings(tables: Tables) -> dict[str, Spelling]:
    """Every option string of any release. A flag's own name wins over another's form of it."""
    spellings: dict[str, Spelling] = {}
    for row in tables.flags.values():
        for option, negated, releases in _forms(row, tables):
            spellings.setdefault(option, Spelling(row, releases, negated))
    for name, row in tables.flags.items():
        spellings[name] = Spelling(row, row.releases)
    return spellings


def _forms(row: Row, tables: Tables) -> Iterator[tuple[str, bool, int]]:
    for alias in row.aliases:
        yield alias, False, row.releases
    if row.kind != "bool":
        return
    since = tables.every if row.name == _ALWAYS_NEGATABLE else tables.since(NEGATABLE)
    yield f"--no-{row.name[2:]}", True, row.releases & since
    for here, there in (("--enable-", "--disable-"), ("--disable-", "--enable-")):
        if row.name.startswith(here):
            inverse = there + row.name.removeprefix(here)
            yield inverse, True, row.releases & tables.since(_INVERTIBLE)
