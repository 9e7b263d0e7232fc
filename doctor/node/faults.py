"""What speaks against a node itself, whoever is on it.

A full home folder, a missing vLLM or a wrong variable is one's own affair; one's own leftovers are,
too. On a node that Slurm did not give us the GPUs are rightly somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from doctor.base.record import Record
from doctor.base.unknown import UNKNOWN
from doctor.facts.node.gpus import Gpu, GpuGrant
from doctor.node.checks import Check, Status
from doctor.node.examination import Examination

_OTHERS = ("another-user", "unseen")


class Fault(Record):
    """A fault of the node: the check that found it, the GPU concerned if it is one, and what."""

    code: str
    gpu: str | None
    sentence: str


def faults(found: Examination) -> list[Fault]:
    """The faults of this node, if Slurm gave it to us."""
    return list(_faults(found)) if is_ours(found) else []


def is_ours(found: Examination) -> bool:
    """Whether nothing says that Slurm did not give us this node."""
    return not any(check.tells == "elsewhere" and check.failed for check in found.checks)


def is_well(found: Examination) -> bool:
    """Whether what would speak against the node was seen, and is well."""
    well = {check.tells for check in found.checks if check.status is Status.OK}
    return {"held", "ill"} <= well


def _faults(found: Examination) -> Iterator[Fault]:
    for check in found.checks:
        if check.status is not Status.ERROR:
            continue
        match check.tells:
            case "held":
                yield from _of_gpus(check, [gpu for gpu in found.gpus if _others_hold(gpu)])
            case "ill":
                yield from _of_gpus(check, found.gpus)
            case "missing" if found.grant is not None and _lacks_gpus(found.grant):
                yield from (Fault(check.code, None, line) for line in check.evidence)


def _of_gpus(check: Check, gpus: Iterable[Gpu]) -> Iterator[Fault]:
    """What a check says of each of the GPUs; a line of evidence begins with the GPU's name."""
    named = {f"{gpu.gpu}: ": gpu.gpu for gpu in gpus}
    for line in check.evidence:
        for beginning, gpu in named.items():
            if line.startswith(beginning):
                yield Fault(check.code, gpu, line.removeprefix(beginning))


def _others_hold(gpu: Gpu) -> bool:
    """Whether others hold so much of it that a server doesn't start."""
    lacking = gpu.lacking
    return gpu.held_by in _OTHERS and lacking is not UNKNOWN and lacking > 0


def _lacks_gpus(grant: GpuGrant) -> bool:
    """Whether fewer GPUs are there than Slurm gave out."""
    granted, present = grant.granted, grant.present
    return isinstance(granted, int) and isinstance(present, int) and present < granted
