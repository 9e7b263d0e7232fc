"""A survey of a real Slurm that is ended: its jobs go with it; and a second one says so."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.node.conftest import StandIn
from tests.node.slurm import GROUP, USER, OneHostSlurm, python_for_everybody
from tests.slurm import daemons

from .test_cluster import WORDS, cluster

pytestmark = pytest.mark.xdist_group("cluster-slurm")


def test_ctrl_c_and_a_second_run(four_nodes: OneHostSlurm, nvml: StandIn) -> None:
    """While one run waits for a driver that hangs, a second says so; Ctrl-C ends the first."""
    hangs = "answer nvmlInitWithFlags HANG\ngpu\n"
    command = [*four_nodes.nvml_of_nodes(nvml, {"": hangs}), *python_for_everybody(), *WORDS]
    with subprocess.Popen(
        [*command, "--nodes", "gpu04", "--timeout", "60"],
        env=dict(four_nodes.environment),
        cwd=four_nodes.home,
        user=USER,
        group=GROUP,
        extra_groups=[],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as first:
        daemons.wait_for(lambda: bool(_queue(four_nodes)), Path("/nonexistent"))
        second = cluster(four_nodes, nvml, "--nodes", "gpu04")
        assert (second.returncode, second.stdout) == (2, "")
        assert "another survey of yours is going on (jobs " in second.stderr
        first.send_signal(signal.SIGINT)
        assert first.wait(timeout=60) == 130
    daemons.wait_for(lambda: not _queue(four_nodes), Path("/nonexistent"))


def _queue(slurm: OneHostSlurm) -> list[str]:
    words = ("--noheader", "--name=vllm-doctor-cluster", "--states=R,PD", "--format=%i")
    return slurm.run("squeue", *words).stdout.split()
