"""Where GPUs may be expected and none can be seen, a node isn't fit, and the reason is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Node

NONE = "answer nvmlInitWithFlags DRIVER_NOT_LOADED\n"
JOB = {"SLURM_JOB_ID": "7", "SLURMD_NODENAME": "gpu07", "SLURM_JOB_NODELIST": "gpu07"}
SERVE = "#!/bin/bash\nvllm serve Qwen/Qwen3-8B --port 18437\n"


@pytest.mark.parametrize(
    ("scenario", "variables", "reason"),
    [
        (NONE, {}, "Slurm granted this job none (ask for some with --gres=gpu:N"),
        (NONE, {"SLURM_GPUS": "4"}, "it has none, or the GPUs' driver is not loaded"),
        ("", {}, "Slurm granted this job none"),
        ("", {"SLURM_GPUS": "4"}, "the driver shows none here"),
        ("gpu\n", {"CUDA_VISIBLE_DEVICES": ""}, "CUDA_VISIBLE_DEVICES is empty, which hides all"),
        ("gpu\n", {"CUDA_VISIBLE_DEVICES": "-1"}, "CUDA_VISIBLE_DEVICES is -1, which hides all"),
        (
            "gpu\n",
            {"CUDA_VISIBLE_DEVICES": "", "SLURM_GPUS_ON_NODE": "1"},
            "CUDA_VISIBLE_DEVICES is empty",
        ),
    ],
)
def test_in_a_job(node: Node, scenario: str, variables: dict[str, str], reason: str) -> None:
    told = node(scenario, "--select", "VN1", **JOB, **variables)
    assert (told.code, told.verdict) == (2, "unknown")
    assert told.status("VN101", "VN102", "VN103") == {"unknown"}
    assert reason in told.checks["VN101"]["message"]


def test_a_job_that_needs_none(node: Node) -> None:
    told = node(NONE, "--select", "VN1", "--no-gpu-needed", **JOB)
    assert (told.code, told.verdict) == (0, "fit")


def test_a_grant_without_a_driver_is_a_fault(node: Node) -> None:
    told = node(NONE, "--select", "VN1", **JOB, SLURM_GPUS_ON_NODE="8")
    assert told.code == 1


@pytest.mark.parametrize("scenario", [NONE, ""])
def test_a_script_that_needs_some(node: Node, tmp_path: Path, scenario: str) -> None:
    script = tmp_path / "serve.sh"
    script.write_text(SERVE)
    told = node(scenario, "--select", "VN1,VN6", "--script", str(script))
    assert (told.code, told.verdict) == (2, "unknown")
    assert "GPU" in told.checks["VN601"]["message"]


def test_a_script_that_needs_none(node: Node, tmp_path: Path) -> None:
    script = tmp_path / "serve.sh"
    script.write_text("echo hello\n")
    assert node(NONE, "--select", "VN1,VN6", "--script", str(script)).code == 0
