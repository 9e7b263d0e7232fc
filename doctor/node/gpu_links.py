"""How a GPU is connected: PCIe and NVLink."""

from __future__ import annotations

from typing import Any

from doctor.node.nvml import Questions
from doctor.unknown import UNKNOWN

_MOST_LINKS = 36


def links(questions: Questions, gpu: Any) -> dict[str, Any]:
    """The attributes of ``Gpu`` about its links."""
    width, lanes_lost = _pcie(questions, gpu, "Width", "pcie_width", "pcie_lanes_lost")
    generation, generations_lost = _pcie(
        questions, gpu, "Generation", "pcie_generation", "pcie_generations_lost"
    )
    nvlinks = _nvlinks(questions, gpu)
    up = sum(nvlinks) if isinstance(nvlinks, list) else 0
    return {
        "pcie_width": width,
        "pcie_lanes_lost": lanes_lost,
        "pcie_generation": generation,
        # An idle GPU falls back to a lower generation to save power.
        "pcie_generations_lost": generations_lost if _awake(questions, gpu) else None,
        # Where none is up nothing is plugged in.
        "nvlinks": (len(nvlinks) if up else None) if isinstance(nvlinks, list) else nvlinks,
        "nvlinks_down": (len(nvlinks) - up if up else None)
        if isinstance(nvlinks, list)
        else nvlinks,
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


def _nvlinks(questions: Questions, gpu: Any) -> Any:
    """Of each link whether it is up; None if there is none."""
    nvml = questions.nvml
    found: list[bool] = []
    for link in range(_MOST_LINKS):
        try:
            found.append(bool(nvml.nvmlDeviceGetNvLinkState(gpu, link)))
        except (nvml.NVMLError_InvalidArgument, nvml.NVMLError_NotSupported):
            break  # the last one was before
        except nvml.NVMLError:
            return questions.ask("nvlinks nvlinks_down", "nvmlDeviceGetNvLinkState", gpu, link)
    return found or None
