"""A stand-in for AMD's binding: it answers as the JSON in AMDSMI_STAND_IN says, a list of GPUs."""

from __future__ import annotations

import json
import os
from typing import Any

Gpu = dict[str, Any]


class AmdSmiException(Exception):  # noqa: N818 - the binding's own name
    pass


def amdsmi_init() -> None:
    if os.environ.get("AMDSMI_STAND_IN") == "fails":
        raise AmdSmiException("the amdgpu driver is not loaded")


def amdsmi_get_processor_handles() -> list[Gpu]:
    gpus: list[Gpu] = json.loads(os.environ["AMDSMI_STAND_IN"])
    return [{**gpu, "number": number} for number, gpu in enumerate(gpus)]


def amdsmi_get_gpu_device_uuid(gpu: Gpu) -> str:
    return f"GPU-{gpu['number']}"


def amdsmi_get_gpu_asic_info(gpu: Gpu) -> dict[str, str]:
    return {"market_name": "AMD Instinct MI300X"}


def amdsmi_get_gpu_vram_usage(gpu: Gpu) -> dict[str, int]:
    return {"vram_total": 196592, "vram_used": gpu.get("used", 283)}


def amdsmi_get_gpu_process_list(gpu: Gpu) -> list[dict[str, Any]]:
    if gpu.get("secret"):
        raise AmdSmiException("no permission")
    return [
        {"name": "python", "pid": pid, "memory_usage": {"vram_mem": mib << 20}}
        for pid, mib in gpu.get("processes", [])
    ]


def amdsmi_get_gpu_total_ecc_count(gpu: Gpu) -> dict[str, int]:
    return {"correctable_count": 3, "uncorrectable_count": gpu.get("errors", 0)}
