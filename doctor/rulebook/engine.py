"""Rules applied to facts: the diagnostics that they give."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from doctor.base.failure import Failure, Sparing
from doctor.base.record import Record
from doctor.base.unknown import UNKNOWN
from doctor.diagnostic import Diagnostic, Location, Related, Severity
from doctor.facts.base import Fact
from doctor.rulebook.loader import Rulebook
from doctor.rulebook.predicates import Reference
from doctor.rulebook.rule import Case, Conditions, Message, RelatedPlace, Remedy
from doctor.rulebook.scope import Knowledge, Scope, render
from doctor.rulebook.verdict import Repair, Verdict
from doctor.values.assumption import Assumption

_NO_CASE = Case(Conditions())
#: More conditions than this, none of which can be decided, hardly ever come together.
_MOST_CONDITIONS = 3
#: As many of the assumptions that a message rests on are told; nobody weighs more.
_MOST_TOLD = 3


class _Finding(Record):
    """A diagnostic of one fact, the group that it stands for, and what it rests on."""

    diagnostic: Diagnostic
    fact: Fact
    repair: Repair | None
    group: tuple[object, ...]
    assumptions: frozenset[Assumption]

    def told(self, group: Sequence[_Finding]) -> Verdict:
        """The diagnostic, with the assumptions that all findings that say the same share.

        What holds whether a variable is set or not doesn't rest on that. Nothing is repaired
        where one place would have to be repaired in several ways.
        """
        said = self.diagnostic.message
        alike = (other.assumptions for other in group if other.diagnostic.message == said)
        shared = self.assumptions.intersection(*alike)
        words = frozenset(assumption.words for assumption in shared)
        condition = _condition(words, self.diagnostic.location.within)
        facts = (self.fact, *(other.fact for other in group if other is not self))
        here = (each for each in group if each.diagnostic.location == self.diagnostic.location)
        repair = self.repair if all(each.repair == self.repair for each in here) else None
        return Verdict(replace(self.diagnostic, condition=condition), facts, repair)

    @property
    def rank(self) -> tuple[int, int, Location, str]:
        found = self.diagnostic
        return len(self.assumptions), -found.severity.rank, found.location, found.message


def check(facts: Iterable[Fact], rulebook: Rulebook, knowledge: Knowledge) -> list[Diagnostic]:
    """What the rules find in the facts, in the order of files and places."""
    return [verdict.diagnostic for verdict in judge(facts, rulebook, knowledge)]


def judge(
    facts: Iterable[Fact],
    rulebook: Rulebook,
    knowledge: Knowledge,
    failures: list[Failure] | None = None,
) -> list[Verdict]:
    """What the rules find in the facts, and what they want done about it.

    Where ``failures`` is given, a rule that fails on a fact only adds to it.
    """
    groups: dict[tuple[object, ...], list[_Finding]] = {}
    for fact in facts:
        for rule in rulebook.by_fact.get(fact.kind, ()):
            with Sparing(failures, rule.code):
                finding = _apply(Scope(rule, fact, knowledge), rulebook.severities)
                if finding is not None:
                    groups.setdefault(finding.group, []).append(finding)
    verdicts = [min(group, key=lambda each: each.rank).told(group) for group in groups.values()]
    verdicts.sort(key=lambda verdict: verdict.diagnostic.severity.rank, reverse=True)
    return sorted(_once_a_place(verdicts), key=_order)


def _once_a_place(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
    """The first of a rule about one place, or about a part of it.

    A place has to change once, however many commands use what is written there, and whichever
    of the things it may be is meant: ``${TMPDIR:-/tmp}`` or the ``/tmp`` in it.
    """
    told: dict[tuple[str, str, str], list[Location]] = {}
    for verdict in verdicts:
        place = verdict.diagnostic.location
        others = told.setdefault((verdict.diagnostic.code, place.filename, place.within), [])
        # None of them is a part of another, so whichever begins later ends later, too: only the
        # neighbours may be a part of this one, or it of them.
        at = bisect(others, _span(place), key=_span)
        near = others[max(at - 1, 0) : at + 1]
        if not any(_within(place, other) or _within(other, place) for other in near):
            others.insert(at, place)
            yield verdict


def _span(place: Location) -> tuple[int, int]:
    return place.start.offset, place.end.offset


def _order(verdict: Verdict) -> tuple[str, int, str, str]:
    found = verdict.diagnostic
    return found.location.filename, found.location.start.offset, found.code, found.message


def _apply(scope: Scope, ranks: Mapping[str, Severity | None]) -> _Finding | None:
    """What the rule says of the fact; only what is surely true makes it speak."""
    rule = scope.rule
    if rule.when.hold(scope) is not True:
        return None
    case = next((case for case in rule.cases if case.when.hold(scope) is True), _NO_CASE)
    severity = ranks.get(rule.code, case.severity or rule.severity)
    if case.silent or severity is None:
        return None
    message = case.message or rule.message
    why = rule.why if case.why is None else case.why
    remedy = rule.help if case.help is None else case.help
    said = [text for text in (message, why, remedy) if text is not None]
    read = [*rule.when.support(scope), *case.when.support(scope)]
    read += (reference for text in said for reference in text.references)
    assumptions = frozenset(
        assumption
        for attribute in scope.attributes(read)
        for assumption in scope.evidence(attribute).assumes
    )
    if _is_far_fetched(assumptions):
        return None
    location = _location(scope)
    once_per = case.once_per or rule.once_per
    diagnostic = Diagnostic(
        code=rule.code,
        name=rule.name,
        severity=severity,
        fault=render(message, scope),
        location=location,
        related=tuple(_related(rule.related, scope, location)),
        lesson=rule.lesson,
        why=_known(why, scope),
        help=_known(remedy, scope),
        once_a_run=once_per == "run",
    )
    group = (rule.code, *_group(once_per, scope, location))
    repair = _repair(case.fix or rule.fix, scope)
    return _Finding(diagnostic, scope.fact, repair, group, assumptions)


def _known(text: Message | None, scope: Scope) -> str:
    """A text, unless it speaks of what isn't there, or of what nobody knows."""
    values = [scope.resolve(reference) for reference in text.references] if text else []
    missing = any(value is None or value is UNKNOWN for value in values)
    return "" if text is None or missing else render(text, scope)


def _is_far_fetched(assumptions: frozenset[Assumption]) -> bool:
    """Whether nobody can say if all of this comes together.

    So it is with many conditions that can't be decided, and with one that asks for the very
    variable which is taken to be left at its default: the answer may well hang on that.
    """
    conditions = {each.words: str(each.subject) for each in assumptions if each.undecided}
    defaults = {each.default_of for each in assumptions} - {None}
    asked = (
        re.search(rf"\$\{{?{re.escape(str(name))}\b", condition)
        for name in defaults
        for condition in conditions.values()
    )
    return len(conditions) > _MOST_CONDITIONS or any(asked)


def _repair(remedy: Remedy, scope: Scope) -> Repair | None:
    """The remedy with its operands known; None where there is none or one of them isn't."""
    if remedy.action is None:
        return None
    operands = {name: scope.resolve(operand) for name, operand in remedy.operands}
    if any(operand is UNKNOWN or operand is None for operand in operands.values()):
        return None
    safe = scope.resolve(remedy.safe) if isinstance(remedy.safe, Reference) else remedy.safe
    return Repair(remedy.action, operands, safe is True, render(remedy.message, scope))


def _location(scope: Scope) -> Location:
    """The place of the first of the rule's attributes that has one; else the fact's own."""
    for attribute in scope.rule.at:
        if locations := scope.evidence(attribute).locations:
            return locations[0]
    return scope.fact.location


def _group(once_per: str | None, scope: Scope, location: Location) -> tuple[object, ...]:
    """Facts with the same group give one diagnostic."""
    if once_per is None:
        return (location,)
    if once_per == "location":
        return (scope.fact.location,)
    if once_per in ("file", "run"):  # the files of a run are judged one by one
        return (location.filename,)
    return location.filename, once_per, scope.resolve(Reference(once_per))


def _related(place: RelatedPlace | None, scope: Scope, location: Location) -> Iterator[Related]:
    if place is None:
        return
    own = place.at == "location"
    for each in (scope.fact.location,) if own else scope.evidence(place.at).locations:
        if not _within(location, each):
            yield Related(render(place.message, scope), each)


def _within(inner: Location, outer: Location) -> bool:
    return (
        inner.filename == outer.filename
        and outer.start.offset <= inner.start.offset
        and inner.end.offset <= outer.end.offset
    )


def _condition(assumptions: frozenset[str], within: str) -> str:
    """What a message rests on, and the file that it is about if the place is another."""
    conditions = [f"in {within}"] if within else []
    if assumptions:
        told = sorted(assumptions)
        more = len(told) - _MOST_TOLD
        told[_MOST_TOLD:] = [f"{more} more hold"] if more > 0 else []
        conditions.append(f"if {' and '.join(told)}")
    return "; ".join(conditions)
