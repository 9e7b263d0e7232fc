"""All probes, in the order of their checks."""

from __future__ import annotations

from doctor.node import gpus, leftovers, shared_memory, stuck
from doctor.node.probe import Probe

PROBES: tuple[Probe, ...] = (
    gpus.PROBE,
    leftovers.PROBE,
    stuck.PROBE,
    shared_memory.PROBE,
)
