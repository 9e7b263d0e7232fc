"""Steps that hold the job, or its GPUs, while another step is to start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doctor.base.bounds import MAX_COMPARED
from doctor.slurm.allocation import read_allocation
from doctor.slurm.options import Given, read_components
from doctor.trace.programs.invocation import Invocation
from doctor.trace.readers.concurrency import together
from doctor.trace.readers.jobs import Request
from doctor.values.value import Value, known
from doctor.vllm.program import recognise

#: Options with which a step says how many GPUs it takes.
_GPUS = ("gpus", "gpus-per-node", "gpus-per-socket", "gpus-per-task", "gres", "tres-per-task")
#: Options with which a step takes only a part of what the job has, or certain nodes of it.
_PARTIAL = (
    "exact",
    "exclusive",
    "nodes",
    "nodelist",
    "nodefile",
    "exclude",
    "relative",
    "ntasks",
    "ntasks-per-node",
    "cpus-per-task",
    "mem",
    "mem-per-cpu",
    "mem-per-gpu",
    "het-group",
    *_GPUS,
)
#: Variables that speak of a step as an option of it would.
_VARIABLES = ("SLURM_OVERLAP", "SLURM_GPUS_PER_NODE", "SLURM_STEP_GRES", "SLURM_GPUS")


def holders(invocations: Sequence[Invocation], request: Request | None) -> Iterator[Invocation]:
    """Programs that never end in steps of their own that hold all of the job, or all its GPUs."""
    found = 0
    for invocation in invocations:
        given = _step_of(invocation) if _goes_on(invocation) else None
        if given is None or not (_takes_all(given) or _takes_all_gpus(given, request)):
            continue
        found += 1
        if found > MAX_COMPARED:
            return
        yield invocation


def held_by(
    invocation: Invocation, given: Given, holders: Sequence[Invocation], request: Request | None
) -> Invocation | None:
    """What holds all that a step needs while this step, an srun, is to start."""
    if _is_told(invocation):
        return None
    all_of_it, all_gpus = _takes_all(given), _takes_all_gpus(given, request)
    for other in holders if all_of_it or all_gpus else ():
        step = _step_of(other)
        if step is None or other.order > invocation.order:
            continue
        if not (all_of_it and _takes_all(step)) and not (
            all_gpus and _takes_all_gpus(step, request)
        ):
            continue
        if not _is_told(other) and _is_another(other, invocation) and together(other, invocation):
            return other
    return None


def _is_told(invocation: Invocation) -> bool:
    """Whether the script sets a variable for its steps; what the header says is no word of it."""
    held = (each for name in _VARIABLES for each in invocation.environment.get(name, ()))
    return any(not isinstance(each, Value) or each.location is not None for each in held)


def _is_another(one: Invocation, other: Invocation) -> bool:
    """Whether two are of different commands, or of different iterations of a loop."""
    return one.origin != other.origin or one.context.turns != other.context.turns


def _goes_on(invocation: Invocation) -> bool:
    """Whether a program surely runs on: a server of vLLM's, or Ray's as long as it blocks."""
    if not invocation.context.in_step or invocation.context.batch_job is not None:
        return False
    words = [word.text for word in invocation.arguments]
    ray = invocation.program == "ray" and words[1:2] == ["start"] and "--block" in words
    return ray or recognise(invocation.arguments) is not None


def _step_of(invocation: Invocation) -> Given | None:
    """The options of the srun around a program, if there is just one and nothing before it.

    Within ``srun bash -c '…'`` they are what was taken off before the program.
    """
    steps = [wrapper for wrapper in invocation.context.wrappers if wrapper.words[0] == "srun"]
    if len(steps) != 1:
        return None
    if invocation.outer[0].display.rpartition("/")[2] == "srun":
        return read_components(invocation.outer[1:], "srun")[0]
    if invocation.context.wrappers[0] is not steps[0]:
        return None
    words = [each for name, value in steps[0].options for each in (known(name), value) if each]
    return read_components([*words, known("bash")], "srun")[0]


def _takes_all(given: Given) -> bool:
    return not given.open and given.last("overlap", "jobid", *_PARTIAL) is None


def _takes_all_gpus(given: Given, request: Request | None) -> bool:
    """Whether a step takes each GPU of a job on one node.

    srun(1), "--gres": a step that doesn't say otherwise, or that asks for as many, takes all that
    the job has. One with
    ``--gpus`` goes on taking what the header's ``--gpus-per-node`` asks for (tried, 22.05.8).
    """
    if request is None or request.asks.asks_gpus is not True or not _is_on_one_node(request):
        return False
    if given.open or given.last("overlap", "jobid", "het-group") is not None:
        return False
    if request.given.last("gpus-per-task") is not None and given.last("ntasks") is not None:
        return False  # a step of fewer tasks takes the GPUs of these
    said = [name for name in _GPUS if given.last(name) is not None]
    if said == ["gpus"] and request.given.last("gpus-per-node") is not None:
        return True
    has, asks = request.asks.gpus, read_allocation(given, "srun").gpus if said else None
    return not said or (isinstance(has, int) and isinstance(asks, int) and asks >= has)


def _is_on_one_node(request: Request) -> bool:
    asks = request.asks
    return asks.nodes == 1 or (asks.nodes is None and asks.tasks in (None, 1))
