"""All probes, those first that take the longest."""

from __future__ import annotations

from doctor.node import (
    gpus,
    job,
    leftovers,
    limits,
    machine,
    ports,
    quota,
    server_folders,
    shared_memory,
    space,
    stuck,
    surroundings,
    tmp_folders,
)
from doctor.node.probe import Probe

PROBES: tuple[Probe, ...] = (
    surroundings.PROBE,
    gpus.PROBE,
    leftovers.PROBE,
    stuck.PROBE,
    shared_memory.PROBE,
    *tmp_folders.PROBES,
    server_folders.PROBE,
    space.PROBE,
    quota.PROBE,
    *job.PROBES,
    ports.PROBE,
    limits.PROBE,
    *machine.PROBES,
)
