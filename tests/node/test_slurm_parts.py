"""What a job sees on a real Slurm: the ground that the node's examiner stands on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from .slurm import OneHostSlurm

pytestmark = pytest.mark.xdist_group("node-slurm")


def test_a_batch_job_knows_its_node_and_gpus(slurm: OneHostSlurm) -> None:
    told = slurm.sbatch("id -un; env", "--gres=gpu:2", "--nodelist=gpu02").splitlines()
    assert told[0] == "nobody"
    assert {"SLURMD_NODENAME=gpu02", "SLURM_JOB_GPUS=0,1", "CUDA_VISIBLE_DEVICES=0,1"} < set(told)


def test_a_step_knows_its_own_gpus(slurm: OneHostSlurm) -> None:
    told = slurm.run("srun", "--gres=gpu:2", "env").stdout.splitlines()
    assert "SLURM_STEP_GPUS=0,1" in told
    assert not any(line.startswith("SLURM_JOB_GPUS=") for line in told)


def test_salloc_runs_its_command_where_it_was_called(slurm: OneHostSlurm) -> None:
    told = slurm.run("salloc", "--nodelist=gpu01", "--gres=gpu:2", "env").stdout.splitlines()
    assert "SLURM_JOB_NODELIST=gpu01" in told
    assert not any(line.startswith(("SLURMD_NODENAME=", "CUDA_VISIBLE_DEVICES=")) for line in told)


def test_a_process_outlives_its_job_and_the_node_is_idle(slurm: OneHostSlurm) -> None:
    left = slurm.home / "left.pid"
    slurm.sbatch(f"setsid nohup sleep 300 < /dev/null > /dev/null 2>&1 & echo $! > {left}")
    pid = int(left.read_text())
    try:
        slurm.wait_until_idle()
        assert Path(f"/proc/{pid}").exists()
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_constrained_job_opens_its_own_devices_alone(constraining_slurm: OneHostSlurm) -> None:
    devices = constraining_slurm.folder / "dev"
    script = f"for each in {devices}/nvidia*; do (: < $each); done 2>&1; echo $CUDA_VISIBLE_DEVICES"
    told = constraining_slurm.sbatch(script, "--gres=gpu:2")
    assert told.count("Operation not permitted") == 6
    assert told.count("No such device") == 2  # no driver behind them, but they may be opened
    assert told.splitlines()[-1] == "0,1"
