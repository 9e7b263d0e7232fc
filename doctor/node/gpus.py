"""The probe of GPUs: the allocation's own, one by one and side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from doctor.base.numbers import whole_number
from doctor.base.unknown import UNKNOWN, UnknownType
from doctor.facts.node.base import NodeFact
from doctor.facts.node.gpus import Gpu, GpuGrant, GpuMix
from doctor.node import amd, hardware, no_gpus
from doctor.node import nvml as library
from doctor.node.amd import Shown
from doctor.node.gpu_health import health
from doctor.node.gpu_links import links
from doctor.node.gpu_memory import memory
from doctor.node.nvml import Device, Nvml, Questions
from doctor.node.probe import Gap, NotHereError, Probe, Situation
from doctor.node.processes import Processes
from doctor.node.visible import CUDA, Visible, visible

_GRANTED = "SLURM_GPUS_ON_NODE"


def look(situation: Situation) -> Iterator[NodeFact | Gap]:
    """The GPUs, through NVIDIA's own binding or AMD's."""
    try:
        nvml = library.library()
    except NotHereError:
        if hardware.shown(hardware.AMD):
            yield from _compared(amd.look(situation), situation)
        else:
            yield from _none(*no_gpus.without_nvidia(situation.environment), situation)
    else:
        yield from told(nvml, situation)


def _none(reason: str, are_others: bool, situation: Situation) -> Iterator[NodeFact | Gap]:
    """Where no library shows a GPU."""
    granted = _granted(situation)
    expected = are_others or situation.expects_gpus or granted is not None
    yield from (Gap(kind, reason, applies=expected) for kind in (Gpu, GpuMix))
    yield _no_grant(situation) if granted is None else _grant(situation, granted, 0, Visible(()))


def told(nvml: Nvml, situation: Situation) -> Iterator[NodeFact | Gap]:
    """What NVIDIA's binding tells of the GPUs."""
    gpus = library.devices(nvml)
    seen = visible(situation.environment, gpus, lru_cache(lambda gpu: library.migs(nvml, gpu)))
    processes = Processes(situation)
    facts = [_gpu(nvml, device, processes, situation.memory_share) for device in seen.devices]
    yield from _compared(Shown(facts, len(gpus), seen), situation)


def _compared(shown: Shown, situation: Situation) -> Iterator[NodeFact | Gap]:
    """The GPUs one by one, side by side, and against what Slurm granted."""
    facts, seen = shown.gpus, shown.visible
    yield from facts
    if not facts:
        reason = no_gpus.none_visible(situation.environment, CUDA)
        yield Gap(Gpu, reason, applies=situation.expects_gpus and not seen.missing)
    if len(facts) > 1:
        yield _mix(facts, seen, situation)
    else:
        yield Gap(GpuMix, "there is but one GPU" if facts else "there is no GPU", applies=False)
    granted = _granted(situation)
    if granted is None:
        yield _no_grant(situation)
    else:
        yield _grant(situation, granted, shown.present, seen)


def _no_grant(situation: Situation) -> Gap:
    job = "SLURM_JOB_ID" in situation.environment
    reason = "Slurm says of no GPU that it is this job's" if job else "not inside a Slurm job"
    return Gap(GpuGrant, reason, applies=False)


def _gpu(nvml: Nvml, device: Device, processes: Processes, share: float) -> Gpu:
    if device.handle is None or device.lost:
        reason = "the driver has lost this GPU" if device.lost else "the driver gives no access"
        names = [name for name in Gpu.__dataclass_fields__ if name != "lost"]
        return Gpu(
            gpu=device.label,
            uuid=device.uuid or UNKNOWN,
            share=share,
            lost=True if device.lost else UNKNOWN,
            ailments=reason,
            reasons=dict.fromkeys([*names, *([] if device.lost else ["lost"])], reason),
        )
    questions = Questions(nvml)
    ask, whole = questions.ask, device.whole.handle
    compute = ask("compute", "nvmlDeviceGetCudaComputeCapability", whole)
    mode = ask("mig", "nvmlDeviceGetMigMode", whole, optional=True)
    return Gpu(
        gpu=device.label,
        uuid=device.uuid or UNKNOWN,
        model=ask("model", "nvmlDeviceGetName", whole),
        compute=UNKNOWN if compute is UNKNOWN else float(f"{compute[0]}.{compute[1]}"),
        mig=UNKNOWN if mode is UNKNOWN else bool(mode and mode[0]),
        lost=False,
        share=share,
        **memory(questions, device, processes, share),
        **health(questions, whole),
        **links(questions, whole),
        reasons=questions.reasons,
    )


def _mix(gpus: Sequence[Gpu], seen: Visible, situation: Situation) -> GpuMix:
    models = {gpu.model for gpu in gpus if gpu.model is not UNKNOWN}
    sizes = {gpu.total for gpu in gpus if gpu.total is not UNKNOWN}
    differ = len(models) > 1 or len(sizes) > 1
    known = not any(value is UNKNOWN for gpu in gpus for value in (gpu.model, gpu.total))
    ordered = situation.environment.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
    return GpuMix(
        count=len(gpus),
        models=frozenset(m for m in models if not isinstance(m, UnknownType)),
        differ=differ if differ or known else UNKNOWN,
        order_known=ordered or not seen.by_number,
        reasons={"differ": "one of the GPUs doesn't tell what it is"},
    )


def _granted(situation: Situation) -> int | None:
    """How many GPUs Slurm granted on this node; None if it doesn't say."""
    return whole_number(situation.environment.get(_GRANTED, ""))


def _grant(situation: Situation, granted: int, present: int, seen: Visible) -> GpuGrant:
    count = len(seen.devices)
    per_task = situation.environment.get("SLURM_GPUS_PER_TASK", "").rpartition(":")[2]
    return GpuGrant(
        granted=granted,
        granted_by=_GRANTED,
        present=present,
        visible=count,
        differs=count != granted and str(count) != per_task,
        narrowed=CUDA in situation.environment and count < granted <= present,
        unset=CUDA not in situation.environment and count > granted,
        unfound=", ".join(seen.missing) or None,
    )


PROBE = Probe("gpus", (Gpu, GpuMix, GpuGrant), look)
