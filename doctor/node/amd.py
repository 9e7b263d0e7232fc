"""AMD's GPUs, through AMD's own binding ``amdsmi`` where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from doctor.base.record import Record
from doctor.base.unknown import UNKNOWN, UnknownType
from doctor.facts.node.gpus import Gpu
from doctor.node import hardware
from doctor.node.gpu_memory import People, Sizes, accounted
from doctor.node.nvml import Device
from doctor.node.probe import Situation, UnseenError
from doctor.node.processes import Processes
from doctor.node.visible import CUDA, Visible, named

#: The binding, or what stands in for it: a module with functions that begin with ``amdsmi_``.
AmdSmi = Any

#: What names the devices that a program sees; HIP numbers those that ROCR leaves.
_VARIABLES = ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")
_MIB, _GIB = 1 << 10, 1 << 30
_NOT_ASKED = "vllm-doctor asks AMD's library for memory and memory errors alone"


class Shown(Record):
    """The GPUs that a server would see, and how many the node shows us."""

    gpus: Sequence[Gpu]
    present: int
    visible: Visible


def look(situation: Situation) -> Shown:
    """The allocation's own GPUs; raises UnseenError where nobody can tell of them."""
    smi = _library()
    try:
        handles = smi.amdsmi_get_processor_handles()
    except smi.AmdSmiException as error:
        raise UnseenError(
            f"{hardware.shown(hardware.AMD)} here, but amdsmi says: {error}"
        ) from None
    gpus = [Device(index, _uuid(smi, each), each) for index, each in enumerate(handles)]
    seen = _visible(situation, gpus)
    processes = Processes(situation)
    facts = [_gpu(smi, each, processes, situation.memory_share) for each in seen.devices]
    return Shown(facts, len(gpus), seen)


def _library() -> AmdSmi:
    there = hardware.shown(hardware.AMD)
    try:
        import amdsmi
    except Exception:  # it raises all kinds of errors where AMD's library isn't there
        raise UnseenError(
            f"{there} here, which can't be judged without Python's package amdsmi; ROCm has it in "
            "/opt/rocm/share/amd_smi"
        ) from None
    try:
        amdsmi.amdsmi_init()
    except amdsmi.AmdSmiException as error:
        raise UnseenError(f"{there} here, but amdsmi says: {error}") from None
    return amdsmi


def _visible(situation: Situation, gpus: Sequence[Device]) -> Visible:
    environment = situation.environment
    seen = Visible(tuple(gpus))
    hip = _VARIABLES[1] if _VARIABLES[1] in environment else CUDA  # which HIP reads as well
    for variable in (_VARIABLES[0], hip):
        if not seen.missing:
            seen = named(environment, variable, seen.devices)
    return seen


def _uuid(smi: AmdSmi, handle: Any) -> str | None:
    try:
        return str(smi.amdsmi_get_gpu_device_uuid(handle))
    except smi.AmdSmiException:
        return None


@dataclass
class _Questions:
    """Questions to one GPU; ``reasons`` tells why what it doesn't answer is unknown."""

    smi: AmdSmi
    handle: Any
    reasons: dict[str, str] = field(default_factory=dict)

    def ask(self, about: str, function: str) -> Any:
        try:
            return getattr(self.smi, function)(self.handle)
        except (self.smi.AmdSmiException, AttributeError) as error:
            self.reasons.update(dict.fromkeys(about.split(), f"{error} ({function})"))
            return UNKNOWN


def _gpu(smi: AmdSmi, device: Device, processes: Processes, share: float) -> Gpu:
    questions = _Questions(smi, device.handle)
    asic = questions.ask("model", "amdsmi_get_gpu_asic_info")
    counts = questions.ask("ecc_errors", "amdsmi_get_gpu_total_ecc_count")
    errors = UNKNOWN if counts is UNKNOWN else counts["uncorrectable_count"]
    ailments = f"{errors} memory errors that could not be corrected" if errors else None
    unasked = ("compute", "throttled_by", "pcie_lanes_lost", "pcie_generations_lost")
    return Gpu(
        gpu=device.label,
        uuid=device.uuid or UNKNOWN,
        model=UNKNOWN if asic is UNKNOWN else asic["market_name"],
        mig=False,
        lost=False,
        share=share,
        **accounted(_sizes(questions), _people(questions, processes), share),
        ecc_errors=errors,
        row_remapping=None,
        recovery=None,
        ailments=None if errors is UNKNOWN else ailments,
        nvlinks=None,
        nvlinks_down=None,
        reasons={**dict.fromkeys(unasked, _NOT_ASKED), **questions.reasons},
    )


def _sizes(questions: _Questions) -> Sizes | UnknownType:
    about = "total free held held_by holders needed lacking"
    told = questions.ask(about, "amdsmi_get_gpu_vram_usage")
    if isinstance(told, UnknownType):
        return told
    total, used = told["vram_total"] / _MIB, told["vram_used"] / _MIB
    return total, total - used, used


def _people(questions: _Questions, processes: Processes) -> People | UnknownType:
    told = questions.ask("held_by holders", "amdsmi_get_gpu_process_list")
    if isinstance(told, UnknownType):
        return told
    return [
        (processes.person(each["pid"]), each["pid"], each["memory_usage"]["vram_mem"] / _GIB)
        for each in told
    ]
