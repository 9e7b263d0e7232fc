"""`vllm-doctor node --record`: unfit nodes get into the register, and fit ones out of it."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.knowledge.register import unfit
from doctor.scan import scan_text

from .conftest import DOCTOR, StandIn

HELD = "gpu\ngpu\nmemory 81559 70000\n"
FREE = "gpu\ngpu\n"
JOB = "#!/bin/bash\n#SBATCH --gpus=8\nsrun vllm serve openai/gpt-oss-120b\n"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(nvml: StandIn, tmp_path: Path) -> Run:
    """Runs the command on a node that Slurm calls gpu07, with a register next to it."""
    (tmp_path / ".vllm-doctor.toml").write_text('register = "nodes"\n')

    def run(scenario: str, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
        job = {
            "SLURM_JOB_ID": "4711",
            "SLURM_JOB_NODELIST": "gpu07",
            "SLURMD_NODENAME": "gpu07",
            "SLURM_JOB_END_TIME": str(int(time.time()) + 36000),
        }
        return subprocess.run(
            [*DOCTOR, "--format", "json", "--record", *options],
            env={**nvml.environment(scenario), **job, **more},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    return run


def register(folder: Path) -> list[str]:
    return [found.node for found in unfit(folder / "nodes").values()]


def test_an_unfit_node_is_excluded_until_it_is_fit_again(run: Run, tmp_path: Path) -> None:
    done = run(HELD)
    assert done.returncode == 1
    assert "gpu07 is unfit until 20" in done.stderr
    json.loads(done.stdout)  # nothing but JSON
    (entry,) = unfit(tmp_path / "nodes").values()
    (evidence,) = entry.evidence
    assert evidence.startswith("VN101: GPU 1: ")
    config = {"register": str(tmp_path / "nodes"), "select": ["VD201"]}
    (found,) = scan_text(JOB, "serve.sbatch", config)
    assert (found.code, found.severity.value, "gpu07" in found.message) == ("VD201", "error", True)

    again = run(FREE)
    assert "gpu07 is fit again" in again.stderr
    assert register(tmp_path) == []
    assert scan_text(JOB, "serve.sbatch", config) == []


def test_a_fit_node_is_not_worth_a_word(run: Run, tmp_path: Path) -> None:
    assert run(FREE).stderr == ""
    assert not (tmp_path / "nodes").exists()


def test_a_node_of_the_register_is_told_of(run: Run) -> None:
    run(HELD)
    told = json.loads(run(FREE).stdout)
    (known,) = (check for check in told["checks"] if check["code"] == "VN401")
    assert known["status"] == "warning"
    assert told["verdict"] == "fit"  # the list is a reason to look, no more


def test_one_s_own_leftovers_don_t_speak_against_the_node(run: Run, tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "100"], env={}, start_new_session=True) as own:
        try:
            done = run(f"gpu\nmemory 81559 70000\nprocess {own.pid} 70000\n")
        finally:
            own.kill()
    assert done.returncode == 1
    assert register(tmp_path) == []
    assert "don't tell whether gpu07 is fit" in done.stderr


def test_a_variable_that_names_no_gpu_is_no_fault_of_the_node(run: Run, tmp_path: Path) -> None:
    job = {"SLURM_GPUS_ON_NODE": "2", "CUDA_VISIBLE_DEVICES": "9"}
    assert run(FREE, **job).returncode == 1
    assert register(tmp_path) == []
    done = run(FREE, SLURM_GPUS_ON_NODE="8")
    assert done.returncode == 1
    assert register(tmp_path) == ["gpu07"]
    (fault,) = json.loads(done.stdout)["faults"]
    assert (fault["code"], fault["gpu"]) == ("VN107", None)


def test_a_driver_that_hangs_neither_accuses_nor_clears(run: Run, tmp_path: Path) -> None:
    run(HELD)
    done = run("answer nvmlInitWithFlags HANG\ngpu\n", "--timeout", "5")
    assert "don't tell whether gpu07 is fit" in done.stderr
    assert register(tmp_path) == ["gpu07"]


def test_nobody_accuses_a_node_that_slurm_did_not_give(run: Run, tmp_path: Path) -> None:
    done = run(HELD, SLURM_JOB_NODELIST="gpu08", SLURMD_NODENAME="")
    assert "not a node that Slurm gave you" in done.stderr
    assert register(tmp_path) == []


def test_without_a_register_it_is_a_wrong_call(run: Run) -> None:
    done = run(FREE, "--no-config")
    assert done.returncode == 2
    assert "--record needs a register" in done.stderr


def test_a_register_that_can_not_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "nodes").touch()
    done = run(HELD)
    assert done.returncode == 2
    assert "Not a directory" in done.stderr
