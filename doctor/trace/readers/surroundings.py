"""Surroundings: what a script is for Slurm, and what else it starts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.trace.machine.journal import Walk
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.trace.readers.concurrency import JobShape
from doctor.trace.readers.jobs import Job, Request

_IN_JOB = regex(r"\$\{?SLURM_(JOB|PROC|NODE|LOCAL|ARRAY|STEP|TASK|NTASKS)")


def runs_elsewhere(own: Job, invocations: Iterable[Invocation]) -> bool:
    """Whether the script runs on a machine of its user's and reaches Slurm by ssh alone."""
    remote = [each.context.remote for each in invocations if is_a(each.program, Trait.SLURM)]
    in_slurm = bool(own.header.effective) or _IN_JOB.search(own.text) is not None
    return bool(remote) and all(remote) and not in_slurm


class Surroundings(Record):
    """What surrounds the servers of a script.

    ``request`` is what its own header asks for; None without one, or with several components.
    ``is_batch`` tells that sbatch would read the script; ``in_job`` that it runs in a job, as
    its header or its use of the job's variables shows.
    """

    walk: Walk
    shape: JobShape
    request: Request | None
    is_batch: bool
    in_job: bool

    @classmethod
    def of(cls, own: Job, walk: Walk, requests: Sequence[Request]) -> Surroundings:
        """``requests`` are all those of the script, its own header's first."""
        is_batch = bool(own.header.effective)
        request = requests[0] if is_batch and requests else None
        return cls(
            walk,
            JobShape.of(request.asks if request is not None else None),
            request if len(own.header.components) == 1 else None,
            is_batch,
            is_batch or _IN_JOB.search(own.text) is not None,
        )

    def others(self) -> Iterator[Invocation]:
        """The programs that the script starts."""
        return (invocation for invocation in self.walk.invocations if invocation.arguments)

    @property
    def submits(self) -> bool:
        """Whether the script hands in jobs, perhaps itself, so that parts run outside of one."""
        return any(each.program == "sbatch" for each in self.others())
