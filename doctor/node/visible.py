"""Which of a node's GPUs are this allocation's: what CUDA_VISIBLE_DEVICES or Slurm names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from doctor.base.numbers import whole_number
from doctor.base.record import Record
from doctor.node.nvml import Device

CUDA = "CUDA_VISIBLE_DEVICES"
#: Slurm's own lists, the narrowest first; their numbers are the node's.
_SLURM = ("SLURM_STEP_GPUS", "SLURM_JOB_GPUS")


class Visible(Record):
    """The allocation's own devices, and what was named that is not there."""

    devices: tuple[Device, ...]
    missing: tuple[str, ...] = ()
    by_number: bool = False


def named(environment: Mapping[str, str], variable: str, gpus: Sequence[Device]) -> Visible:
    """Those of the devices that a variable names; all if it isn't set."""
    if variable not in environment:
        return Visible(tuple(gpus))
    return _named(environment[variable].split(","), gpus, lambda _: ())


def visible(
    environment: Mapping[str, str],
    gpus: Sequence[Device],
    migs: Callable[[Device], Sequence[Device]],
) -> Visible:
    """The devices that a server started here would see."""
    if CUDA in environment:
        return _named(environment[CUDA].split(","), gpus, migs)
    for variable in _SLURM:
        words = environment.get(variable, "").split(",")
        if words != [""] and len(words) < len(gpus):
            return _named(words, gpus, migs)
    return Visible(tuple(_usable(gpu, migs) for gpu in gpus))


def _named(
    words: Sequence[str], gpus: Sequence[Device], migs: Callable[[Device], Sequence[Device]]
) -> Visible:
    """What the words name; as in CUDA the first that names nothing hides those that follow."""
    found: list[Device] = []
    words = [word.strip() for word in words]
    for position, word in enumerate(words):
        device = _find(word, gpus, migs)
        if device is None:
            hidden = word in ("", "-1", "NoDevFiles", "none", "void")
            missing = () if hidden else tuple(words[position:])
            return Visible(tuple(found), missing, _numbers(words))
        if device not in found:
            found.append(device)
    return Visible(tuple(found), (), _numbers(words))


def _numbers(words: Sequence[str]) -> bool:
    return any(whole_number(word) is not None for word in words)


def _find(
    word: str, gpus: Sequence[Device], migs: Callable[[Device], Sequence[Device]]
) -> Device | None:
    if (place := whole_number(word)) is not None:
        return _usable(gpus[place], migs) if place < len(gpus) else None
    if word.startswith("MIG-"):
        candidates = [mig for gpu in gpus for mig in migs(gpu) if _is_mig(word, mig)]
    else:
        begins = [gpu for gpu in gpus if gpu.uuid is not None and gpu.uuid.startswith(word)]
        candidates = [_usable(gpu, migs) for gpu in begins if word.startswith("GPU-")]
    return candidates[0] if len(candidates) == 1 else None


def _is_mig(word: str, mig: Device) -> bool:
    """Whether a word names the MIG device: by its UUID, or `MIG-GPU-…/GPU INSTANCE/COMPUTE`."""
    old = f"MIG-{mig.whole.uuid}/{mig.instances[0]}/{mig.instances[1]}"
    return word == old or (mig.uuid is not None and mig.uuid.startswith(word))


def _usable(gpu: Device, migs: Callable[[Device], Sequence[Device]]) -> Device:
    """The GPU, or what CUDA takes of one that is cut up: its first MIG device."""
    parts = migs(gpu)
    return parts[0] if parts else gpu
