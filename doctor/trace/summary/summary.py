"""The summary of a trace: its servers as rows, copies and alternatives folded, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from doctor.base.record import Record
from doctor.diagnostic import Location
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.table import places
from doctor.trace.readers.concurrency import copies, together
from doctor.trace.readers.servers import Started
from doctor.trace.summary.traits import Feature, traits
from doctor.trace.trace import Traced
from doctor.values.assumption import (
    FILLED,
    YES,
    Assumption,
    Guard,
    Question,
    consistent,
    unlikeliness,
)
from doctor.values.value import ARRAY_TASK, HOST, TASK, Unknown, Value

#: Traits in which the copies of one server must agree.
_SAME = ("model", "parallel", "where", "releases")


class Otherwise(Record):
    """A trait of a server in another alternative, and what it takes for that.

    ``given`` is the variable that then counts in place of a default, where that is all.
    """

    trait: str
    text: str
    conditions: tuple[str, ...]
    given: str | None = None


class Row(Record):
    """One server, or copies of it that differ only in what is listed copy by copy, ``servers``.

    ``how_many`` says it in words where it is not just one. ``traits`` has for each trait what
    it is in each copy, in order. ``conditions`` is what it takes that the server starts so, and
    ``ways`` the ways through the script that start it.
    """

    place: Location
    servers: tuple[Started, ...]
    count: int
    how_many: str
    traits: Mapping[str, tuple[str, ...]]
    conditions: tuple[str, ...]
    otherwise: tuple[Otherwise, ...]
    unknowns: tuple[Unknown, ...]
    open_arguments: tuple[Unknown, ...]
    ways: tuple[Guard, ...] = ()

    @property
    def runs(self) -> tuple[str, ...]:
        """Where it runs, as kinds of places: in a `step`, a `container`, on a `remote` host, …"""
        context = self.servers[0].invocation.context
        inside = ("container",) if context.container is not None else ()
        return (*(place.kind for place in places(context)), *inside)

    def excludes(self, other: Row) -> bool:
        """Whether no run of the script starts both."""
        return not any(consistent(one, two) for one in self.ways for two in other.ways)


class _Seen(Record):
    """A server on one path, with its traits."""

    started: Started
    traits: Mapping[str, Feature]

    @property
    def assumes(self) -> Guard:
        values = [v for trait in self.traits.values() for v in trait.values]
        return self.started.invocation.assumes.union(*(value.assumes for value in values))


def rows(traced: Traced) -> list[Row]:
    """The servers of a trace in the order in which they are written."""
    by_place: dict[Location, list[_Seen]] = {}
    for started in traced.servers:
        by_place.setdefault(started.invocation.origin.location, []).append(
            _Seen(started, traits(started))
        )
    return [
        _row(members, others, traced)
        for seen in by_place.values()
        for members, others in _copies(seen)
    ]


# --- copies and alternatives -----------------------------------------------------------------


def _copies(seen: Sequence[_Seen]) -> list[tuple[list[_Seen], list[_Seen]]]:
    """The servers that one place starts: the copies of each, and the alternatives to them.

    What can happen on one path through the script is a server of its own; what excludes one of
    these is an alternative to it. Of these the likeliest is listed first: the one that rests the
    least on variables that somebody may give.
    """
    likeliest: list[_Seen] = []
    for each in sorted(seen, key=_unlikeliness):
        if all(_beside(each, other) for other in likeliest):
            likeliest.append(each)
    taken = {id(each) for each in likeliest}
    chosen = [each for each in seen if id(each) in taken]
    alternatives = [each for each in seen if id(each) not in taken]
    groups: dict[object, tuple[list[_Seen], list[_Seen]]] = {}
    key = {id(each): tuple(each.traits[name].text for name in _SAME) for each in chosen}
    for each in chosen:
        groups.setdefault(key[id(each)], ([], []))[0].append(each)
    for each in alternatives:
        groups[key[id(_nearest(each, chosen))]][1].append(each)
    return list(groups.values())


def _unlikeliness(seen: _Seen) -> tuple[bool, int]:
    """Whether its arguments are open, and on how many given variables it rests."""
    return seen.started.server.open, unlikeliness(seen.assumes)


def _beside(one: _Seen, other: _Seen) -> bool:
    """Whether both can happen on one path, so that neither is an alternative to the other."""
    context = one.started.invocation.context
    if context.excludes(other.started.invocation.context):
        return False
    return consistent(one.assumes, other.assumes)


def _nearest(alternative: _Seen, chosen: Sequence[_Seen]) -> _Seen:
    """The server that another may replace: in the same iteration, and the most alike."""

    def likeness(other: _Seen) -> tuple[bool, bool, int]:
        turns = other.started.invocation.context.turns
        return (
            turns == alternative.started.invocation.context.turns,
            not consistent(alternative.assumes, other.assumes),
            sum(other.traits[name] == trait for name, trait in alternative.traits.items()),
        )

    return max(chosen, key=likeness)


def _row(members: Sequence[_Seen], others: Sequence[_Seen], traced: Traced) -> Row:
    first = members[0]
    everyone = [*members, *others]
    shared = frozenset.intersection(*(each.assumes for each in everyone))
    otherwise = tuple(_otherwise(members, others))
    needed = {c for o in otherwise if o.given is None for c in _contradicted(first, o, others)}
    words = {assumption.words for assumption in shared}
    unknowns = [u for each in members for u in _unknowns(_values(each))]
    flags = [word for each in members for word in each.started.invocation.arguments if word.many]
    return Row(
        place=first.started.invocation.origin.location,
        servers=tuple(member.started for member in members),
        count=len(members),
        how_many=_how_many(members, traced),
        traits={
            name: tuple(member.traits[name].text for member in members) for name in first.traits
        },
        conditions=tuple(sorted(words | needed)),
        otherwise=otherwise,
        unknowns=tuple(dict.fromkeys(unknowns)),
        open_arguments=tuple(dict.fromkeys(_unknowns(flags))) if first.started.server.open else (),
        ways=tuple(each.started.invocation.assumes for each in everyone),
    )


def _otherwise(members: Sequence[_Seen], others: Sequence[_Seen]) -> Iterator[Otherwise]:
    """What the alternatives have that no copy has; one whose arguments are open tells nothing."""
    if not members[0].started.server.open:
        others = [other for other in others if not other.started.server.open]
    everyone = [*members, *others]
    shared = frozenset.intersection(*(each.assumes for each in everyone))
    for name in members[0].traits:
        usual = {member.traits[name].text for member in members}
        found: dict[str, list[_Seen]] = {}
        for other in others:
            if other.traits[name].text not in usual:
                found.setdefault(other.traits[name].text, []).append(other)
        for text, holders in found.items():
            common = frozenset.intersection(*(holder.assumes for holder in holders)) - shared
            news = [each for each in common if _is_news(each, members[0].assumes)]
            words = tuple(sorted({each.words for each in news}))
            yield Otherwise(name, text, words, _given(holders[0].traits[name], news))


def _is_news(assumption: Assumption, usual: Guard) -> bool:
    """Whether an alternative rests on what the usual case excludes, or is not asked there."""
    if assumption.about is Question.GIVEN:
        return not consistent(frozenset({assumption}), usual)
    return assumption not in usual


def _given(trait: Feature, conditions: Sequence[Assumption]) -> str | None:
    """The variable that takes a default's place, where nothing else is to be said."""
    unknown = [piece for value in trait.values for piece in value.pieces]
    single = unknown[0] if len(unknown) == 1 else None
    if not isinstance(single, Unknown):
        return None
    name = single.name.removeprefix("$")
    plain = name.isalnum() or name.isidentifier()
    given = bool(conditions) and all(map(_is_given, conditions))
    return name if plain and given else None


def _is_given(condition: Assumption) -> bool:
    """Whether it is that somebody gives a variable."""
    given = ((Question.GIVEN, FILLED), (Question.CHANGED, YES))
    return (condition.about, condition.choice) in given


def _contradicted(first: _Seen, otherwise: Otherwise, others: Sequence[_Seen]) -> Iterator[str]:
    """What the first copy rests on that the holders of another trait do not."""
    holders = [o for o in others if o.traits[otherwise.trait].text == otherwise.text]
    for assumption in first.assumes:
        if all(not consistent(frozenset({assumption}), holder.assumes) for holder in holders):
            yield assumption.words


def _how_many(members: Sequence[_Seen], traced: Traced) -> str:
    first = members[0].started.invocation
    words: list[str] = []
    if len(members) > 1:
        seen = "at least " if traced.walk.truncated else ""
        words.append(seen + _in_words(len(members), _at_once(members)))
    differ = copies(first, traced.walk, traced.job)
    words += ["one for each task"] if TASK in differ else []
    words += ["one on each node"] if HOST in differ and TASK not in differ else []
    if any(turn.index is None for turn in first.context.turns):
        words.append("one for each turn of a loop")
    if ARRAY_TASK in differ:
        words.append("in each task of the job array")
    return ", ".join(words)


def _at_once(members: Sequence[_Seen]) -> int:
    """How many of the copies run at the same time."""
    beside: list[Invocation] = []
    for member in members:
        if all(together(other, member.started.invocation) for other in beside):
            beside.append(member.started.invocation)
    return len(beside)


def _in_words(count: int, at_once: int) -> str:
    if at_once == count:
        return f"{count} at once"
    return f"{count} one after the other" if at_once == 1 else f"{at_once} at once, {count} in all"


# --- unknowns --------------------------------------------------------------------------------


def _values(seen: _Seen) -> Iterator[Value]:
    return (value for trait in seen.traits.values() for value in trait.values)


def _unknowns(values: Iterable[Value]) -> Iterator[Unknown]:
    for value in values:
        for piece in value.pieces:
            if isinstance(piece, Unknown):
                yield replace(piece, many=False)
