"""`vllm-doctor cluster` on a real Slurm of four nodes: idle, busy, drained and dead.

Each test has nodes of its own: Slurm takes its time to call one idle again.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest

from tests.node.conftest import StandIn
from tests.node.slurm import OneHostSlurm, python_for_everybody

pytestmark = pytest.mark.xdist_group("cluster-slurm")

FREE = "gpu\n" * 8
HELD = FREE.replace("gpu\n", "gpu\nmemory 81559 70000\n", 1)
WORDS = ("-m", "doctor", "cluster", "--no-config", "--select", "VN1,VN2")


def cluster(
    slurm: OneHostSlurm, nvml: StandIn, *options: str, scenario: str = FREE
) -> subprocess.CompletedProcess[str]:
    command = [*slurm.nvml_of_nodes(nvml, {"": scenario}), *python_for_everybody()]
    return slurm.run(*command, *WORDS, *options, more={"COLUMNS": "120"})


def test_what_would_be_submitted(four_nodes: OneHostSlurm, nvml: StandIn) -> None:
    done = cluster(four_nodes, nvml, "--dry-run", "--nodes", "gpu[01-02]", "--account", "lab")
    assert done.returncode == 0
    first, second = done.stdout.splitlines()
    assert "--nodelist=gpu01" in first
    assert {"--gres=gpu:8", "--time=2", "--account=lab"} < set(second.split())
    assert "2 of 2 nodes are idle; nothing was submitted." in done.stderr
    assert four_nodes.run("squeue", "--noheader", "--states=all").stdout == ""


def test_no_such_partition(four_nodes: OneHostSlurm, nvml: StandIn) -> None:
    done = cluster(four_nodes, nvml, "--partition", "moon")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_all_in_json(four_nodes: OneHostSlurm, nvml: StandIn) -> None:
    done = cluster(four_nodes, nvml, "--nodes", "gpu03", "--format", "json", "--gpus", "2")
    told = json.loads(done.stdout)
    assert (done.returncode, told["verdict"]) == (0, "fit")
    (node,) = told["nodes"]
    assert node["slurm"] == {"state": "idle", "reason": None}
    assert len(node["gpus"]) == 2


def _settle(slurm: OneHostSlurm, states: dict[str, tuple[str, ...]]) -> None:
    """Wait until sinfo tells of these states; asked more often it never comes to tell of them."""
    for _ in range(20):
        time.sleep(1)
        found = {node: slurm.node_state(node) for node in states}
        if all(found[node] in wanted for node, wanted in states.items()):
            return
    pytest.fail(f"the nodes don't come to these states, they are {found}")


def test_idle_busy_drained_and_dead(four_nodes: OneHostSlurm, nvml: StandIn) -> None:
    root = {"env": {**os.environ, **four_nodes.environment}, "check": True}
    update = ["scontrol", "update", "nodename=gpu03", "state=drain", "reason=fan broken"]
    subprocess.run(update, **root)  # type: ignore[call-overload]
    os.kill(four_nodes.daemon("gpu04"), signal.SIGKILL)
    down = ["scontrol", "update", "nodename=gpu04", "state=down", "reason=no answer"]
    subprocess.run(down, **root)  # type: ignore[call-overload]
    options = ("--parsable", "--nodelist=gpu02", "--gres=gpu:8", "--output=/dev/null")
    job = four_nodes.run("sbatch", *options, "--wrap", "exec sleep 600").stdout.strip()
    busy = ("alloc", "mix")
    _settle(
        four_nodes, {"gpu01": ("idle",), "gpu02": busy, "gpu03": ("drain",), "gpu04": ("down",)}
    )
    page = four_nodes.home / "page.html"
    done = cluster(four_nodes, nvml, "--html", str(page), scenario=HELD)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (1, "")
    assert lines[0] == "4 nodes of the cluster: 1 not fit, 3 not looked at."
    assert [" ".join(line.split()) for line in lines[2:6]] == [
        "gpu01 H · · · · · · · idle not fit gpu-memory-held, gpu-memory-too-low",
        f"gpu02 {lines[3].split()[1]} not looked at",
        "gpu03 drained not looked at fan broken",
        "gpu04 down not looked at no answer",
    ]
    assert lines[3].split()[1] in ("allocated", "mixed")
    assert "#SBATCH --exclude=gpu01" in lines
    assert "fan broken" in page.read_text()
    queue = four_nodes.run("squeue", "--noheader", "--format=%i").stdout.split()
    assert queue == [job]  # its own are gone, and nobody else's
    assert [path.name for path in four_nodes.home.glob(".vllm-doctor-*")] == []
    four_nodes.run("scancel", job)
