"""Checks: what each rule says of all that was seen of its kind of fact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum

from doctor.base.record import Record
from doctor.diagnostic import Severity
from doctor.facts.node.base import NodeFact
from doctor.node.bounds import MOST, first
from doctor.node.probe import Gap, Sighting
from doctor.rulebook import Answer, Knowledge, Rule, answer
from doctor.rulebook.rule import Tells


class Status(str, Enum):
    """How a check ended."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class Check(Record):
    """One rule's answer about this node.

    ``looks_at`` says what the check looks at, in words that fit however it ends; for
    ``launch_critical`` and ``tells`` see ``Rule``. ``severity`` is
    the rule's own unless the check fails, then what it is here. ``message`` says what is wrong, or
    why nobody knows, or why the check doesn't apply. ``unknown`` is what nobody can tell, be the
    check failed or not. All of it is bounded, however much was found.
    """

    code: str
    name: str
    looks_at: str
    severity: Severity
    status: Status
    message: str = ""
    evidence: tuple[str, ...] = ()
    remedy: str = ""
    lesson: str | None = None
    seconds: float = 0.0
    unknown: tuple[str, ...] = ()
    launch_critical: bool = False
    tells: Tells | None = None

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
    unknown = tuple(first(list(_unknown(facts, answers, gaps))))
    status, message = _passing(unknown, facts, gaps)
    evidence: tuple[str, ...] = ()
    remedy = ""
    if failing := [each for each in answers if each.holds is True]:
        severity = max((each.severity or severity for each in failing), key=lambda s: s.rank)
        status = Status(severity.value)
        failing.sort(key=lambda each: each.severity is not severity)  # the worst come first
        evidence = (*first(_distinct(each.evidence for each in failing)), *unknown)
        failing = failing[:MOST]
        message = " ".join(_distinct(each.message for each in failing))
        remedy = "\n".join(_distinct("\n".join(e.remedy for e in failing).split("\n")))
    return Check(
        rule.code,
        rule.name,
        rule.looks_at or rule.name,
        severity,
        status,
        message,
        evidence,
        remedy,
        rule.lesson,
        seen.seconds,
        unknown,
        rule.launch_critical,
        rule.tells,
    )


def _passing(
    unknown: Sequence[str], facts: Sequence[NodeFact], gaps: Sequence[Gap]
) -> tuple[Status, str]:
    """The status of a check that nothing fails, and why it is that."""
    if unknown:
        return Status.UNKNOWN, "; ".join(unknown)
    if gaps and not facts:
        return Status.SKIPPED, "; ".join(_distinct(gap.reason for gap in gaps))
    return Status.OK, ""


def _unknown(
    facts: Sequence[NodeFact], answers: Sequence[Answer], gaps: Iterable[Gap]
) -> Iterator[str]:
    """Why nobody can say, and of what: `GPU 0, GPU 1: an ordinary user may not ask for it`."""
    titles: dict[str, list[str]] = {}
    for fact, each in zip(facts, answers, strict=True):
        for name in each.unknown:
            reason = fact.reasons.get(name.replace("-", "_"), f"{name} can't be seen")
            titles.setdefault(reason, []).append(fact.title)
    for reason, named in titles.items():
        about = ", ".join(first(_distinct(named)))
        yield f"{about}: {reason}" if about else reason
    yield from _distinct(gap.reason for gap in gaps if gap.applies)


def _distinct(texts: Iterable[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text]
