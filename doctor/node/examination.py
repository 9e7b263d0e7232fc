"""A node examined: probes look, rules judge, and a verdict comes out.

Whatever lies in a file is read in disposable children, so that a file system that hangs costs an
answer and not the run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.config.selection import matches_any
from doctor.diagnostic import Severity
from doctor.facts.node.gpus import Gpu, GpuGrant
from doctor.node import cache, place
from doctor.node.children import Child, NoAnswerError, at_work, wait
from doctor.node.patience import answers
from doctor.node.probe import Gap, Probe, Sighting, Situation, observe, sighting

if TYPE_CHECKING:
    from doctor.config import Config
    from doctor.lessons.catalogue import Entry
    from doctor.node.checks import Check
    from doctor.rulebook import Knowledge, Rule, Rulebook

#: How much longer than the probes all else may take that reads or writes files, in seconds.
GRACE = 0.5


class Examination(Record):
    """What was found on this node; ``grant`` is what Slurm says of its GPUs, if it does."""

    node: str
    gpus: tuple[Gpu, ...]
    checks: tuple[Check, ...]
    seconds: float
    grant: GpuGrant | None = None

    def verdict(self, least: Severity | None) -> str:
        """`fit`, `not fit` if a check of this severity or worse failed, or else `unknown`."""
        blamed = self.blamed(least)
        if any(_fails(check, least) for check in blamed):
            return "not fit"
        return "unknown" if blamed else "fit"

    def blamed(self, least: Severity | None) -> list[Check]:
        """The checks for which the node isn't fit: those that failed, or that must be known."""
        return [
            check
            for check in self.checks
            if _fails(check, least) or (check.unknown and check.launch_critical)
        ]


def _fails(check: Check, least: Severity | None) -> bool:
    return check.failed and least is not None and check.severity.rank >= least.rank


class Known(Record):
    """The rules that are wanted, what the site makes of their severities, and the knowledge.

    ``exclude`` is what keeps a job off this node; None where Slurm doesn't know it.
    """

    rules: tuple[Rule, ...]
    ranks: Mapping[str, Severity | None]
    knowledge: Knowledge
    exclude: str | None


def examine(
    probes: Sequence[Probe], config: Config, situation: Situation, deadline: float
) -> Examination:
    """Let the probes look until the deadline (``time.monotonic``), and judge what they tell."""
    started = time.monotonic()
    works = [partial(observe, probe, situation) for probe in probes]
    with at_work(works) as children:
        from doctor.node.checks import checks  # while they look; the reader has it from us

        with at_work([partial(_known, config, situation)]) as (reader,):
            wait([reader, *children], deadline)
            wait([reader], deadline + GRACE)
            known = _told(reader)
        seen = [_sighting(*pair, started) for pair in zip(probes, children, strict=True)]
    sightings = [_placed(sighting, known.exclude, situation) for sighting in seen]
    found = checks(known.rules, sightings, known.knowledge, known.ranks)
    facts = [fact for sighting in sightings for fact in sighting.facts]
    return Examination(
        place.name(situation.environment),
        tuple(fact for fact in facts if isinstance(fact, Gpu)),
        tuple(found),
        time.monotonic() - started,
        next((fact for fact in facts if isinstance(fact, GpuGrant)), None),
    )


def _sighting(probe: Probe, child: Child, started: float) -> Sighting:
    try:
        told, seconds = child.answer()
    except NoAnswerError as problem:
        reason = f"the probe of {probe.name}: {problem}"
        told, seconds = [Gap(kind, reason) for kind in probe.kinds], time.monotonic() - started
    return sighting(probe, told, seconds)


def _known(config: Config, situation: Situation) -> Known:
    """The rules and the knowledge in force."""
    from doctor.scan import Examiner

    cache.do_without_if_it_hangs()
    _refuse_hanging((*config.kb, *config.rules, *filter(None, (config.register,))))
    rulebook, knowledge = _rulebook(config), Examiner(config).knowledge
    exclude = place.excluding(situation.environment, knowledge.bad_nodes)
    return Known(tuple(_rules(rulebook, config)), _ranks(rulebook, config), knowledge, exclude)


def _refuse_hanging(paths: Sequence[Path]) -> None:
    """Say which of the site's own files or folders doesn't answer, if any."""
    seen = answers({path: path.exists for path in paths})
    for path in paths:
        if path not in seen:
            raise DoctorError("its file system hangs", str(path))


def _told(child: Child) -> Known:
    try:
        told: Known = child.answer()
    except NoAnswerError as reason:
        raise DoctorError(f"the rules and the knowledge can't be read: {reason}") from None
    return told


def situation(memory_share: float, needs_gpu: bool) -> Situation:
    """The situation that this process is in; in a job, GPUs are expected unless none is needed."""
    environment = dict(os.environ)
    expects_gpus = needs_gpu and "SLURM_JOB_ID" in environment
    return Situation(environment, os.getuid(), memory_share, expects_gpus)


def _rulebook(config: Config) -> Rulebook:
    from doctor.rulebook import load

    rulebook = load(config.rules, about="node")
    if config.names_rules:
        config.refuse_unknown(rulebook.names)
    return rulebook


def catalogue(config: Config) -> list[Entry]:
    """The checks there are, and the severity that each has here."""
    from doctor.lessons.catalogue import catalogue
    from doctor.rulebook.vocabulary import about

    return [entry for entry in catalogue(config) if about(entry.rule.fact) == "node"]


def _rules(rulebook: Rulebook, config: Config) -> list[Rule]:
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


def _placed(sighting: Sighting, exclude: str | None, situation: Situation) -> Sighting:
    """The facts with what remedies need to know of this place."""
    node = place.name(situation.environment)
    allocate = place.allocation(situation.environment, exclude) if exclude else None
    facts = (
        replace(fact, node=node, exclude=exclude, allocate=allocate) for fact in sighting.facts
    )
    return replace(sighting, facts=tuple(facts))
