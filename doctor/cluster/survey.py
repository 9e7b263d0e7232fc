"""A survey of a cluster: a short job on each idle node, so many at once, watched with patience."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from doctor.base.errors import DoctorError
from doctor.base.record import Record

#: Seconds between two questions to Slurm's controller, however many nodes there are.
EVERY = 5.0
#: The states of a job that has not ended.
_ALIVE = ("PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED", "REQUEUED", "STAGE_OUT")


class SlurmNode(Record):
    """A node as `sinfo` tells of it; ``partition`` is the first of those that were asked for."""

    name: str
    state: str
    gpus: int
    reason: str
    partition: str

    @property
    def is_idle(self) -> bool:
        """Whether a job would start there at once; a mark behind the state says no."""
        return self.state == "idle"


class JobState(Record):
    """What `squeue` says of a job."""

    state: str
    reason: str


class Slurm(Protocol):
    """What a survey asks of Slurm."""

    def submit(self, node: SlurmNode) -> str:
        """Submit the job of a node, and tell its number; raises DoctorError if it is refused."""

    def states(self) -> Mapping[str, JobState] | None:
        """The jobs of this survey, as far as Slurm remembers them; None if it doesn't answer."""

    def cancel(self, jobs: Sequence[str]) -> None:
        """Cancel these jobs."""


@dataclass
class Survey:
    """Jobs that come and go; at most ``at_once``, each given up after ``wait`` seconds."""

    slurm: Slurm
    at_once: int
    wait: float
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _alive: dict[str, tuple[SlurmNode, float]] = field(default_factory=dict)

    def run(self, nodes: Sequence[SlurmNode]) -> Generator[tuple[SlurmNode, str]]:
        """Each node, as its job ends, and why it had none or it came to nothing.

        When the caller stops listening, or Slurm fails, the jobs that are left are cancelled.
        """
        waiting = list(nodes)[::-1]
        try:
            while waiting or self._alive:
                while waiting and len(self._alive) < self.at_once:
                    node = waiting.pop()
                    try:
                        self._alive[self.slurm.submit(node)] = node, self.now()
                    except DoctorError as refusal:
                        yield node, refusal.message
                if self._alive:
                    self.sleep(EVERY)
                    yield from self._ended(self.slurm.states())
        finally:
            if self._alive:
                self.slurm.cancel(list(self._alive))

    def _ended(self, states: Mapping[str, JobState] | None) -> Iterator[tuple[SlurmNode, str]]:
        late: list[str] = []
        for job, (node, since) in list(self._alive.items()):
            found = None if states is None else states.get(job)
            if states is not None and (found is None or found.state not in _ALIVE):
                del self._alive[job]
                fails = found is not None and found.state not in ("COMPLETED", "FAILED")
                yield node, f"its job ended: {_words(found)}" if found and fails else ""
            elif self.now() - since > self.wait:
                late.append(job)
                del self._alive[job]
                said = _words(found) if found else "Slurm's controller doesn't answer"
                yield node, f"its job did not end within {self.wait:.0f} s: {said}"
        if late:
            self.slurm.cancel(late)


def _words(job: JobState) -> str:
    state = job.state.lower().replace("_", " ")
    return state if job.reason in ("", "None") else f"{state} ({job.reason})"
