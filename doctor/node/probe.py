"""A probe: a small function that looks at one thing on this node and tells facts about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from doctor.facts.node import NodeFact


class NotHereError(Exception):
    """What a probe looks at is not on this node, so that its checks don't apply; says why."""


class UnseenError(Exception):
    """A probe can't see what it looks at; says why. Any other exception is a fault of ours."""


@dataclass(frozen=True)
class Gap:
    """A kind of fact of which a probe has none, and why: it doesn't apply, or can't be seen."""

    kind: type[NodeFact]
    reason: str
    applies: bool = True


@dataclass(frozen=True)
class Situation:
    """What probes go by, beside the node itself.

    ``memory_share`` is the share of a GPU's memory that vLLM is to take.
    """

    environment: Mapping[str, str]
    user: int
    memory_share: float


Look: TypeAlias = Callable[[Situation], Iterable["NodeFact | Gap"]]


@dataclass(frozen=True)
class Probe:
    """A probe, and the kinds of facts that it tells."""

    name: str
    kinds: tuple[type[NodeFact], ...]
    look: Look


@dataclass(frozen=True)
class Sighting:
    """What a probe told, and how long it took."""

    probe: Probe
    facts: tuple[NodeFact, ...] = ()
    gaps: tuple[Gap, ...] = ()
    seconds: float = 0.0

    @classmethod
    def of(cls, probe: Probe, situation: Situation) -> Sighting:
        """Let the probe look. Only a fault of ours makes it raise anything."""
        started = time.monotonic()
        try:
            told = list(probe.look(situation))
        except NotHereError as reason:
            told = [Gap(kind, str(reason), applies=False) for kind in probe.kinds]
        except UnseenError as reason:
            told = [Gap(kind, str(reason)) for kind in probe.kinds]
        return cls(
            probe,
            tuple(each for each in told if isinstance(each, NodeFact)),
            tuple(each for each in told if isinstance(each, Gap)),
            time.monotonic() - started,
        )

    @classmethod
    def missed(cls, probe: Probe, reason: str, seconds: float) -> Sighting:
        """What is known of what a probe looks at that did not come back."""
        return cls(probe, (), tuple(Gap(kind, reason) for kind in probe.kinds), seconds)
