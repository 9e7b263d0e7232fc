"""The probe of the limits that a session, a job or a container sets."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

from doctor.base.numbers import whole_number
from doctor.base.unknown import UNKNOWN, UnknownType
from doctor.facts.node.world import Limit
from doctor.node.probe import Probe, Situation
from doctor.node.server_folders import nodes_of_job

_GIB = 1 << 30
_RDMA = Path("/sys/class/infiniband")
_CGROUPS = Path("/sys/fs/cgroup")
#: The first version of control groups writes "no limit" as a number like this.
_NO_LIMIT = 1 << 60
_SHARED_MEMORY = "/dev/shm"


def _look(situation: Situation) -> Iterator[Limit]:
    several = nodes_of_job(situation.environment) > 1
    yield Limit(limit="open-files", value=_hard(resource.RLIMIT_NOFILE))
    locked = _hard(resource.RLIMIT_MEMLOCK)
    yield Limit(
        limit="locked-memory",
        value=None if locked is None else locked / _GIB,
        several_nodes=several,
        rdma=_RDMA.is_dir() and any(_RDMA.iterdir()),
    )
    yield Limit(
        limit="memory", value=_memory(), reasons={"value": "no control group tells its memory"}
    )
    yield Limit(
        limit="shared-memory",
        value=_shared_memory(),
        reasons={"value": f"{_SHARED_MEMORY} can't be looked at"},
    )


def _hard(which: int) -> float | None:
    """A hard limit, up to which a program may raise its own."""
    limit = resource.getrlimit(which)[1]
    return None if limit == resource.RLIM_INFINITY else float(limit)


def _shared_memory() -> float | UnknownType:
    try:
        space = os.statvfs(_SHARED_MEMORY)
    except OSError:
        return UNKNOWN
    return round(space.f_blocks * space.f_frsize / _GIB, 3)


def _memory() -> float | UnknownType | None:
    """The least limit of the control groups that we are in, in either of their versions."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return UNKNOWN
    limits: list[int] = []
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers == "":
            limits += _upwards(_CGROUPS, group, "memory.max")
        elif "memory" in controllers.split(","):
            limits += _upwards(_CGROUPS / "memory", group, "memory.limit_in_bytes")
    least = min(limits, default=_NO_LIMIT)
    return None if least >= _NO_LIMIT else round(least / _GIB, 2)


def _upwards(root: Path, group: str, file: str) -> Iterator[int]:
    """The limits of a group and of those that hold it."""
    folder = root / group.lstrip("/")
    while True:
        try:
            text = (folder / file).read_text().strip()
        except OSError:
            text = "max"
        if (limit := whole_number(text)) is not None:
            yield limit
        if folder == root or root not in folder.parents:
            return
        folder = folder.parent


PROBE = Probe("limits", (Limit,), _look)
