"""What rules look up: rows put together from all sources, the site's first.

A source that leaves a cell empty leaves it to the next source. What none tells is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypedDict, TypeVar

from doctor.base.unknown import UNKNOWN
from doctor.knowledge.releases import RECIPES, Releases
from doctor.knowledge.rows import BrokenVersion, Family, Pairing

_Row = TypeVar("_Row", Family, Pairing, BrokenVersion)


FamilyRow = TypedDict(
    "FamilyRow",
    {
        "family": str,
        "tool-parser": Any,
        "right-parsers": Any,
        "reasoning-parser": Any,
        "right-reasoning-parsers": Any,
        "first-release": Any,
        "for-tool-calls": Any,
        "last-release": Any,
        "also-needs": Any,
        "notes": Any,
        "exact": bool,  # false where only the end of a path gives the model's name away
        "place": str,
    },
)
DrafterRow = TypedDict(
    "DrafterRow",
    {
        "targets": frozenset[str],
        "method": Any,  # the one to take
        "methods": Any,
        "tokens": Any,
        "first-release": Any,
        "draft-tensor-parallel": Any,
        "superseded-by": Any,
        "notes": Any,
        "exact": bool,
        "place": str,
    },
)
TargetRow = TypedDict(
    "TargetRow",
    {
        "drafter": Any,  # the one to take
        "drafters": frozenset[str],
        "built-in": bool,
        "method": Any,  # the one to take
        "methods": Any,
        "tokens": Any,
        "first-release": Any,
        "exact": bool,
        "place": str,
    },
)


class ReleaseRow(TypedDict):
    newest: str  # of the releases that are known
    date: Any  # when it came
    newer: bool  # whether the release is newer than that


BrokenVersionRow = TypedDict(
    "BrokenVersionRow",
    {
        "releases": str,
        "breaks": Any,
        "whom": Any,
        "remedy": Any,
        "models": Sequence[str],  # it concerns these, with each of these options, unless one of
        "only-with": Sequence[str],
        "not-with": Sequence[str],  # these is given
        "vouched": bool,
        "place": str,
    },
)


def family_row(rows: Sequence[Family], exact: bool, releases: Releases) -> FamilyRow | None:
    """The families that mean a model as one row."""
    if not rows:
        return None
    rows = _first_of_each_source(rows)
    first = rows[0]
    return {
        "family": next((row.name for row in rows if row.name), first.models[0]),
        "tool-parser": _told(rows, lambda row: row.tool_parser),
        "right-parsers": _right(
            rows, lambda row: row.tool_parser, lambda row: row.also_right, releases
        ),
        "reasoning-parser": _told(rows, lambda row: row.reasoning_parser),
        "right-reasoning-parsers": _right(
            rows,
            lambda row: row.reasoning_parser,
            lambda row: row.also_right_for_reasoning,
            releases,
        ),
        "first-release": _told(rows, lambda row: row.first_release),
        "for-tool-calls": _told(rows, lambda row: row.for_tool_calls),
        "last-release": _told(rows, lambda row: row.last_release),
        "also-needs": _told(rows, lambda row: row.also_needs),
        "notes": _told(rows, lambda row: row.notes),
        "exact": exact,
        "place": str(first.place),
    }


def drafter_row(rows: Sequence[Pairing], exact: bool, releases: Releases) -> DrafterRow | None:
    """The pairings of a drafter as one row."""
    if not rows:
        return None
    return {
        "targets": frozenset(row.target for row in rows),
        "method": _told(rows, _method),
        "methods": _methods(rows, releases),
        "tokens": _told(rows, lambda row: row.tokens),
        "first-release": _told(rows, lambda row: row.first_release),
        "draft-tensor-parallel": _told(rows, lambda row: row.draft_tensor_parallel),
        "superseded-by": _told(rows, lambda row: row.superseded_by),
        "notes": _told(rows, lambda row: row.notes),
        "exact": exact,
        "place": str(rows[0].place),
    }


def target_row(rows: Sequence[Pairing], exact: bool, releases: Releases) -> TargetRow | None:
    """The pairings of a model as one row."""
    if not rows:
        return None
    current = [row for row in rows if row.superseded_by is None] or rows
    return {
        "drafter": current[0].drafter or UNKNOWN,
        "drafters": frozenset(row.drafter for row in rows if row.drafter),
        "built-in": current[0].drafter is None,
        "method": _told(current[:1], _method),
        "methods": UNKNOWN if _of_recipes_alone(rows) else _methods(rows, releases),
        "tokens": _told(current[:1], lambda row: row.tokens),
        "first-release": _told(current[:1], lambda row: row.first_release),
        "exact": exact,
        "place": str(current[0].place),
    }


def broken_version_row(
    release: str, rows: Iterable[BrokenVersion], releases: Releases
) -> BrokenVersionRow | None:
    """What is broken in a release, however it is written: ``v0.12.0``, ``0.12``."""
    plain = release.strip().removeprefix("v").partition("+")[0]
    if plain not in releases.names and f"{plain}.0" in releases.names:
        plain += ".0"
    found = [row for row in rows if _admits(row.releases, plain)]
    if not found:
        return None
    telling = next((row for row in found if row.whom is not None), found[0])
    return {
        "releases": found[0].releases,
        "breaks": _told(found, lambda row: row.breaks),
        "whom": _told(found, lambda row: row.whom),
        "remedy": _told(found, lambda row: row.remedy),
        "models": telling.models,
        "only-with": telling.only_with,
        "not-with": telling.not_with,
        "vouched": found[0].place.site,
        "place": str(found[0].place),
    }


def release_row(release: str, releases: Releases) -> ReleaseRow | None:
    """What is known of a release, None if it is none."""
    from packaging.version import Version

    details = releases.details(releases.newest) or {}
    try:
        newer = Version(release).release > Version(releases.newest).release
    except ValueError:  # no release, or one with thousands of digits
        return None
    return {"newest": releases.newest, "date": details.get("date", UNKNOWN), "newer": newer}


def _admits(specifier: str, release: str) -> bool:
    if specifier.startswith("==") and "*" not in specifier and "," not in specifier:
        return specifier[2:] == release
    from packaging.specifiers import SpecifierSet

    try:
        return SpecifierSet(specifier).contains(release, prereleases=True)
    except ValueError:  # no release, or one with thousands of digits
        return False


def _told(rows: Sequence[_Row], cell: Callable[[_Row], Any]) -> Any:
    """The first cell that isn't empty."""
    return next((cell(row) for row in rows if cell(row) is not None), UNKNOWN)


def _right(
    rows: Sequence[Family],
    parser: Callable[[Family], str | None],
    also: Callable[[Family], Sequence[str]],
    releases: Releases,
) -> Any:
    """The first source's parsers, those of sources that agree with it, and their other names."""
    right: set[str] = set()
    for row in rows:
        name = parser(row)
        names = {name, *also(row)} if name else set()
        if not right or right & names:
            right |= names
    return frozenset(right).union(*map(releases.same_parsers, right)) or UNKNOWN


def _method(row: Pairing) -> str | None:
    """The method to take: the first that the row names."""
    return row.methods[0] if row.methods else None


def _methods(rows: Sequence[Pairing], releases: Releases) -> Any:
    """The methods in the rows; all names of multi-token prediction run as one method."""
    methods = {method for row in rows for method in row.methods}
    if any(_is_mtp(method) for method in methods):
        methods |= {method.name for method in releases.methods() if _is_mtp(method.name)}
    return frozenset(methods) or UNKNOWN


def _of_recipes_alone(rows: Sequence[Pairing]) -> bool:
    """Whether only recipes tell: they show what works, not that nothing else does."""
    return all(Path(row.place.filename).name == RECIPES for row in rows)


def _is_mtp(method: str) -> bool:
    return method == "mtp" or method.endswith("_mtp")


def _first_of_each_source(rows: Sequence[Family]) -> list[Family]:
    """The first match in each file: what stands below it is for other models."""
    first: dict[str, Family] = {}
    for row in rows:
        first.setdefault(row.place.filename, row)
    return list(first.values())
