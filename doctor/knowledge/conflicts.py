"""Where a site's knowledge disagrees with another source, its own or what ships with the tool.

Only what can't both be true is a conflict. A site that names one more drafter, more bad nodes or a
later first release than our pages doesn't disagree with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doctor.base.record import Record
from doctor.facts.inputs import Topic
from doctor.knowledge.base import Knowledge
from doctor.knowledge.models import means
from doctor.knowledge.place import Place
from doctor.knowledge.rows import BrokenVersion, Family, Pairing


class Conflict(Record):
    """Two places that disagree on a subject; the first is the one that wins."""

    topic: Topic
    subject: str
    says: str
    place: Place
    other_says: str
    other_place: Place


def conflicts(knowledge: Knowledge) -> list[Conflict]:
    """All of them, each pair of places once for each topic."""
    found: dict[tuple[Topic, Place, Place], Conflict] = {}
    for conflict in (
        *_families(knowledge.families),
        *_pairings(knowledge.pairings),
        *_broken_versions(knowledge.broken_versions),
    ):
        found.setdefault((conflict.topic, conflict.place, conflict.other_place), conflict)
    return list(found.values())


# --- families --------------------------------------------------------------------------------


def _families(families: Sequence[Family]) -> Iterator[Conflict]:
    for index, family in enumerate(families):
        if family.place.site:
            for model in family.models:
                for other in _same_models(family, model, families[index + 1 :]):
                    yield from _about_models(model, family, other)


def _same_models(family: Family, model: str, later: Sequence[Family]) -> Iterator[Family]:
    """The rows that would count for the models of a pattern if it weren't there."""
    name, decided = model.lower(), {family.place.filename}
    for other in later:
        patterns = [pattern.lower() for pattern in other.models]
        if other.place.filename == family.place.filename:
            if name in patterns:
                yield other
        elif other.place.filename not in decided and any(means(p, name) for p in patterns):
            decided.add(other.place.filename)
            yield other
        elif any(means(name, pattern.rstrip("*-")) for pattern in patterns):
            yield other


def _about_models(model: str, family: Family, other: Family) -> Iterator[Conflict]:
    places = family.place, other.place
    tools = (family.tool_parser, family.also_right), (other.tool_parser, other.also_right)
    yield from _parsers("tool-parser", f"the tool parser of {model}", *tools, *places)
    reasoning = (
        (family.reasoning_parser, family.also_right_for_reasoning),
        (other.reasoning_parser, other.also_right_for_reasoning),
    )
    yield from _parsers("reasoning-parser", f"the reasoning parser of {model}", *reasoning, *places)
    first, needed = family.for_tool_calls, other.for_tool_calls
    if first and needed and _is_older(first, needed):
        subject = f"the first release in which {model} can call tools"
        yield Conflict("first-release", subject, first, places[0], needed, places[1])


def _parsers(
    topic: Topic,
    subject: str,
    own: tuple[str | None, Sequence[str]],
    other: tuple[str | None, Sequence[str]],
    place: Place,
    other_place: Place,
) -> Iterator[Conflict]:
    if own[0] and other[0] and not {own[0], *own[1]} & {other[0], *other[1]}:
        yield Conflict(topic, subject, own[0], place, other[0], other_place)


def _is_older(release: str, other: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(release) < Version(other)
    except InvalidVersion:
        return False


# --- pairings --------------------------------------------------------------------------------


def _pairings(pairings: Sequence[Pairing]) -> Iterator[Conflict]:
    for index, own in enumerate(pairings):
        if not own.place.site:
            continue
        same = [each for each in pairings[index + 1 :] if _is_same_drafter(own, each)]
        alike = [each for each in same if _is_same_model(own.target, each.target)]
        for other in alike:
            if own.methods and other.methods and not _ways(own) & _ways(other):
                what = own.drafter or own.target
                yield Conflict(
                    "method", f"the speculation method of {what}",
                    own.methods[0], own.place, other.methods[0], other.place,
                )  # fmt: skip
        if same and not alike:
            subject = f"the model that {own.drafter} is made for"
            other = same[0]
            yield Conflict(
                "drafter", subject, own.target, own.place, other.target, other.place
            )  # fmt: skip


def _is_same_drafter(own: Pairing, other: Pairing) -> bool:
    if own.drafter is None or other.drafter is None:
        return own.drafter is other.drafter and _is_same_model(own.target, other.target)
    return own.drafter.lower() == other.drafter.lower()


def _is_same_model(model: str, other: str) -> bool:
    """Whether two names mean one model, or variants of it: the one without an organisation."""
    one, two = (name.lower().rpartition("/")[2] for name in (model, other))
    return one in two or two in one


def _ways(pairing: Pairing) -> set[str]:
    """The methods; all names of multi-token prediction are one method."""
    return {"mtp" if name.endswith("_mtp") else name for name in pairing.methods}


# --- releases --------------------------------------------------------------------------------


def _broken_versions(rows: Sequence[BrokenVersion]) -> Iterator[Conflict]:
    """Releases that a site calls broken for models that another source doesn't speak of."""
    for index, own in enumerate(rows):
        if not own.place.site or own.whom is None:
            continue
        for other in rows[index + 1 :]:
            if other.releases != own.releases or other.whom is None:
                continue
            named = [name.strip().lower() for name in own.whom.split(",")]
            if not all(name in other.whom.lower() for name in named):
                subject = f"the models for which {own.releases.removeprefix('==')} is broken"
                yield Conflict(
                    "broken-release", subject, own.whom, own.place, other.whom, other.place
                )
