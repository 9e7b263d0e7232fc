"""The all-reduce: done, or the rank that keeps the others waiting is named."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.base.unknown import UNKNOWN
from doctor.cluster.nccl.launch import Share
from doctor.cluster.nccl.outcome import Place, outcome
from doctor.cluster.nccl.run import here
from doctor.facts.node.links import AllReduce

Reduce = Callable[..., AllReduce]
GPUS = ["GPU 0", "GPU 1"]


@pytest.fixture
def reduce(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reduce:
    """Reduces on this machine with a stand-in for torch, in which a rank may misbehave."""

    def run(does: str = "", seconds: float = 60.0) -> AllReduce:
        programs = tmp_path / "bin"
        programs.mkdir()
        (programs / "python3").symlink_to(Path(sys.executable).resolve())
        monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "torch_stand_in"))
        monkeypatch.setenv("TORCH_STAND_IN", str(tmp_path))
        monkeypatch.setenv("TORCH_STAND_IN_DOES", does)
        return here("gpu01", GPUS, seconds)

    return run


def test_all_come_through(reduce: Reduce) -> None:
    found = reduce()
    assert (found.ranks, found.works, found.silent) == (2, True, "")
    assert isinstance(found.bandwidth, float)


def test_a_rank_that_is_stopped(reduce: Reduce) -> None:
    found = reduce("1 stops", seconds=6)
    assert found.works is False
    assert found.silent == "rank 1 (gpu01, GPU 1) is stuck while in the all-reduce"
    assert found.problem == "not finished within 6 s"


def test_a_rank_that_fails(reduce: Reduce) -> None:
    found = reduce("0 fails", seconds=6)
    assert found.silent.startswith("rank 0 (gpu01, GPU 0) failed while in the all-reduce: NCCL")


def test_a_rank_that_ends(reduce: Reduce) -> None:
    found = reduce("1 ends", seconds=6)
    assert found.silent == "rank 1 (gpu01, GPU 1) ended while in the all-reduce"


def test_an_environment_without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = shutil.which("python3", path="/usr/bin")
    if python is None:
        pytest.skip("missing part: a Python in /usr/bin, which has no torch")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("PYTHONPATH", "")
    found = here("gpu01", GPUS, 60)
    assert found.works is UNKNOWN
    assert "no torch" in found.reasons["works"]


PLACES = {rank: Place(f"gpu0{rank // 2 + 1}", f"GPU {rank % 2}") for rank in range(4)}


@pytest.mark.parametrize(
    ("stages", "silent"),
    [
        (
            ["in the all-reduce", "in the all-reduce", None, None],
            "rank 2 (gpu02, GPU 0) said nothing; rank 3 (gpu02, GPU 1) said nothing",
        ),
        (
            ["joining the others", "joining the others", "opening its GPU", "joining the others"],
            "rank 2 (gpu02, GPU 0) is opening its GPU",
        ),
        (
            ["joining the others"] * 4,
            "rank 0 (gpu01, GPU 0) is joining the others, as all the others are",
        ),
    ],
)
def test_who_keeps_the_others_waiting(stages: list[str | None], silent: str) -> None:
    told = {
        rank: {"stage": stage, "still": False, "ended": False}
        for rank, stage in enumerate(stages)
        if stage
    }
    assert outcome(PLACES, told, 60).silent == silent


def test_a_share_as_a_word() -> None:
    share = Share(8, 8, 16, "fd00::1", 33000)
    assert Share.of(share.words) == share
