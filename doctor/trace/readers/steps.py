"""Steps: the srun commands that start something in a job that is there already."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.facts.base import Evidence
from doctor.facts.jobs import Step
from doctor.slurm.allocation import is_step
from doctor.slurm.options import Given, Option, read_components
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.options import Unwrapped
from doctor.trace.readers import step_holders
from doctor.trace.readers.scene import Scene
from doctor.values.value import UNKNOWN, UnknownType, Value

#: How a script names the job that it runs in itself.
_OWN_JOB = ("$SLURM_JOB_ID", "$SLURM_JOBID")


def read(scene: Scene) -> Iterator[Step]:
    """The steps among the programs."""
    invocations, request = scene.invocations, scene.request
    keeps_a_job = any(_keeps_a_job(invocation) for invocation in invocations)
    holders = list(step_holders.holders(invocations, request))
    for invocation in invocations:
        if invocation.arguments[0].display.rpartition("/")[2] != "srun":
            continue
        if invocation.context.in_step:
            continue
        in_job = scene.is_batch or invocation.context.batch_job is not None
        timeout = _timeout(invocation)
        for given in read_components(invocation.arguments[1:], "srun"):
            if given.rest is None and not given.options:
                continue
            if invocation.context.uncalled and given.last("jobid") is None:
                continue  # whoever calls it may be in a job or not
            other = step_holders.held_by(invocation, given, holders, request)
            yield _fact(invocation, given, in_job, timeout, keeps_a_job, other)


def _fact(
    invocation: Invocation,
    given: Given,
    in_job: bool,
    timeout: Unwrapped | None,
    keeps_a_job: bool,
    other: Invocation | None,
) -> Step:
    program = invocation.arguments[0].location or invocation.origin.location
    job = given.last("jobid") or _by_variable(invocation)
    evidence = {
        "program": Evidence((program,)),
        "job": _evidence(job),
        "container_image": _of_value(given.last("container-image")),
    }
    if timeout is not None:
        evidence["timeout"] = Evidence((invocation.named("timeout").location or program,))
    if other is not None:
        evidence["beside"] = Evidence((other.arguments[0].location or other.origin.location,))
    return Step(
        location=invocation.origin.location,
        evidence=evidence,
        in_job=is_step(given, in_job),
        job=job.value.display if job is not None and job.value is not None else None,
        into_running_job=_into_running_job(
            job, in_job, keeps_a_job or given.last("interactive") is not None
        ),
        overlap=_flag(given, invocation, "overlap"),
        immediate=_flag(given, invocation, "immediate"),
        exact=_flag(given, invocation, "exact", "exclusive"),
        beside=other.program if other is not None else None,
        timeout=timeout.operands[0].display if timeout is not None and timeout.operands else None,
        kills_after=timeout is not None
        and (timeout.given("-k", "--kill-after") or _signal_is_kill(timeout)),
        container_image=_image(given),
    )


def _by_variable(invocation: Invocation) -> Option | None:
    """The job that the script names in the variable which srun takes for ``--jobid``."""
    for name in ("SLURM_JOB_ID", "SLURM_JOBID"):
        held = invocation.environment.get(name, ())
        if len(held) == 1 and isinstance(held[0], Value):
            return Option("jobid", held[0])
    return None


def _image(given: Given) -> str | UnknownType | None:
    option = given.last("container-image")
    if option is None:
        return UNKNOWN if given.open else None
    known = option.value.text if option.value is not None else None
    return UNKNOWN if known is None else known


def _into_running_job(job: Option | None, in_job: bool, keeps_a_job: bool) -> bool | UnknownType:
    if job is None or job.value is None:
        return False
    if job.value.display in _OWN_JOB:
        return False if in_job else UNKNOWN
    return UNKNOWN if keeps_a_job else True


def _keeps_a_job(invocation: Invocation) -> bool:
    """``salloc --no-shell``: the job is the script's own, with nothing else in it."""
    name = invocation.arguments[0].display.rpartition("/")[2]
    return name == "salloc" and any(v.text == "--no-shell" for v in invocation.arguments)


def _timeout(invocation: Invocation) -> Unwrapped | None:
    found = [w for w in invocation.context.wrappers if w.words[0] == "timeout"]
    return found[-1] if found else None


def _signal_is_kill(timeout: Unwrapped) -> bool:
    signals = timeout.values("-s", "--signal")
    return bool(signals) and signals[-1].display.removeprefix("SIG") in ("KILL", "9")


def _flag(given: Given, invocation: Invocation, *names: str) -> bool | UnknownType:
    if given.last(*names) is not None or any(
        f"SLURM_{name.upper()}" in invocation.environment for name in names
    ):
        return True
    return UNKNOWN if given.open else False


def _evidence(option: Option | None) -> Evidence:
    place = option.word.location if option is not None and option.word is not None else None
    return Evidence((place,)) if place is not None else Evidence()


def _of_value(option: Option | None) -> Evidence:
    """Where the value is written, be it on the line or in a variable."""
    value = option.value if option is not None else None
    if value is None or value.location is None:
        return _evidence(option)
    return Evidence((value.location,), value.assumes)
