"""What a trace says in sentences: where vLLM comes from, what is shared, deleted, not read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doctor.diagnostic import Location
from doctor.facts.base import Fact
from doctor.facts.commands import Deletion
from doctor.facts.relations import SharedCache, SharedPort
from doctor.facts.servers import Requirement
from doctor.report.folding import fold
from doctor.trace import Traced


def also(traced: Traced) -> list[str]:
    """What is to be said of a script, but for its job and its servers."""
    facts = traced.facts
    return [*_sources(facts), *_relations(facts), *_deletions(facts)]


def _sources(facts: Sequence[Fact]) -> Iterator[str]:
    """Where vLLM comes from."""
    places: dict[str, list[Location]] = {}
    for fact in facts:
        if isinstance(fact, Requirement) and fact.package == "vllm":
            words = f"{fact.written} ({fact.via.replace('-', ' ')})"
            places.setdefault(words, []).append(fact.location)
    for words, found in places.items():
        yield f"vLLM comes from {words}{lines(found)}"


def _relations(facts: Sequence[Fact]) -> Iterator[str]:
    """What servers share."""
    shared: dict[tuple[str, str], list[str]] = {}
    for fact in facts:
        if isinstance(fact, SharedCache) and fact.compiles is not False:
            words = f"{fact.servers} write one compile cache"
            shared.setdefault((words, _servers_at(fact)), []).append(fact.cache)
        if isinstance(fact, SharedPort):
            default = " (the default)" if fact.is_default else ""
            words = f"{fact.servers} listen on one port"
            shared.setdefault((words, _servers_at(fact)), []).append(fact.port + default)
    for (words, places), things in shared.items():
        yield f"{words}, {fold(things)}{places}"


def _deletions(facts: Sequence[Fact]) -> Iterator[str]:
    """What is deleted in the folders that all users of a node share."""
    deleted: dict[int, dict[str, Location]] = {}
    for fact in facts:
        if isinstance(fact, Deletion) and fact.folder_sharing == "all-users":
            deleted.setdefault(fact.location.start.row, {})[fact.path] = fact.location
    for paths in deleted.values():
        yield f"it deletes {', '.join(paths)}{lines([*paths.values()])}"


def unread(traced: Traced) -> Iterator[str]:
    """The scripts that this one reads or runs and that could not be looked at."""
    places: dict[str, list[Location]] = {}
    for path, origin in traced.walk.unread:
        places.setdefault(path.display, []).append(origin.location)
    for name, found in places.items():
        where = at(found[0]) if found[0].within else lines(found)
        yield f"{name}: a file that is not read here{where}"


def _servers_at(fact: Fact) -> str:
    return lines(fact.evidence["servers"].locations)


def lines(places: Sequence[Location]) -> str:
    numbers = sorted({place.start.row for place in places})
    return f" (line{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))})"


def at(place: Location | None) -> str:
    if place is None:
        return ""
    return f" ({place.within})" if place.within else f" (line {place.start.row})"
