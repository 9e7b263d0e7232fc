"""A node examined: probes look, rules judge, and a verdict comes out."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from doctor.diagnostic import Severity
from doctor.errors import DoctorError
from doctor.facts.node import Gpu
from doctor.node import place
from doctor.node.children import Child, NoAnswerError, at_work, wait
from doctor.node.probe import Gap, Probe, Sighting, Situation, observe, sighting
from doctor.selection import matches_any

if TYPE_CHECKING:
    from doctor.catalogue import Entry
    from doctor.config import Config
    from doctor.knowledge import Knowledge
    from doctor.node.checks import Check
    from doctor.rulebook import Rule, Rulebook

#: Without these nobody can say that a server will start.
LAUNCH_CRITICAL = ("VN101", "VN102", "VN103", "VN107")

#: How much longer than the probes the reading of rules may take, in seconds.
_GRACE = 0.5


@dataclass(frozen=True)
class Examination:
    """What was found on this node."""

    node: str
    gpus: tuple[Gpu, ...]
    checks: tuple[Check, ...]
    seconds: float

    def verdict(self, least: Severity | None) -> str:
        """`fit`, `not fit` if a check of this severity or worse failed, or else `unknown`."""
        failed = (check.severity.rank for check in self.checks if check.failed)
        if least is not None and any(rank >= least.rank for rank in failed):
            return "not fit"
        unknown = (check.code for check in self.checks if check.unknown)
        return "unknown" if any(code in LAUNCH_CRITICAL for code in unknown) else "fit"


def examine(
    probes: Sequence[Probe], config: Config, situation: Situation, timeout: float
) -> Examination:
    """Let the probes look, for as long as ``timeout`` allows, and judge what they tell."""
    started = time.monotonic()
    works = [partial(observe, probe, situation) for probe in probes]
    with at_work(works) as children:
        from doctor.node.checks import checks  # while they look

        # Rules and knowledge may lie on a file system that hangs, too.
        with at_work([partial(_known, config)]) as (known,):
            wait([*children, known], started + timeout)
            wait([known], started + timeout + _GRACE)
            rulebook, knowledge = _told(known)
        seen = [_sighting(*pair, started) for pair in zip(probes, children, strict=True)]
    sightings = [_placed(sighting, knowledge, situation) for sighting in seen]
    found = checks(rules(rulebook, config), sightings, knowledge, _ranks(rulebook, config))
    gpus = [fact for sighting in sightings for fact in sighting.facts if isinstance(fact, Gpu)]
    return Examination(
        place.name(situation.environment), tuple(gpus), tuple(found), time.monotonic() - started
    )


def _sighting(probe: Probe, child: Child, started: float) -> Sighting:
    try:
        told, seconds = child.answer()
    except NoAnswerError as problem:
        reason = f"the probe of {probe.name}: {problem}"
        told, seconds = [Gap(kind, reason) for kind in probe.kinds], time.monotonic() - started
    return sighting(probe, told, seconds)


def _known(config: Config) -> tuple[Rulebook, Knowledge] | DoctorError:
    """The rules and the knowledge in force, or what is wrong with them."""
    from doctor.scan import Examiner

    try:
        return _rulebook(config), Examiner(config).knowledge
    except DoctorError as error:
        return error


def _told(child: Child) -> tuple[Rulebook, Knowledge]:
    try:
        told: tuple[Rulebook, Knowledge] | DoctorError = child.answer()
    except NoAnswerError as reason:
        raise DoctorError(f"the rules and the knowledge can't be read: {reason}") from None
    if isinstance(told, DoctorError):
        raise told
    return told


def situation(memory_share: float) -> Situation:
    """The situation that this process is in."""
    return Situation(dict(os.environ), os.getuid(), memory_share)


def _rulebook(config: Config) -> Rulebook:
    from doctor.rulebook import load

    rulebook = load(config.rules, about="node")
    if config.names_rules:
        config.refuse_unknown(rulebook.names)
    return rulebook


def catalogue(config: Config) -> list[Entry]:
    """The checks there are, and the severity that each has here."""
    from doctor.catalogue import catalogue
    from doctor.rulebook.vocabulary import about

    return [entry for entry in catalogue(config) if about(entry.rule.fact) == "node"]


def rules(rulebook: Rulebook, config: Config) -> list[Rule]:
    """The rules about nodes that the configuration wants."""
    from doctor.rulebook.vocabulary import about

    return [
        rule
        for rule in rulebook.rules
        if about(rule.fact) == "node"
        and (not config.select or matches_any(config.select, rule.code, rule.name))
        and not matches_any(config.ignore, rule.code, rule.name)
        and config.severity_of(rule.code, rule.name) != "off"
    ]


def _ranks(rulebook: Rulebook, config: Config) -> dict[str, Severity | None]:
    """The severities that the site gives to rules."""
    ranks = dict(rulebook.severities)
    for code, name in rulebook.names.items():
        severity = config.severity_of(code, name)
        if severity not in (None, "off"):
            ranks[code] = Severity(severity)
    return ranks


def _placed(sighting: Sighting, knowledge: Knowledge, situation: Situation) -> Sighting:
    """The facts with what remedies need to know of this place."""
    node = place.name(situation.environment)
    slurm = place.has_slurm(situation.environment)
    exclude = place.excluding(node, knowledge.bad_nodes) if slurm else None
    allocate = place.allocation(situation.environment, exclude) if exclude else None
    facts = (
        replace(fact, node=node, exclude=exclude, allocate=allocate) for fact in sighting.facts
    )
    return replace(sighting, facts=tuple(facts))
