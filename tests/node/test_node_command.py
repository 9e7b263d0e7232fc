"""`vllm-doctor node` as people call it, on GPUs that the stand-in shows."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.node.conftest import StandIn

#: Beyond this nothing can be but a hang; no more is asserted of time, on a machine that others use.
_OUTER_LIMIT = 60
_CHECKS = {"VN101", "VN102", "VN103", "VN104", "VN105", "VN106", "VN107"}


@dataclass(frozen=True)
class Told:
    """What a run told, in JSON."""

    code: int
    verdict: str
    gpus: list[dict[str, Any]]
    checks: Mapping[str, dict[str, Any]]

    def status(self, *codes: str) -> set[str]:
        return {self.checks[code]["status"] for code in codes}


Node = Callable[..., Told]


@pytest.fixture
def node(nvml: StandIn) -> Node:
    """Runs the command where NVML answers as a scenario says."""

    def run(scenario: str, *options: str, **environment: str) -> Told:
        done = subprocess.run(
            [sys.executable, "-m", "doctor", "node", "--no-config", "--format", "json", *options],
            env={**nvml.environment(scenario), **environment},
            capture_output=True,
            text=True,
            timeout=_OUTER_LIMIT,
        )
        assert done.stderr == ""
        told = json.loads(done.stdout)
        checks = {check["code"]: check for check in told["checks"]}
        return Told(done.returncode, told["verdict"], told["gpus"], checks)

    return run


def test_eight_free_gpus(node: Node) -> None:
    told = node("gpu\n" * 8)
    assert [gpu["gpu"] for gpu in told.gpus] == [f"GPU {index}" for index in range(8)]
    assert told.status(*_CHECKS - {"VN107"}) == {"ok"}
    assert told.status("VN107") == {"skipped"}


def test_memory_that_nobody_visible_holds(node: Node) -> None:
    told = node("gpu\ngpu\nmemory 81559 70000\n")
    assert (told.code, told.verdict) == (1, "not fit")
    assert told.status("VN101", "VN102") == {"error"}
    (evidence,) = told.checks["VN101"]["evidence"]
    assert evidence.startswith("GPU 1: ")
    assert "can't be seen from here" in evidence
    assert told.gpus[1]["held_by"] == "unseen"


def test_an_init_that_hangs(node: Node) -> None:
    told = node("answer nvmlInitWithFlags HANG\ngpu\n", "--timeout", "1")
    assert (told.code, told.verdict) == (2, "unknown")
    assert told.status(*_CHECKS) == {"unknown"}
    assert "something hangs" in told.checks["VN101"]["message"]
