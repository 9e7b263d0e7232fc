"""What the probe of GPUs makes of a binding's answers, on a binding that a test makes up."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest

from doctor.base.unknown import UNKNOWN
from doctor.facts.node.gpus import Gpu, GpuMix
from doctor.node.gpus import told
from doctor.node.probe import Situation

GIB = 1 << 30


class NVMLError(Exception):
    """What the binding raises; its kinds are told by the names of their classes."""


class NVMLError_NotSupported(NVMLError):  # noqa: N801, N818 - the binding's own name
    pass


class NVMLError_InvalidArgument(NVMLError):  # noqa: N801, N818
    pass


class NVMLError_GpuIsLost(NVMLError):  # noqa: N801, N818
    pass


class NVMLError_NoPermission(NVMLError):  # noqa: N801, N818
    pass


class Answers(Protocol):
    """One of the binding's functions about a device."""

    def __call__(self, device: int, *arguments: Any) -> Any: ...


@dataclass
class Binding:
    """A binding whose functions answer as ``answers`` says; any other is not supported."""

    count: int = 1
    answers: dict[str, Answers] = field(default_factory=dict)
    NVMLError: type[NVMLError] = NVMLError
    NVMLError_NotSupported: type[NVMLError] = NVMLError_NotSupported
    NVMLError_InvalidArgument: type[NVMLError] = NVMLError_InvalidArgument
    NVMLError_GpuIsLost: type[NVMLError] = NVMLError_GpuIsLost
    NVMLError_NoPermission: type[NVMLError] = NVMLError_NoPermission
    NVML_MEMORY_ERROR_TYPE_UNCORRECTED: int = 1
    NVML_VOLATILE_ECC: int = 0
    NVML_FI_DEV_GET_GPU_RECOVERY_ACTION: int = 230
    NVML_SUCCESS: int = 0
    nvmlMemory_v2: int = 2  # noqa: N815

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return self.count

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        answer = self.answers.get("nvmlDeviceGetHandleByIndex")
        return index if answer is None else answer(index)

    def __getattr__(self, name: str) -> Answers:
        return self.answers.get(name, _not_supported)


def _not_supported(*_: object) -> Any:
    raise NVMLError_NotSupported("Not Supported")


def _raise(error: NVMLError) -> Answers:
    def answer(*_: object) -> Any:
        raise error

    return answer


@dataclass
class Memory:
    total: int = 80 * GIB
    used: int = 0
    free: int = 80 * GIB
    reserved: int = 0


@dataclass
class Process:
    pid: int
    usedGpuMemory: int | None  # noqa: N815 - the binding's own name


def _gpus(binding: Binding, **environment: str) -> list[Gpu]:
    facts = told(binding, Situation(environment, os.getuid(), 0.9))
    return [fact for fact in facts if isinstance(fact, Gpu)]


def _with(**answers: Callable[..., Any]) -> Binding:
    return Binding(answers={f"nvmlDeviceGet{name}": answer for name, answer in answers.items()})


def test_a_gpu_that_tells_nothing() -> None:
    (gpu,) = _gpus(Binding())
    assert (gpu.gpu, gpu.uuid, gpu.total, gpu.held_by) == ("GPU 0", UNKNOWN, UNKNOWN, UNKNOWN)
    assert (gpu.ecc_errors, gpu.row_remapping, gpu.nvlinks, gpu.mig) == (None, None, None, False)
    assert gpu.lost is False
    assert gpu.reasons["free"] == "this GPU doesn't tell it (nvmlDeviceGetMemoryInfo)"


@pytest.mark.parametrize(
    ("errors", "ailments"),
    [(0, None), (3, "3 memory errors that could not be corrected")],
)
def test_memory_errors_are_told_where_there_are_any(errors: int, ailments: str | None) -> None:
    (gpu,) = _gpus(_with(TotalEccErrors=lambda *_: errors, EccMode=lambda *_: (1, 1)))
    assert (gpu.ecc_errors, gpu.ailments) == (errors, ailments)


@pytest.mark.parametrize(("now", "most"), [(8, None), (None, 16)])
def test_a_link_of_which_one_width_cannot_be_asked(now: int | None, most: int | None) -> None:
    widths = {"CurrPcieLinkWidth": now, "MaxPcieLinkWidth": most}
    unknown = _raise(NVMLError_NoPermission("Insufficient Permissions"))
    answers = {n: unknown if w is None else (lambda _, w=w: w) for n, w in widths.items()}
    (gpu,) = _gpus(_with(**answers))
    assert gpu.pcie_lanes_lost is UNKNOWN


def test_a_gpu_that_belongs_to_others_is_left_out() -> None:
    def handle(index: int) -> int:
        if index == 0:
            raise NVMLError_NoPermission("Insufficient Permissions")
        return index

    assert [gpu.gpu for gpu in _gpus(Binding(2, {"nvmlDeviceGetHandleByIndex": handle}))] == [
        "GPU 1"
    ]


def test_a_gpu_that_gives_no_handle() -> None:
    lost = _raise(NVMLError_GpuIsLost("GPU is lost"))
    (gpu,) = _gpus(Binding(answers={"nvmlDeviceGetHandleByIndex": lost}))
    assert (gpu.lost, gpu.ailments) == (True, "the driver has lost this GPU")


def test_memory_that_our_own_process_holds() -> None:
    (gpu,) = _gpus(
        _with(
            MemoryInfo=lambda *_: Memory(used=30 * GIB, free=50 * GIB),
            ComputeRunningProcesses_v3=lambda _: [Process(os.getpid(), 30 * GIB)],
        )
    )
    assert (gpu.held, gpu.held_by, gpu.lacking) == (30.0, "this-job", 22.0)
    assert gpu.own_pids is None
    (holder,) = gpu.holders if gpu.holders is not UNKNOWN else ()
    assert f"(pid {os.getpid()}, " in holder


def test_the_one_who_holds_the_most_counts() -> None:
    (gpu,) = _gpus(
        _with(
            MemoryInfo=lambda *_: Memory(used=70 * GIB, free=10 * GIB),
            ComputeRunningProcesses_v3=lambda _: [Process(os.getpid(), 20 * GIB)],
        )
    )
    assert gpu.held_by == "unseen"
    assert gpu.holders is not UNKNOWN
    assert "a process that can't be seen from here: 50.0 GiB" in gpu.holders


def test_of_many_processes_those_that_hold_the_most_are_named() -> None:
    (gpu,) = _gpus(
        _with(
            MemoryInfo=lambda *_: Memory(used=70 * GIB, free=10 * GIB),
            ComputeRunningProcesses_v3=lambda _: [
                Process(1 << 23 | number, number * GIB // 2) for number in range(1, 40)
            ],
        )
    )
    assert gpu.holders is not UNKNOWN
    assert gpu.holders[0].startswith(f"pid {1 << 23 | 39}")
    assert gpu.holders[-1] == "and 23 more"


def test_an_older_driver_tells_of_processes_too() -> None:
    (gpu,) = _gpus(
        _with(
            MemoryInfo=lambda *_: Memory(used=70 * GIB, free=10 * GIB),
            ComputeRunningProcesses_v2=lambda _: [Process(os.getpid(), 70 * GIB)],
        )
    )
    assert gpu.held_by == "this-job"
    assert "held_by" not in gpu.reasons


def test_processes_of_other_kinds_hold_memory_too() -> None:
    (gpu,) = _gpus(
        _with(
            MemoryInfo=lambda *_: Memory(used=70 * GIB, free=10 * GIB),
            ComputeRunningProcesses_v3=lambda _: [],
            MPSComputeRunningProcesses_v3=lambda _: [Process(os.getpid(), 70 * GIB)],
        )
    )
    assert gpu.held_by == "this-job"


@pytest.mark.parametrize(("state", "lost"), [(0, 4), (8, None)])
def test_an_idle_gpu_may_save_power(state: int, lost: int | None) -> None:
    (gpu,) = _gpus(
        _with(
            CurrPcieLinkGeneration=lambda _: 1,
            MaxPcieLinkGeneration=lambda _: 5,
            PerformanceState=lambda _: state,
        )
    )
    assert (gpu.pcie_generation, gpu.pcie_generations_lost) == (1, lost)


def test_nvlinks_that_nothing_is_plugged_into() -> None:
    (gpu,) = _gpus(_with(NvLinkState=lambda _, link: 0 if link < 4 else _not_supported()))
    assert (gpu.nvlinks, gpu.nvlinks_down) == (None, None)


@pytest.mark.parametrize(
    ("environment", "known"),
    [
        ({}, True),
        ({"CUDA_VISIBLE_DEVICES": "0,1"}, False),
        ({"CUDA_VISIBLE_DEVICES": "0,1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, True),
    ],
)
def test_what_numbers_mean(environment: dict[str, str], known: bool) -> None:
    binding = Binding(2, {"nvmlDeviceGetName": lambda gpu: f"model {gpu}"})
    binding.answers["nvmlDeviceGetMemoryInfo"] = lambda *_: Memory()
    facts = told(binding, Situation(environment, os.getuid(), 0.9))
    (mix,) = (fact for fact in facts if isinstance(fact, GpuMix))
    assert (mix.differ, mix.order_known) == (True, known)


def test_gpus_that_differ_whatever_a_third_one_is() -> None:
    def name(gpu: int) -> str:
        return _not_supported() if gpu == 2 else f"model {gpu}"

    binding = Binding(3, {"nvmlDeviceGetName": name})
    (mix,) = (f for f in told(binding, Situation({}, os.getuid(), 0.9)) if isinstance(f, GpuMix))
    assert (mix.differ, mix.models) == (True, {"model 0", "model 1"})
