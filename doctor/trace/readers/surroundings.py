"""Surroundings: what a script is for Slurm, and what else it starts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.trace.machine.journal import Walk
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.trace.programs.wrappers import unwrap
from doctor.trace.readers.concurrency import JobShape
from doctor.trace.readers.jobs import Job, Request

_CLIENT = regex(r"client|bench|health|http\.server|wait_for|request", re.IGNORECASE)
_IN_JOB = regex(r"\$\{?SLURM_(JOB|PROC|NODE|LOCAL|ARRAY|STEP|TASK|NTASKS)")


def is_light(invocation: Invocation) -> bool:
    """Whether a program takes no GPU, or only starts another one."""
    name = invocation.program
    if name.startswith("python"):
        return any(_CLIENT.search(word.display) for word in invocation.arguments[1:3])
    return is_a(name, Trait.NO_GPU) or unwrap(invocation.arguments) is not None


def runs_elsewhere(own: Job, invocations: Iterable[Invocation]) -> bool:
    """Whether the script runs on a machine of its user's and reaches Slurm by ssh alone."""
    remote = [each.context.remote for each in invocations if is_a(each.program, Trait.SLURM)]
    in_slurm = bool(own.header.effective) or _IN_JOB.search(own.text) is not None
    return bool(remote) and all(remote) and not in_slurm


class Surroundings(Record):
    """What surrounds the servers of a script.

    ``request`` is what its own header asks for; None without one, or with several components.
    ``submitted`` are what the jobs ask for that it submits.
    ``is_batch`` tells that sbatch would read the script; ``in_job`` that it runs in a job, as
    its header or its use of the job's variables shows.
    """

    walk: Walk
    shape: JobShape
    request: Request | None
    is_batch: bool
    in_job: bool
    submitted: tuple[Request, ...] = ()

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
            tuple(each for each in requests if each.batch_job is not None),
        )

    def request_of(self, invocation: Invocation) -> Request | None:
        """What the job asks for that a program runs in; None where it isn't in sight."""
        context = invocation.context
        if context.remote:
            return None
        if context.batch_job is None:
            return self.request
        jobs = [each for each in self.submitted if each.batch_job == context.batch_job]
        return jobs[0] if len(jobs) == 1 else None

    def others(self) -> Iterator[Invocation]:
        """The programs that the script starts."""
        return (invocation for invocation in self.walk.invocations if invocation.arguments)

    @property
    def texts(self) -> Iterator[str]:
        """The script, and those that it runs or includes."""
        return (source.text for source in self.walk.scripts.values())

    @property
    def submits(self) -> bool:
        """Whether the script hands in jobs, perhaps itself, so that parts run outside of one."""
        return any(each.program == "sbatch" for each in self.others())
