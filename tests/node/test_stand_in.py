"""The stand-in for NVML, through the real binding: what it tells is what a scenario says."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from .conftest import StandIn

_ASK = """
import json, sys
import pynvml as n

def tell(function, *arguments):
    try:
        told = function(*arguments)
    except n.NVMLError as error:
        return type(error).__name__
    if isinstance(told, list) and told and hasattr(told[0], "pid"):
        return [[each.pid, each.usedGpuMemory, each.gpuInstanceId] for each in told]
    if hasattr(told, "total"):
        return [told.total >> 20, told.used >> 20, told.free >> 20]
    return told

def recovery_action(gpu):
    return n.nvmlDeviceGetFieldValues(gpu, [n.NVML_FI_DEV_GET_GPU_RECOVERY_ACTION])[0].value.uiVal

def mig(gpu):
    device = n.nvmlDeviceGetMigDeviceHandleByIndex(gpu, 0)
    same = n.nvmlDeviceGetHandleByUUID(n.nvmlDeviceGetUUID(device))
    parent = n.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(same)
    return [n.nvmlDeviceGetUUID(device), n.nvmlDeviceGetUUID(parent), tell(memory, same)]

def memory(gpu):
    return n.nvmlDeviceGetMemoryInfo(gpu)

def memory_v2(gpu):
    return n.nvmlDeviceGetMemoryInfo(gpu, n.nvmlMemory_v2)

questions = {
    "name": n.nvmlDeviceGetName,
    "uuid": n.nvmlDeviceGetUUID,
    "bus": lambda gpu: n.nvmlDeviceGetPciInfo(gpu).busId,
    "compute": n.nvmlDeviceGetCudaComputeCapability,
    "memory": memory,
    "memory-v2": memory_v2,
    "processes": n.nvmlDeviceGetComputeRunningProcesses,
    "clock-reasons": n.nvmlDeviceGetCurrentClocksEventReasons,
    "remapped": n.nvmlDeviceGetRemappedRows,
    "ecc": n.nvmlDeviceGetEccMode,
    "ecc-errors": lambda gpu: n.nvmlDeviceGetTotalEccErrors(
        gpu, n.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, n.NVML_VOLATILE_ECC
    ),
    "links": lambda gpu: [n.nvmlDeviceGetNvLinkState(gpu, link) for link in range(4)],
    "pcie": lambda gpu: [
        n.nvmlDeviceGetCurrPcieLinkWidth(gpu),
        n.nvmlDeviceGetMaxPcieLinkWidth(gpu),
        n.nvmlDeviceGetCurrPcieLinkGeneration(gpu),
        n.nvmlDeviceGetMaxPcieLinkGeneration(gpu),
    ],
    "mig-mode": n.nvmlDeviceGetMigMode,
    "mig": mig,
    "recovery-action": recovery_action,
}

def gpu(index):
    handle = n.nvmlDeviceGetHandleByIndex(index)
    return {name: tell(question, handle) for name, question in questions.items()}

started = tell(n.nvmlInitWithFlags, 0)
print(json.dumps({
    "started": started,
    "driver": tell(n.nvmlSystemGetDriverVersion),
    "cuda": tell(n.nvmlSystemGetCudaDriverVersion_v2),
    "gpus": [tell(gpu, index) for index in range(n.nvmlDeviceGetCount())] if not started else [],
}))
"""


def _ask(nvml: StandIn, scenario: str) -> dict[str, Any]:
    answer = subprocess.run(
        [sys.executable, "-c", _ASK],
        env=nvml.environment(scenario),
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, Any] = json.loads(answer.stdout)
    return told


def test_a_healthy_gpu(nvml: StandIn) -> None:
    told = _ask(nvml, "gpu\ngpu\n")
    assert (told["started"], told["driver"], told["cuda"]) == (None, "580.65.06", 13000)
    assert len(told["gpus"]) == 2
    assert told["gpus"][1] == {
        "name": "NVIDIA H100 80GB HBM3",
        "uuid": "GPU-00000000-0000-0000-0000-000000000001",
        "bus": "00000000:11:00.0",
        "compute": [9, 0],
        "memory": [81559, 552, 81007],
        "memory-v2": [81559, 0, 81007],
        "processes": [],
        "clock-reasons": 0,
        "remapped": [0, 0, 0, 0],
        "ecc": [1, 1],
        "ecc-errors": 0,
        "links": [1, 1, 1, 1],
        "pcie": [16, 16, 5, 5],
        "mig-mode": [0, 0],
        "mig": "NVMLError_NotFound",
        "recovery-action": 0,
    }


def test_an_ailing_gpu(nvml: StandIn) -> None:
    told = _ask(
        nvml,
        """
        driver 535.104.05
        cuda 12020
        gpu
          name NVIDIA A100-SXM4-80GB
          memory 81920 70000 600
          process 4711 40000
          process 4712 none
          compute 8.0
          pcie-width 8 16
          pcie-generation 1 4
          nvlinks 3 1
          ecc 1 5 2
          remapped 1 2 1 0
          recovery-action 1
          clock-reasons 0x8
        """,
    )
    (gpu,) = told["gpus"]
    assert (told["driver"], told["cuda"]) == ("535.104.05", 12020)
    assert gpu["processes"] == [[4711, 40000 << 20, 0xFFFFFFFF], [4712, None, 0xFFFFFFFF]]
    assert (gpu["memory"], gpu["memory-v2"]) == ([81920, 70600, 11320], [81920, 70000, 11320])
    assert gpu["compute"] == [8, 0]
    assert gpu["pcie"] == [8, 16, 1, 4]
    assert gpu["links"] == "NVMLError_InvalidArgument"  # the fourth of three
    assert (gpu["ecc-errors"], gpu["remapped"]) == (2, [1, 2, 1, 0])
    assert (gpu["recovery-action"], gpu["clock-reasons"]) == (1, 8)


def test_a_mig_device(nvml: StandIn) -> None:
    (gpu,) = _ask(nvml, "gpu\nmig MIG-1 9728 100\nprocess 12 90 1 0\n")["gpus"]
    assert gpu["mig-mode"] == [1, 1]
    assert gpu["mig"] == ["MIG-1", gpu["uuid"], [9728, 100, 9628]]
    assert gpu["processes"] == [[12, 90 << 20, 1]]


@pytest.mark.parametrize(
    ("error", "name"),
    [
        ("NOT_SUPPORTED", "NVMLError_NotSupported"),
        ("NO_PERMISSION", "NVMLError_NoPermission"),
        ("FUNCTION_NOT_FOUND", "NVMLError_FunctionNotFound"),
        ("GPU_IS_LOST", "NVMLError_GpuIsLost"),
    ],
)
def test_a_function_that_fails_on_one_gpu(nvml: StandIn, error: str, name: str) -> None:
    scenario = f"gpu\ngpu\nanswer nvmlDeviceGetRemappedRows {error}\n"
    first, second = _ask(nvml, scenario)["gpus"]
    assert (first["remapped"], second["remapped"]) == ([0, 0, 0, 0], name)


def test_a_lost_gpu_leaves_the_others(nvml: StandIn) -> None:
    first, second, third = _ask(nvml, "gpu\ngpu\nanswer * GPU_IS_LOST\ngpu\n")["gpus"]
    assert (first["remapped"], third["remapped"]) == ([0, 0, 0, 0], [0, 0, 0, 0])
    assert second == "NVMLError_GpuIsLost"


def test_a_driver_that_is_not_loaded(nvml: StandIn) -> None:
    told = _ask(nvml, "answer nvmlInitWithFlags DRIVER_NOT_LOADED\n")
    assert (told["started"], told["gpus"]) == ("NVMLError_DriverNotLoaded", [])


def test_a_start_that_hangs(nvml: StandIn) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(
            [sys.executable, "-c", _ASK],
            env=nvml.environment("answer nvmlInitWithFlags HANG\ngpu\n"),
            timeout=1,
        )
