"""A survey's jobs: so many at once, watched with patience, and none left behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from itertools import pairwise

import pytest

from doctor.base.errors import DoctorError
from doctor.cluster.survey import EVERY, JobState, SlurmNode, Survey


class Simulated:
    """A Slurm whose jobs start after a while and run for a while, by a clock of its own."""

    def __init__(self, runs: float = 12.0, starts: Mapping[str, float] | None = None) -> None:
        self.clock = 0.0
        self.runs = runs
        self.starts = starts or {}
        self.jobs: dict[str, tuple[str, float]] = {}
        self.asked: list[float] = []
        self.cancelled: list[str] = []
        self.refused: frozenset[str] = frozenset()
        self.silent = False
        self.most_alive = 0

    def sleep(self, seconds: float) -> None:
        self.clock += seconds

    def submit(self, node: SlurmNode) -> str:
        if node.name in self.refused:
            raise DoctorError("sbatch refuses: no such account")
        job = str(len(self.jobs) + 1)
        self.jobs[job] = node.name, self.clock
        self.most_alive = max(self.most_alive, sum(self._alive(each) for each in self.jobs))
        return job

    def states(self) -> Mapping[str, JobState] | None:
        self.asked.append(self.clock)
        return None if self.silent else {job: self._state(job) for job in self.jobs}

    def cancel(self, jobs: Sequence[str]) -> None:
        self.cancelled += jobs

    def _state(self, job: str) -> JobState:
        node, since = self.jobs[job]
        begins = since + self.starts.get(node, 1.0)
        if self.clock < begins:
            return JobState("PENDING", "Resources")
        return JobState("RUNNING" if self.clock < begins + self.runs else "COMPLETED", "None")

    def _alive(self, job: str) -> bool:
        return job not in self.cancelled and self._state(job).state != "COMPLETED"


def nodes(count: int) -> list[SlurmNode]:
    return [SlurmNode(f"n{number:04}", "idle", 8, "", "gpu") for number in range(count)]


def survey(slurm: Simulated, at_once: int = 32, wait: float = 300.0) -> Survey:
    return Survey(slurm, at_once, wait, now=lambda: slurm.clock, sleep=slurm.sleep)


def test_a_thousand_nodes() -> None:
    slurm = Simulated()
    found = dict(survey(slurm).run(nodes(1000)))
    assert len(found) == 1000
    assert set(found.values()) == {""}
    assert slurm.most_alive == 32
    gaps = [later - sooner for sooner, later in pairwise(slurm.asked)]
    assert min(gaps) >= EVERY
    assert slurm.cancelled == []


def test_a_job_that_never_starts_is_given_up() -> None:
    slurm = Simulated(starts={"n0001": 10_000.0})
    found = {node.name: problem for node, problem in survey(slurm, wait=60).run(nodes(3))}
    assert found["n0001"] == "its job did not end within 60 s: pending (Resources)"
    assert (found["n0000"], found["n0002"]) == ("", "")
    assert slurm.cancelled == ["2"]


def test_a_job_that_is_refused() -> None:
    slurm = Simulated()
    slurm.refused = frozenset({"n0000"})
    found = {node.name: problem for node, problem in survey(slurm).run(nodes(2))}
    assert found == {"n0000": "sbatch refuses: no such account", "n0001": ""}


def test_a_controller_that_is_silent() -> None:
    slurm = Simulated()
    slurm.silent = True
    found = dict(survey(slurm, wait=30).run(nodes(2)))
    assert {problem.partition(": ")[2] for problem in found.values()} == {
        "Slurm's controller doesn't answer"
    }
    assert sorted(slurm.cancelled) == ["1", "2"]


def test_its_own_jobs_are_cancelled_when_it_is_ended() -> None:
    slurm = Simulated(starts={"n0001": 10_000.0})
    with closing(survey(slurm).run(nodes(2))) as ended:
        assert next(ended)[0].name == "n0000"
    assert slurm.cancelled == ["2"]


def test_so_they_are_on_ctrl_c() -> None:
    slurm = Simulated()

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    found = Survey(slurm, 32, 300.0, now=lambda: slurm.clock, sleep=interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(found.run(nodes(3)))
    assert slurm.cancelled == ["1", "2", "3"]


@pytest.mark.parametrize("state", ["idle*", "idle~", "mixed", "down*", "drained", "reserved"])
def test_what_is_not_idle(state: str) -> None:
    assert not SlurmNode("n", state, 8, "", "gpu").is_idle
