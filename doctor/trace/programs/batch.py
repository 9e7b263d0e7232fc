"""Batch scripts: the options of a header and of the environment, and what the job is told.

sbatch(1), "Input environment variables" and "Output environment variables".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from doctor.shell.header import Header
from doctor.shell.header_words import is_placeholder
from doctor.shell.tree import Literal, Word
from doctor.slurm.allocation import read_allocation
from doctor.slurm.options import Given, Option, read_options
from doctor.trace.domain.environment import SET_IN_ARRAY, SET_IN_JOB
from doctor.trace.domain.frame import ScriptFrame
from doctor.trace.domain.state import Content, Missing
from doctor.trace.programs.containers import SHIFTER_IMAGE
from doctor.trace.programs.slurm import OF_TASK
from doctor.values.value import Piece, Text, Unknown, Value, known

#: A batch script is the first task on the first node of its job, until it starts a step.
_OF_FIRST_TASK = dict.fromkeys(OF_TASK, "0")
#: What variables hold that are set only where an option is given, as it is written.
_AS_GIVEN = {
    "SLURM_GPUS": "gpus",
    "SLURM_GPUS_PER_NODE": "gpus-per-node",
    "SLURM_GPUS_PER_TASK": "gpus-per-task",
    "SLURM_NTASKS_PER_NODE": "ntasks-per-node",
    "SLURM_CPUS_PER_TASK": "cpus-per-task",
}
#: The option that a variable stands for, behind `SBATCH_` or `SALLOC_`; none is for nodes or tasks.
_STANDS_FOR = {
    "ACCOUNT": "account",
    "ARRAY_INX": "array",
    "CONSTRAINT": "constraint",
    "EXCLUSIVE": "exclusive",
    "GPUS": "gpus",
    "GPUS_PER_NODE": "gpus-per-node",
    "GPUS_PER_TASK": "gpus-per-task",
    "GRES": "gres",
    "MEM_PER_NODE": "mem",
    "PARTITION": "partition",
    "QOS": "qos",
    "TIMELIMIT": "time",
}


# --- what it is given ---------------------------------------------------------------------------


def given_by(frame: ScriptFrame, header: Header) -> list[Given]:
    """The options of each component of a header."""
    return [
        read_options([_value(frame, word) for word in component], "sbatch")
        for component in header.components
    ]


def _value(frame: ScriptFrame, word: Word) -> Value:
    """A word of a header; a placeholder in it is an unknown that may hold several words."""
    pieces: list[Piece] = []
    for part in word.parts:
        if isinstance(part, Literal):
            origin = frame.origin(part.span)
            if is_placeholder(part.text):
                pieces.append(Unknown(part.text, many=True, origin=origin))
            else:
                pieces.append(Text(part.text, origin, quoted=True))
    return Value(tuple(pieces))


def from_environment(
    environment: Mapping[str, tuple[Content, ...]], program: str
) -> tuple[Given, ...]:
    """The options that the variables around ``sbatch`` or ``salloc`` stand for, if there are any.

    They outrank a script's header, and the command line outranks them.
    """
    options = tuple(_options(environment, program)) if program in ("sbatch", "salloc") else ()
    return (Given(program, options),) if options else ()


def _options(environment: Mapping[str, tuple[Content, ...]], program: str) -> Iterator[Option]:
    for name, option in _STANDS_FOR.items():
        held = environment.get(f"{program.upper()}_{name}", ())
        if len(held) == 1 and isinstance(held[0], Value):
            yield Option(option, held[0])


# --- what it is told ----------------------------------------------------------------------------


def told(given: Given, surely: bool) -> dict[str, Content]:
    """The variables that a job finds set: Slurm's own, and Shifter's image.

    ``surely`` is false of a script that may also run outside of the job.
    """
    found: dict[str, Content] = {}
    if surely:
        is_set = SET_IN_JOB | (SET_IN_ARRAY if given.last("array") is not None else frozenset())
        found |= dict.fromkeys(is_set, Missing(filled=True))
    found |= {name: known(text) for name, text in _settled(given).items()}
    image = given.last("image")
    if image is not None and image.value is not None:
        found[SHIFTER_IMAGE] = image.value
    return found


def _settled(given: Given) -> dict[str, str]:
    """What Slurm's variables hold, as far as the options say so."""
    asks = read_allocation(given, "header")
    counts = {
        "SLURM_NNODES": asks.nodes,
        "SLURM_JOB_NUM_NODES": asks.nodes,
        "SLURM_GPUS_ON_NODE": asks.gpus_per_node,
    }
    if given.last("ntasks", "ntasks-per-node", "ntasks-per-gpu") is not None:
        counts |= {"SLURM_NTASKS": asks.tasks, "SLURM_NPROCS": asks.tasks}
    settled = {n: str(count) for n, count in counts.items() if isinstance(count, int) and count}
    for name, option in _AS_GIVEN.items():
        held = given.last(option)
        if held is not None and held.value is not None and held.value.text is not None:
            settled[name] = held.value.text
    return settled | _OF_FIRST_TASK
