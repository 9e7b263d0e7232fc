"""The programs that are known: one record each, by the words that begin its command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from doctor.trace.programs import containers, coreutils, process, python, remote, slurm, terminals
from doctor.trace.programs.invocation import Context
from doctor.trace.programs.options import Unwrapped, names, read_options
from doctor.trace.programs.program import Place, Program, Sink, Trait
from doctor.values.value import Value

_UNKNOWN = Program(())


def _by_words(programs: Iterable[Program]) -> Mapping[tuple[str, ...], Program]:
    """The records by the words that each stands for; of two about one program both count."""
    found: dict[tuple[str, ...], Program] = {}
    for program in programs:
        for name in program.names:
            for verb in program.verbs or ("",):
                words = (name, *verb.split())
                other = found.get(words)
                found[words] = (
                    program if other is None else replace(other, is_a=other.is_a | program.is_a)
                )
    return found


#: The record of each program, and of each verb of one, by its words.
PROGRAMS: Mapping[tuple[str, ...], Program] = _by_words(
    chain(
        process.PROGRAMS,
        python.PROGRAMS,
        terminals.PROGRAMS,
        remote.PROGRAMS,
        slurm.PROGRAMS,
        containers.PROGRAMS,
        coreutils.PROGRAMS,
    )
)


#: The options that a program may be given before its verb and that take a value: `tmux -L x new`.
_BEFORE_VERBS: Mapping[str, tuple[str, frozenset[str]]] = {
    "tmux": ("cfLST", frozenset()),
    "docker": ("cHl", names("config context host log-level tlscacert tlscert tlskey")),
    "podman": ("c", names("connection identity log-level root runroot runtime url")),
    "apptainer": ("c", names("config")),
    "singularity": ("c", names("config")),
    "uv": ("", names("cache-dir config-file directory project")),
}


def without_options(arguments: Sequence[Value]) -> Sequence[Value]:
    """A command line without the options between the program and its verb."""
    name = arguments[0].display.rpartition("/")[2] if arguments else ""
    if name not in _BEFORE_VERBS or len(arguments) < 2 or arguments[1].prefix[:1] != "-":
        return arguments
    _, rest = read_options(arguments[1:], *_BEFORE_VERBS[name])
    return (arguments[0], *rest)


_NAMES = frozenset(words[0] for words in PROGRAMS)


def is_known(name: str) -> bool:
    """Whether there is a record of the program of this name, or of a verb of it."""
    return name in _NAMES


def is_a(name: str, trait: Trait) -> bool:
    """Whether the program of this name is like this, whatever its arguments."""
    return trait in PROGRAMS.get((name,), _UNKNOWN).is_a


def does(arguments: tuple[Value, ...], trait: Trait) -> bool:
    """Whether a program with these arguments is like this: by its name, or by its verb."""
    if not arguments:
        return False
    arguments = tuple(without_options(arguments))
    name = arguments[0].display.rpartition("/")[2]
    verb = arguments[1].display if len(arguments) > 1 else ""
    return is_a(name, trait) or trait in PROGRAMS.get((name, verb), _UNKNOWN).is_a


def program_of(unwrapped: Unwrapped) -> Program:
    """The program whose command line was taken apart."""
    return PROGRAMS[unwrapped.words]


def places(context: Context) -> list[Place]:
    """Where the programs around a command let it run, the outermost first."""
    found = ((program_of(wrapper).places, wrapper) for wrapper in context.wrappers)
    return [place(wrapper, context) for place, wrapper in found if place is not None]


def passes(context: Context, name: str) -> str | None:
    """How a variable is given to a command, through the outermost that may keep it out."""
    found = (program_of(wrapper).passes for wrapper in context.wrappers)
    return next((words.replace("NAME", name) for words in found if words), None)


def sink(context: Context, descriptor: int) -> Sink | None:
    """Where the programs around a command lead an output of it, the innermost first."""
    for wrapper in reversed(context.wrappers):
        sends = program_of(wrapper).sends
        found = sends(wrapper, descriptor) if sends is not None else None
        if found is not None:
            return found
    return None
