"""A GPU's memory: how much is free, and who holds the rest."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from doctor.base.unknown import UNKNOWN, UnknownType
from doctor.node.bounds import MOST, first
from doctor.node.nvml import Device, Questions
from doctor.node.processes import Person, Processes

_GIB = 1 << 30
#: What a driver may hold beyond what it says that its processes do, in GiB.
_SLACK = 0.5
_COMPUTE = "nvmlDeviceGetComputeRunningProcesses_v3"
#: What drivers before 510 have in its place.
_COMPUTE_BEFORE = "nvmlDeviceGetComputeRunningProcesses_v2"
#: Total, free and held memory in GiB.
Sizes = tuple[float, float, float]
#: Who has a GPU open, as which process, and how many GiB that holds, where the driver says so.
People = list[tuple[Person, int, "float | None"]]
_OTHERS = ("nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetMPSComputeRunningProcesses_v3")


def memory(
    questions: Questions, device: Device, processes: Processes, share: float
) -> dict[str, Any]:
    """The attributes of ``Gpu`` about memory."""
    return accounted(_sizes(questions, device), _people(questions, device, processes), share)


def accounted(
    sizes: Sizes | UnknownType, people: People | UnknownType, share: float
) -> dict[str, Any]:
    """The attributes of ``Gpu`` about memory, from its sizes and from who has it open."""
    if isinstance(sizes, UnknownType):
        return {"held_by": UNKNOWN, "holders": UNKNOWN, "own_pids": _own(people)}
    total, free, held = sizes
    needed = share * total
    return {
        "total": _rounded(total),
        "free": _rounded(free),
        "held": _rounded(held),
        **_holders(people, held),
        "own_pids": _own(people),
        "needed": _rounded(needed),
        "lacking": _rounded(max(0.0, needed - free)),
    }


def _rounded(gib: float) -> float:
    return round(gib, 1)


def _sizes(questions: Questions, device: Device) -> Sizes | UnknownType:
    """Its memory without what the driver keeps for itself."""
    nvml = questions.nvml
    about = "total free held held_by holders needed lacking"
    told: Any = questions.ask(about, "nvmlDeviceGetMemoryInfo", device.handle, nvml.nvmlMemory_v2)
    reserved = getattr(told, "reserved", 0)
    if told is UNKNOWN:  # drivers before 510 know the first version only
        told = questions.ask(about, "nvmlDeviceGetMemoryInfo", device.handle)
        if isinstance(told, UnknownType):
            return told
        for name in about.split():
            questions.reasons.pop(name, None)
    return (told.total - reserved) / _GIB, told.free / _GIB, told.used / _GIB


def _people(questions: Questions, device: Device, processes: Processes) -> People | UnknownType:
    """Who has the device open, and how many GiB each holds, where the driver says so."""
    told = questions.ask("held_by holders", _COMPUTE, device.handle)
    if isinstance(told, UnknownType):
        told = Questions(questions.nvml).ask("", _COMPUTE_BEFORE, device.handle)
        if isinstance(told, UnknownType):
            return told
        for name in ("held_by", "holders"):
            questions.reasons.pop(name)
    for function in _OTHERS:  # which not every GPU and driver can tell of
        others = Questions(questions.nvml).ask("", function, device.handle)
        told = [*told, *(() if isinstance(others, UnknownType) else others)]
    found = {
        each.pid: None if each.usedGpuMemory is None else each.usedGpuMemory / _GIB for each in told
    }
    return [(processes.person(pid), pid, used) for pid, used in sorted(found.items())]


def _own(people: People | UnknownType) -> str | None:
    if isinstance(people, UnknownType):
        return None
    pids = [str(pid) for person, pid, _ in people if person.belongs == "own-leftover"]
    rest = f"   # and {len(pids) - MOST} more" if len(pids) > MOST else ""
    return " ".join(pids[:MOST]) + rest if pids else None


def _holders(people: People | UnknownType, held: float) -> dict[str, Any]:
    """Who holds the memory; what no process accounts for is held by nobody who can be seen."""
    if isinstance(people, UnknownType):
        return {"held_by": UNKNOWN, "holders": UNKNOWN}
    shares: dict[str, float] = defaultdict(float)
    holders: dict[str, float | None] = {}
    all_tell = True
    for person, _, used in people:
        all_tell = all_tell and used is not None
        shares[person.belongs] += used or 0.0
        holders[person.words] = used
    rest = held - sum(shares.values())
    if all_tell and rest > _SLACK:
        shares["unseen"] += rest
        holders["a process that can't be seen from here"] = rest
    most = max(shares, key=lambda belongs: shares[belongs], default="nobody")
    several = len(holders) > 1
    words = [
        f"{who}: {used:.1f} GiB" if several and used is not None else who
        for who, used in sorted(holders.items(), key=lambda each: -(each[1] or 0.0))
    ]
    return {"held_by": most, "holders": tuple(first(words))}
