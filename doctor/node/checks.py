"""Checks: what each rule says of all that was seen of its kind of fact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from doctor.diagnostic import Severity
from doctor.facts.node import NodeFact
from doctor.node.probe import Gap, Sighting
from doctor.rulebook import Answer, Knowledge, Rule, answer
from doctor.unknown import UNKNOWN


class Status(str, Enum):
    """How a check ended."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """One rule's answer about this node.

    ``severity`` is the rule's own unless the check fails, then what it is here. ``message`` says
    what is wrong, or why nobody knows, or why the check doesn't apply.
    """

    code: str
    name: str
    severity: Severity
    status: Status
    message: str = ""
    evidence: tuple[str, ...] = ()
    remedy: str = ""
    lesson: str | None = None
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return self.status in (Status.INFO, Status.WARNING, Status.ERROR)


def checks(
    rules: Sequence[Rule],
    sightings: Iterable[Sighting],
    knowledge: Knowledge,
    ranks: Mapping[str, Severity | None],
) -> Iterator[Check]:
    """One check for each rule whose kind of fact a probe looks for."""
    by_kind = {kind.kind: seen for seen in sightings for kind in seen.probe.kinds}
    for rule in rules:
        if rule.fact in by_kind:
            yield _check(rule, by_kind[rule.fact], knowledge, ranks)


def _check(
    rule: Rule, seen: Sighting, knowledge: Knowledge, ranks: Mapping[str, Severity | None]
) -> Check:
    facts = [fact for fact in seen.facts if fact.kind == rule.fact]
    gaps = [gap for gap in seen.gaps if gap.kind.kind == rule.fact]
    answers = [answer(rule, fact, knowledge, ranks) for fact in facts]
    severity = ranks.get(rule.code) or rule.severity
    status, message = _passing(answers, gaps)
    evidence: tuple[str, ...] = ()
    remedy = ""
    if failing := [each for each in answers if each.holds is True]:
        severity = max((each.severity or severity for each in failing), key=lambda s: s.rank)
        status = Status(severity.value)
        failing.sort(key=lambda each: each.severity is not severity)  # the worst come first
        message = " ".join(_distinct(each.message for each in failing))
        evidence = tuple(_distinct(each.evidence for each in failing))
        remedy = "\n".join(_distinct("\n".join(e.remedy for e in failing).split("\n")))
    return Check(
        rule.code, rule.name, severity, status, message, evidence, remedy, rule.lesson, seen.seconds
    )


def _passing(answers: Sequence[Answer], gaps: Sequence[Gap]) -> tuple[Status, str]:
    """The status of a check that nothing fails, and why it is that."""
    reasons = [reason for each in answers if each.holds is UNKNOWN for reason in _reasons(each)]
    reasons += [gap.reason for gap in gaps if gap.applies]
    if reasons:
        return Status.UNKNOWN, "; ".join(_distinct(reasons))
    if gaps and not answers:
        return Status.SKIPPED, "; ".join(_distinct(gap.reason for gap in gaps))
    return Status.OK, ""


def _reasons(found: Answer) -> Iterator[str]:
    fact = found.fact
    assert isinstance(fact, NodeFact)
    for name in found.unknown:
        yield fact.reasons.get(name.replace("-", "_"), f"{name} could not be seen")


def _distinct(texts: Iterable[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text]
