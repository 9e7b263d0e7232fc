"""Why no GPU can be judged, as far as that can be seen from here."""

from __future__ import annotations

from collections.abc import Mapping

from doctor.node import hardware
from doctor.node.visible import CUDA

#: What Slurm tells a job or a step of its GPUs.
_GRANTS = ("SLURM_GPUS_ON_NODE", "SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "SLURM_GPUS")
_UNASKED = "Slurm granted this job none (ask for some with --gres=gpu:N or --gpus-per-node=N)"


def without_nvidia(environment: Mapping[str, str]) -> tuple[str, bool]:
    """Why NVIDIA's library shows none, and whether there are others, which can't be judged."""
    if intel := hardware.shown(hardware.INTEL):
        return f"{intel} here, which vllm-doctor can't judge", True
    if _is_granted_none(environment):
        return f"no GPU can be seen: {_UNASKED}", False
    return "this node shows no GPU: it has none, or the GPUs' driver is not loaded", False


def none_visible(environment: Mapping[str, str], variable: str = CUDA) -> str:
    """Why a server would see none of the GPUs that a library shows, or that shows none."""
    unasked = _UNASKED if _is_granted_none(environment) else ""
    if variable in environment:
        value = environment[variable].strip()
        hides = f"{variable} is {value or 'empty'}, which hides all GPUs"
        return "; ".join(filter(None, (hides, unasked)))
    return f"no GPU can be seen: {unasked or 'the driver shows none here'}"


def _is_granted_none(environment: Mapping[str, str]) -> bool:
    """Whether this is a job of whose GPUs Slurm says nothing."""
    return "SLURM_JOB_ID" in environment and not any(map(environment.get, _GRANTS))
