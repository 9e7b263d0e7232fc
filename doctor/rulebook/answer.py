"""One rule's answer about one fact, with what a rule about a script never tells: that nobody knows.

A scan wants only what is surely wrong. Who asks whether a node is fit must also hear what is
fine, and what could not be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from doctor.base.record import Record
from doctor.base.unknown import UNKNOWN
from doctor.diagnostic import Severity
from doctor.facts.base import Fact
from doctor.rulebook.predicates import Reference, Truth
from doctor.rulebook.rule import Case, Conditions, Message, Rule
from doctor.rulebook.scope import Knowledge, Scope, render

_NO_CASE = Case(Conditions())


class Answer(Record):
    """Whether the rule's conditions hold of a fact, and what there is to say if they do.

    ``unknown`` are the attributes that would have to be known, if nobody can say.
    """

    holds: Truth
    severity: Severity | None = None
    message: str = ""
    evidence: str = ""
    remedy: str = ""
    unknown: tuple[str, ...] = ()


def answer(
    rule: Rule, fact: Fact, knowledge: Knowledge, ranks: Mapping[str, Severity | None]
) -> Answer:
    """What the rule says of the fact; ``ranks`` are the severities that a site gives to rules."""
    scope = Scope(rule, fact, knowledge)
    holds = rule.when.hold(scope)
    if holds is UNKNOWN:
        return Answer(holds, unknown=tuple(dict.fromkeys(_unknown(rule.when, scope))))
    case = next((case for case in rule.cases if case.when.hold(scope) is True), _NO_CASE)
    severity = ranks.get(rule.code, case.severity or rule.severity)
    if holds is False or case.silent or severity is None:
        return Answer(False)
    return Answer(
        True,
        severity,
        render(case.message or rule.message, scope),
        _evidence(rule.evidence, scope) if rule.evidence else "",
        _known_lines(case.remedy or rule.remedy, scope),
    )


def _unknown(conditions: Conditions, scope: Scope) -> Iterator[str]:
    """The attributes whose value these conditions lack."""
    for clause in conditions.clauses:
        if clause.holds(scope) is UNKNOWN:
            yield from scope.attributes((clause.subject,))
    for each in conditions.alternatives:
        if each.hold(scope) is UNKNOWN:
            yield from _unknown(each, scope)


def _evidence(evidence: Message, scope: Scope) -> str:
    """The evidence, if what it speaks of is there; the message tells of what isn't."""
    values = (scope.resolve(reference) for reference in evidence.references)
    return "" if any(value is None for value in values) else render(evidence, scope)


def _known_lines(remedy: Message | None, scope: Scope) -> str:
    """The remedy without the lines that speak of a value which is unknown or absent."""
    lines = [_line(line, scope) for line in _lines(remedy)] if remedy else []
    return "\n".join(line for line in lines if line is not None)


def _lines(remedy: Message) -> Iterator[Message]:
    line: list[str | Reference] = []
    for piece in remedy.pieces:
        first, *others = [piece] if isinstance(piece, Reference) else piece.split("\n")
        line.append(first)
        for other in others:
            yield Message(tuple(line))
            line = [other]
    yield Message(tuple(line))


def _line(line: Message, scope: Scope) -> str | None:
    values = [scope.resolve(reference) for reference in line.references]
    if any(value is UNKNOWN or value is None for value in values):
        return None
    return render(line, scope)
