"""AMD's GPUs are judged through AMD's binding; without it, nobody says that the node is fit."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from doctor.node import gpus, hardware
from doctor.node import nvml as library
from doctor.node.checks import Check, Status
from doctor.node.probe import NotHereError

from .looking import look

Checks = Mapping[str, Check]
Run = Callable[..., Checks]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The checks of a node whose bus shows these GPUs, with AMD's binding or without."""

    def no_nvidia() -> Any:
        raise NotHereError("no NVIDIA GPU on this node")

    monkeypatch.setattr(library, "library", no_nvidia)
    monkeypatch.setattr(hardware, "_PCI", tmp_path / "pci")

    def run(bus: list[tuple[str, str]], told: object = None, **environment: str) -> Checks:
        for number, (vendor, kind) in enumerate(bus):
            device = tmp_path / "pci" / str(number)
            device.mkdir(parents=True)
            (device / "vendor").write_text(vendor + "\n")
            (device / "class").write_text(kind + "\n")
        if told is not None:
            monkeypatch.syspath_prepend(Path(__file__).parent / "amd")
            monkeypatch.setenv("AMDSMI_STAND_IN", told if told == "fails" else json.dumps(told))
        return look(gpus.PROBE, environment)

    return run


INSTINCT = ("0x1002", "0x120000")


def test_free_and_healthy(run: Run) -> None:
    checks = run([INSTINCT] * 2, [{}, {}])
    assert {checks[code].status for code in ("VN101", "VN102", "VN103", "VN106")} == {Status.OK}
    assert checks["VN104"].status is Status.UNKNOWN
    assert "alone" in checks["VN104"].message


def test_memory_that_a_process_of_ours_holds(run: Run) -> None:
    held = {"used": 150000, "processes": [[os.getpid(), 150000]]}
    checks = run([INSTINCT] * 2, [{}, held], SLURM_JOB_ID="7", SLURM_GPUS_ON_NODE="2")
    assert checks["VN102"].status is Status.ERROR
    assert checks["VN102"].evidence[0].startswith("GPU 1: ")
    assert f"pid {os.getpid()}" in " ".join(checks["VN101"].evidence) or (
        checks["VN101"].status is Status.OK
    )


def test_memory_errors(run: Run) -> None:
    check = run([INSTINCT], [{"errors": 4}])["VN103"]
    assert check.status is Status.WARNING
    assert "4 memory errors" in check.evidence[0]


def test_what_the_binding_does_not_tell_is_unknown(run: Run) -> None:
    check = run([INSTINCT], [{"secret": True, "used": 150000}])["VN101"]
    assert check.status is Status.UNKNOWN
    assert "no permission" in check.message


@pytest.mark.parametrize(
    ("variables", "first"),
    [
        ({"ROCR_VISIBLE_DEVICES": "1,2"}, "GPU 1"),
        ({"ROCR_VISIBLE_DEVICES": "1,2", "HIP_VISIBLE_DEVICES": "1"}, "GPU 2"),
        ({"CUDA_VISIBLE_DEVICES": "0"}, "GPU 0"),
    ],
)
def test_which_of_them_a_server_sees(run: Run, variables: dict[str, str], first: str) -> None:
    checks = run([INSTINCT] * 3, [{"errors": 1}] * 3, **variables)
    assert checks["VN103"].evidence[0].startswith(first)


@pytest.mark.parametrize(("told", "said"), [(None, "package amdsmi"), ("fails", "not loaded")])
def test_without_a_library_that_answers(run: Run, told: object, said: str) -> None:
    checks = run([INSTINCT] * 8, told)
    assert {checks[code].status for code in ("VN101", "VN102", "VN103")} == {Status.UNKNOWN}
    assert checks["VN101"].message.startswith("8 AMD GPUs here")
    assert said in checks["VN101"].message


def test_intels_cannot_be_judged(run: Run) -> None:
    check = run([("0x8086", "0x038000")])["VN101"]
    assert (check.status, check.message) == (
        Status.UNKNOWN,
        "1 Intel GPU here, which vllm-doctor can't judge",
    )


def test_what_drives_a_console_is_no_gpu_to_judge(run: Run) -> None:
    assert run([("0x8086", "0x030000")])["VN101"].status is Status.SKIPPED
