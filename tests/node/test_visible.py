"""Which GPUs are the allocation's: CUDA_VISIBLE_DEVICES as CUDA reads it, and Slurm's lists."""

from __future__ import annotations

import pytest

from doctor.node.nvml import Device
from doctor.node.visible import visible

GPUS = [Device(index, f"GPU-{index}abc-ef", handle=index) for index in range(4)]
MIGS = [
    Device(index, f"MIG-{index}fff-ef", handle=9, parent=GPUS[3], instances=(index + 7, 0))
    for index in range(2)
]


def _migs(gpu: Device) -> list[Device]:
    return MIGS if gpu is GPUS[3] else []


def _seen(**environment: str) -> tuple[str, tuple[str, ...]]:
    found = visible(environment, GPUS, _migs)
    labels = [
        str(device.index) if device.parent is None else f"3.{device.index}"
        for device in found.devices
    ]
    return " ".join(labels), found.missing


@pytest.mark.parametrize(
    ("written", "devices", "missing"),
    [
        ("0,1", "0 1", ()),
        ("2", "2", ()),
        ("1, 0", "1 0", ()),
        ("0,0", "0", ()),
        ("0,7,1", "0", ("7", "1")),
        ("-1,0", "", ()),
        ("1,-1,0", "1", ()),
        ("", "", ()),
        ("NoDevFiles", "", ()),
        ("GPU-1", "1", ()),
        ("GPU-2abc-ef,GPU-0", "2 0", ()),
        ("GPU-", "", ("GPU-",)),
        ("GPU-9", "", ("GPU-9",)),
        ("1abc", "", ("1abc",)),
        ("3", "3.0", ()),
        ("MIG-1fff", "3.1", ()),
        ("MIG-GPU-3abc-ef/8/0", "3.1", ()),
        ("MIG-GPU-3abc-ef/1/0", "", ("MIG-GPU-3abc-ef/1/0",)),
    ],
)
def test_cuda_visible_devices(written: str, devices: str, missing: tuple[str, ...]) -> None:
    assert _seen(CUDA_VISIBLE_DEVICES=written) == (devices, missing)


@pytest.mark.parametrize(
    ("environment", "devices"),
    [
        ({}, "0 1 2 3.0"),
        ({"SLURM_JOB_GPUS": "2,1"}, "2 1"),
        ({"SLURM_STEP_GPUS": "2", "SLURM_JOB_GPUS": "1,2"}, "2"),
        # Under a device constraint the node's numbers mean nothing: we see our own GPUs alone.
        ({"SLURM_JOB_GPUS": "4,5,6,7"}, "0 1 2 3.0"),
        ({"SLURM_JOB_GPUS": "2,1", "CUDA_VISIBLE_DEVICES": "0"}, "0"),
    ],
)
def test_slurm_without_cuda_visible_devices(environment: dict[str, str], devices: str) -> None:
    assert _seen(**environment) == (devices, ())
