"""The probes of the place that Slurm gave us: the node, the job, other jobs, and the time left."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping

from doctor.base.numbers import whole_number
from doctor.base.regex import regex
from doctor.base.unknown import UNKNOWN, UnknownType
from doctor.facts.node.slurm import JobPlace, OtherJobs, ThisNode, TimeLeft
from doctor.node import place
from doctor.node.bounds import clipped, first
from doctor.node.probe import NotHereError, Probe, Situation, UnseenError
from doctor.node.tmp_folders import user_name

#: A controller that is alive answers in a tenth of that; a dead one would cost 9 s, a missing
#: slurm.conf 59 s.
_SECONDS = 2.0
#: What Slurm's programs write before what they say.
_SAYS = regex(r"^.*?(?:error|fatal): ")
_NO_JOB = "this is not a Slurm job"


def _node(_: Situation) -> Iterator[ThisNode]:
    yield ThisNode()


def _place(situation: Situation) -> Iterator[JobPlace]:
    """Inside a job or not, by the environment alone: Slurm's controller need not answer."""
    environment = situation.environment
    job = environment.get("SLURM_JOB_ID")
    if job is None:
        if _has_slurm(environment):
            yield JobPlace(job=None, allocated=None, first=None, on_allocated_node=False)
            return
        raise NotHereError("there is no Slurm here")
    names = place.allocated(environment)
    yield JobPlace(
        job=job,
        allocated=environment.get("SLURM_JOB_NODELIST"),
        first=names[0] if names else None,
        on_allocated_node=place.is_allocated(environment) if names else UNKNOWN,
        reasons={"on_allocated_node": "SLURM_JOB_NODELIST doesn't tell the job's nodes"},
    )


def _other_jobs(situation: Situation) -> Iterator[OtherJobs]:
    node = place.name(situation.environment)
    told = _squeue(situation, f"--nodelist={node}", "--states=running", "--format=%i %u")
    own_job = situation.environment.get("SLURM_JOB_ID")
    jobs = [line.split() for line in told.splitlines() if len(line.split()) == 2]
    others = [(job, user) for job, user in jobs if job.partition("_")[0] != own_job]
    name = user_name(situation.user)
    yield OtherJobs(
        count=len(others),
        users=tuple(first(sorted({user for _, user in others}))),
        own=sum(user == name for _, user in others),
        jobs=tuple(first([job for job, _ in others])),
    )


def _time_left(situation: Situation) -> Iterator[TimeLeft]:
    environment = situation.environment
    job = environment.get("SLURM_JOB_ID")
    if job is None:
        raise NotHereError(_NO_JOB)
    if (end := whole_number(environment.get("SLURM_JOB_END_TIME", ""))) is not None:
        yield TimeLeft(minutes=round((end - time.time()) / 60, 1))
        return
    told = _squeue(situation, f"--jobs={job}", "--format=%L").strip()
    minutes = None if told == "UNLIMITED" else _minutes(told.partition("\n")[0])
    reasons = {"minutes": f"squeue tells {told!r} of the time left"}
    yield TimeLeft(minutes=minutes, reasons=reasons)


def _minutes(text: str) -> float | UnknownType:
    """The minutes in Slurm's ``days-hours:minutes:seconds``."""
    days, _, rest = text.rpartition("-")
    numbers = [whole_number(part) for part in (days or "0", *rest.split(":"))]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers) or len(known) > 4:
        return UNKNOWN
    seconds = 0
    for number in known[1:]:
        seconds = seconds * 60 + number
    return round(known[0] * 24 * 60 + seconds / 60, 1)


def _has_slurm(environment: Mapping[str, str]) -> bool:
    return shutil.which("squeue", path=environment.get("PATH")) is not None


def _squeue(situation: Situation, *options: str) -> str:
    """What squeue prints. It prints text: with ``--json`` it hides that nobody answered it."""
    if not _has_slurm(situation.environment):
        raise NotHereError("there is no Slurm here")
    try:
        done = subprocess.run(
            ("squeue", "--noheader", *options),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=dict(situation.environment),
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise UnseenError(f"Slurm's controller gave no answer within {_SECONDS:g} s") from None
    except OSError as error:
        raise UnseenError(f"squeue can't be run: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise UnseenError(f"squeue says: {clipped(_SAYS.sub('', said[-1]))}")
    return done.stdout


PROBES = (
    Probe("node", (ThisNode,), _node),
    Probe("job", (JobPlace,), _place),
    Probe("other-jobs", (OtherJobs,), _other_jobs),
    Probe("time-left", (TimeLeft,), _time_left),
)
