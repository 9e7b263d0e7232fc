"""`vllm-doctor node` as people call it, on GPUs that the stand-in shows."""

from __future__ import annotations

from tests.node.conftest import Node

_CHECKS = {"VN101", "VN102", "VN103", "VN104", "VN105", "VN106", "VN107"}


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
