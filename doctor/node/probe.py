"""A probe: a small function that looks at one thing on this node and tells facts about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from doctor.base.record import Record
from doctor.facts.node.base import NodeFact


class NotHereError(Exception):
    """What a probe looks at is not on this node, so that its checks don't apply; says why."""


class UnseenError(Exception):
    """A probe can't see what it looks at; says why. Any other exception is a fault of ours."""


class Gap(Record):
    """A kind of fact that a probe has none of, and why: it doesn't apply, or can't be seen."""

    kind: type[NodeFact]
    reason: str
    applies: bool = True


class Situation(Record):
    """What probes go by, other than the node itself.

    ``memory_share`` is the share of a GPU's memory that vLLM is to take; ``expects_gpus`` is true
    where a node that shows none is of no use.
    """

    environment: Mapping[str, str]
    user: int
    memory_share: float
    expects_gpus: bool = False


Look: TypeAlias = Callable[[Situation], Iterable["NodeFact | Gap"]]


class Probe(Record):
    """A probe, and the kinds of facts that it tells."""

    name: str
    kinds: tuple[type[NodeFact], ...]
    look: Look


class Sighting(Record):
    """What a probe reported, and how long it took."""

    probe: Probe
    facts: tuple[NodeFact, ...] = ()
    gaps: tuple[Gap, ...] = ()
    seconds: float = 0.0


def observe(probe: Probe, situation: Situation) -> tuple[list[NodeFact | Gap], float]:
    """What the probe tells, and in how many seconds; only a fault of ours makes it raise."""
    started = time.monotonic()
    try:
        told = list(probe.look(situation))
    except NotHereError as reason:
        told = [Gap(kind, str(reason), applies=False) for kind in probe.kinds]
    except UnseenError as reason:
        told = [Gap(kind, str(reason)) for kind in probe.kinds]
    return told, time.monotonic() - started


def sighting(probe: Probe, told: Iterable[NodeFact | Gap], seconds: float) -> Sighting:
    """What a probe reported, sorted."""
    told = tuple(told)
    facts = tuple(each for each in told if isinstance(each, NodeFact))
    return Sighting(probe, facts, tuple(e for e in told if isinstance(e, Gap)), seconds)
