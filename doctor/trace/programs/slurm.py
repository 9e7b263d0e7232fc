"""Slurm's programs: steps, allocations and jobs, whose options Slurm's own table knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from doctor.base.numbers import whole_number
from doctor.slurm.table import Takes, options
from doctor.trace.domain.state import Content
from doctor.trace.programs.containers import SHIFTER_IMAGE, pyxis_of
from doctor.trace.programs.invocation import JOB_NODES, JOB_TASKS, Context, Copies, Start
from doctor.trace.programs.options import Unwrapped, Wrapper
from doctor.trace.programs.program import Place, Program, Sink, Trait
from doctor.values.value import HOST, PROCESS, TASK, Unknown, Value

_SLURM = frozenset({Trait.SLURM})
_DEVICES = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")
#: What srun sets in each step to the step's GPUs, whatever it was before (seen on 22.05.8).
SET_ANEW = frozenset(f"${name} of the step" for name in _DEVICES)
#: What srun tells each task of itself.
OF_TASK = ("SLURM_PROCID", "SLURM_LOCALID", "SLURM_NODEID")
_STEP_SIZES = (
    ("node", "nodes", ("-N", "--nodes")),
    ("task", "tasks", ("-n", "--ntasks")),
    ("task a node", "tasks a node", ("--ntasks-per-node", "--tasks-per-node")),
)


def _wrapper(program: str) -> Wrapper:
    valued = {name: spec for name, spec in options(program).items() if spec.takes is Takes.REQUIRED}
    return Wrapper("".join(spec.letter for spec in valued.values()), frozenset(valued))


# --- what a command inside sees ------------------------------------------------------------------


def exported(
    unwrapped: Unwrapped, environment: Mapping[str, tuple[Content, ...]]
) -> dict[str, tuple[Content, ...]]:
    """What a step or a job sees of an environment, as its ``--export`` says."""
    seen = dict(environment)
    for export in unwrapped.values("--export"):
        items = {item.display.partition("=")[0]: item for item in export.split(",")}
        if "ALL" not in items and all(item.prefix for item in items.values()):
            seen = {n: v for n, v in seen.items() if n in items}
        for name, item in items.items():
            if "=" in item.prefix:
                seen[name] = (item.slice(len(name) + 1),)
    return seen


def _step(unwrapped: Unwrapped, start: Start) -> Start:
    """A step: how many tasks it has, and what of the environment they see."""
    environment = exported(unwrapped, start.environment)
    for name in environment.keys() & set(_DEVICES):
        environment[name] = (Value((Unknown(f"${name} of the step"),)),)
    for image in unwrapped.values("--image"):
        environment[SHIFTER_IMAGE] = (image,)
    for name in OF_TASK:
        environment.pop(name, None)
    context = replace(
        start.context,
        in_step=True,
        copies=frozenset(_copies(unwrapped)) | start.context.copies & {PROCESS},
        container=pyxis_of(unwrapped) or start.context.container,
    )
    return replace(start, environment=environment, context=context)


def _copies(unwrapped: Unwrapped) -> set[Copies]:
    """How many tasks a step runs, as far as its own options say."""
    copies: set[Copies] = {JOB_TASKS, JOB_NODES}
    for value in unwrapped.values("-n", "--ntasks", "--ntasks-per-node", "--tasks-per-node"):
        copies.discard(JOB_TASKS)
        if (whole_number(value.text) or 1) > 1:
            copies.add(TASK)
    for value in unwrapped.values("-N", "--nodes"):
        copies.discard(JOB_NODES)
        if (whole_number(value.text) or 1) > 1:
            copies.add(HOST)
    if unwrapped.given("-w", "--nodelist"):
        copies -= {JOB_TASKS, JOB_NODES}
    return copies


# --- where it runs, and where its outputs go -----------------------------------------------------


def _step_place(unwrapped: Unwrapped, context: Context) -> Place:
    """Of how many nodes and tasks a step is, as its options or its job say."""
    found = list(_sizes(unwrapped))
    values = [value for value, _ in found]
    words = [text for _, text in found]
    if not found and context.copies & {JOB_TASKS, JOB_NODES}:
        words.append("as many tasks as the job has")
    for nodes in unwrapped.values("-w", "--nodelist")[-1:]:
        values.append(nodes)
        words.append(f"on {nodes.display}")
    shown = f"in an srun step ({', '.join(words)})" if words else "in an srun step"
    return Place("step", shown, tuple(values))


def _sizes(unwrapped: Unwrapped) -> Iterator[tuple[Value, str]]:
    for one, many, spellings in _STEP_SIZES:
        for count in unwrapped.values(*spellings)[-1:]:
            yield count, f"{count.display} {one if count.text == '1' else many}"


def _step_output(unwrapped: Unwrapped, descriptor: int) -> Sink | None:
    given = unwrapped.values("-o", "--output")
    if descriptor == 2:
        given = unwrapped.values("-e", "--error") or given
    if not given:
        return None
    if given[-1].text in ("/dev/null", "none"):
        return Sink("null", "thrown away", given[-1])
    return Sink("file", given[-1].display, given[-1])


def _allocation_place(unwrapped: Unwrapped, context: Context) -> Place:
    return Place("allocation", "in an allocation of its own (salloc)")


def _job_place(unwrapped: Unwrapped, context: Context) -> Place:
    return Place("job", "in a job that the script submits")


def _job_output(unwrapped: Unwrapped, descriptor: int) -> Sink:
    return Sink("job", "the script's own output")


#: How to read the command line of sbatch, which starts a whole script and not a command.
SBATCH = _wrapper("sbatch")

PROGRAMS = (
    Program(("sbatch",), is_a=_SLURM, sends=_job_output, places=_job_place),
    Program(
        ("srun",),
        is_a=_SLURM,
        wraps=_wrapper("srun"),
        enters=_step,
        sends=_step_output,
        passes="`--export=ALL`",
        places=_step_place,
    ),
    Program(("salloc",), is_a=_SLURM, wraps=_wrapper("salloc"), places=_allocation_place),
    Program(("scontrol", "squeue", "sinfo", "sacct"), is_a=_SLURM),
    Program(("scancel",), is_a=_SLURM | {Trait.ENDS_OTHERS}),
)
