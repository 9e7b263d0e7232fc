"""`vllm-doctor node --all-nodes` in an allocation of four nodes of a real Slurm."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import Outcome
from tests.node.conftest import StandIn
from tests.node.slurm import OneHostSlurm, python_for_everybody

pytestmark = pytest.mark.xdist_group("cluster-slurm")

FREE = "gpu\n" * 8
HELD = FREE.replace("gpu\n", "gpu\nmemory 81559 70000\n", 1)
HANGS = "answer nvmlInitWithFlags HANG\ngpu\n"


@pytest.fixture(scope="module")
def job(four_nodes: OneHostSlurm) -> Iterator[str]:
    """An allocation of all four nodes."""
    options = ("--nodes=4", "--gres=gpu:8", "--output=/dev/null")
    sent = four_nodes.run("sbatch", "--parsable", *options, "--wrap", "exec sleep 600")
    number = sent.stdout.strip()
    four_nodes.wait_for_start(number)
    yield number
    four_nodes.run("scancel", number)


@contextmanager
def frozen(slurm: OneHostSlurm, node: str) -> Iterator[None]:
    os.kill(slurm.daemon(node), signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(slurm.daemon(node), signal.SIGCONT)


def examine(
    slurm: OneHostSlurm, nvml: StandIn, scenarios: dict[str, str], *options: str
) -> subprocess.CompletedProcess[str]:
    command = [*slurm.nvml_of_nodes(nvml, {"": FREE, **scenarios}), *python_for_everybody()]
    words = ["-m", "doctor", "node", "--all-nodes", "--no-config", "--select", "VN1,VN2"]
    links = () if "VN7" in options else ("--no-links",)
    return slurm.run(*command, *words, *links, *options)


def test_all_are_fit(four_nodes: OneHostSlurm, nvml: StandIn, job: str) -> None:
    done = examine(four_nodes, nvml, {}, "--jobid", job, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["job"], told["verdict"], told["exclude"]) == (job, "fit", None)
    assert [each["node"] for each in told["nodes"]] == ["gpu01", "gpu02", "gpu03", "gpu04"]
    assert {len(each["gpus"]) for each in told["nodes"]} == {8}
    assert examine(four_nodes, nvml, {}, "--jobid", job, "--quiet").stdout == ""


def test_what_lies_between(four_nodes: OneHostSlurm, nvml: StandIn, job: str) -> None:
    """The nodes are this machine under four names that nobody resolves; connections work."""
    options = ("--jobid", job, "--format", "json", "--select", "VN7", "--nccl")
    done = examine(four_nodes, nvml, {}, *options)
    assert done.returncode == 1
    found = {check["code"]: check for check in json.loads(done.stdout)["between"]}
    assert found["VN701"]["evidence"] == ["gpu[01-04] on gpu[01-04]"]
    assert {found[code]["status"] for code in ("VN703", "VN704", "VN705")} == {"ok"}
    assert found["VN702"]["status"] == "skipped"
    assert found["VN706"]["status"] == "unknown"
    assert "has no torch" in found["VN706"]["message"]


def test_a_job_that_has_ended(four_nodes: OneHostSlurm, nvml: StandIn) -> None:
    done = examine(four_nodes, nvml, {}, "--jobid", "99999")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Slurm knows of no job 99999" in done.stderr


def test_without_an_allocation(command: Callable[..., Outcome]) -> None:
    outcome = command("node", "--all-nodes", "--no-config")
    assert outcome.code == 2
    assert "needs an allocation: run it inside a job, or name one with --jobid" in outcome.err


def test_a_job_is_for_all_nodes(command: Callable[..., Outcome]) -> None:
    assert command("node", "--jobid", "7", "--no-config").code == 2


def test_frozen_hanging_and_held(four_nodes: OneHostSlurm, nvml: StandIn, job: str) -> None:
    """Also from outside of the job."""
    scenarios = {"gpu02": HELD, "gpu03": HANGS}
    with frozen(four_nodes, "gpu04"):
        done = examine(four_nodes, nvml, scenarios, "--jobid", job)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[:6] == [
        f"4 nodes of job {job}: 1 fit, 1 not fit, 2 unknown.",
        "",
        "gpu01  · · · · · · · ·  fit",
        "gpu02  H · · · · · · ·  not fit  gpu-memory-held, gpu-memory-too-low",
        "gpu03                   unknown  the probe of gpus: no answer within "
        + lines[4].partition("within ")[2],
        "gpu04                   unknown  no answer within 16 s",
    ]
    assert "#SBATCH --exclude=gpu02" in lines
    assert lines[-1].startswith("To the administrators: nodes are not fit for jobs: gpu02: GPU 0: ")
