"""How a GPU is connected: PCIe and NVLink."""

from __future__ import annotations

from typing import Any

from doctor.base.unknown import UNKNOWN
from doctor.node.nvml import Questions

_MOST_LINKS = 36


def links(questions: Questions, gpu: Any) -> dict[str, Any]:
    """The attributes of ``Gpu`` about its links."""
    width, lanes_lost = _pcie(questions, gpu, "Width", "pcie_width", "pcie_lanes_lost")
    generation, generations_lost = _pcie(
        questions, gpu, "Generation", "pcie_generation", "pcie_generations_lost"
    )
    if not _awake(questions, gpu):  # an idle GPU falls back to a lower generation to save power
        generations_lost = None
    nvlinks, down = _nvlinks(questions, gpu)
    faults = []
    if down is not UNKNOWN and down:
        faults.append(f"{down} of {nvlinks} NVLinks are down")
    if lanes_lost is not UNKNOWN and lanes_lost:
        faults.append(f"PCIe runs on {width} of {width + lanes_lost} lanes")
    if generations_lost is not UNKNOWN and generations_lost:
        faults.append(f"PCIe runs as generation {generation} of {generation + generations_lost}")
    return {
        "pcie_width": width,
        "pcie_lanes_lost": lanes_lost,
        "pcie_generation": generation,
        "pcie_generations_lost": generations_lost,
        "nvlinks": nvlinks,
        "nvlinks_down": down,
        "link_faults": ", ".join(faults) or None,
    }


def _pcie(questions: Questions, gpu: Any, what: str, now: str, lost: str) -> tuple[Any, Any]:
    current = questions.ask(f"{now} {lost}", f"nvmlDeviceGetCurrPcieLink{what}", gpu, optional=True)
    most = questions.ask(lost, f"nvmlDeviceGetMaxPcieLink{what}", gpu, optional=True)
    if current is UNKNOWN or most is UNKNOWN:
        return current, UNKNOWN
    if current is None or most is None:
        return current, None
    return current, max(0, most - current)


def _awake(questions: Questions, gpu: Any) -> bool:
    """Whether the GPU surely runs at full power."""
    return bool(Questions(questions.nvml).ask("", "nvmlDeviceGetPerformanceState", gpu) == 0)


def _nvlinks(questions: Questions, gpu: Any) -> tuple[Any, Any]:
    """How many NVLinks there are, and how many of them are down; None if it has none."""
    nvml = questions.nvml
    up: list[bool] = []
    for link in range(_MOST_LINKS):
        try:
            up.append(bool(nvml.nvmlDeviceGetNvLinkState(gpu, link)))
        except (nvml.NVMLError_InvalidArgument, nvml.NVMLError_NotSupported):
            break  # the last one was before
        except nvml.NVMLError:
            questions.ask("nvlinks nvlinks_down", "nvmlDeviceGetNvLinkState", gpu, link)
            return UNKNOWN, UNKNOWN
    # Where none is up nothing is plugged in.
    return (len(up), up.count(False)) if any(up) else (None, None)
