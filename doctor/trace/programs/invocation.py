"""Where a command would run: alone or at the same time as others, how often, in what container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from typing import Final, Literal, TypeAlias

from doctor.base.record import Record
from doctor.trace.domain.state import Content
from doctor.trace.programs.options import Unwrapped
from doctor.values.assumption import NO_GUARD, Guard
from doctor.values.value import Origin, Value


class Thread(Record):
    """A branch of a script that runs in the background.

    ``number`` tells it from others; ``forked_at`` and ``settled_at`` are how often the branch
    that started it had waited (for jobs to end; for a server to answer) when it did.
    """

    number: int
    forked_at: int
    settled_at: int


class Turn(Record):
    """An iteration of a loop: ``index`` counts from 0, or is None for all of an unknown list.

    ``threads`` is how many background branches the loop itself stands in.
    """

    loop: int
    index: int | None
    threads: int = 0


class Container(Record):
    """A container around a command.

    ``image`` is its reference; ``private`` are the folders that it has for itself, ``binds``
    maps a path inside to the path outside that it shows. ``own_network`` is true where its
    ports are not the host's, ``own_environment`` where the script's variables don't come in.
    """

    engine: str
    image: Value | None = None
    private: tuple[str, ...] = ()
    binds: tuple[tuple[str, Value], ...] = ()
    own_network: bool = False
    own_environment: bool = False

    def outside(self, path: Value) -> Value | None:
        """The host's path that is seen at this path inside; None if it is the container's own."""
        shown = _at_home(path.display)
        under = [pair for pair in self.binds if _is_below(shown, pair[0])]
        if under:
            inside, outside = max(under, key=lambda pair: len(pair[0]))
            below = len(shown) - len(_at_home(inside).rstrip("/"))
            return outside + path.slice(len(path.display) - below)
        return None if any(_is_below(shown, folder) for folder in self.private) else path


def _is_below(path: str, folder: str) -> bool:
    folder = _at_home(folder)
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _at_home(path: str) -> str:
    """A path as it is shown, with the home folder by its variable."""
    return f"$HOME{path[1:]}" if path == "~" or path.startswith("~/") else path


class Output(Record):
    """Where one of a command's outputs goes: ``file`` with its path, ``pipe``, or ``null``.

    With ``tee`` it goes into the file and, if it is ``shown``, to where tee's own output goes.
    """

    kind: Literal["file", "tee", "pipe", "null"]
    path: Value | None = None
    origin: Origin | None = None
    append: bool = False
    shown: bool = False


#: Copies of a step that doesn't say how many tasks and nodes it has: as many as its job.
JOB_TASKS: Final = "job-tasks"
JOB_NODES: Final = "job-nodes"
Copies: TypeAlias = Literal["task", "host", "process", "job-tasks", "job-nodes"]


class Context(Record):
    """What surrounds a command.

    ``wrappers`` are the programs around it, the outermost first. ``copies`` are the kinds of
    copies of it that run at once: of a step ``task``, ``host``, or as many as the job has, of
    ``xargs -P`` ``process``. ``choices`` tell
    for each command around it, by a number, which of its alternatives this comes of. ``feed`` is
    where the commands stand whose output it reads: those before it in a pipeline, or in ``<( )``.
    ``batch_job`` is the moment at which the sbatch ran whose job it is in, None for the script's.
    """

    threads: tuple[Thread, ...] = ()
    turns: tuple[Turn, ...] = ()
    wrappers: tuple[Unwrapped, ...] = ()
    container: Container | None = None
    copies: frozenset[Copies] = frozenset()
    remote: bool = False
    in_step: bool = False
    batch_job: int | None = None
    outputs: Mapping[int, Output] = field(default_factory=dict)
    uncalled: bool = False
    choices: tuple[tuple[int, int], ...] = ()
    feed: Origin | None = None

    def excludes(self, other: Context) -> bool:
        """Whether the two come of different alternatives of one command."""
        chosen = dict(self.choices)
        return any(chosen.get(command, index) != index for command, index in other.choices)


class Invocation(Record):
    """A program that the script would start, after all wrappers are taken off.

    ``arguments[0]`` is the program. ``waited`` and ``settled`` count the waits of its own
    branch before it; ``order`` is its place in the walk. ``outer`` is the whole command with its
    wrappers, and ``outer_environment`` what that was given. ``sourced`` is the moment at which the
    shell read a file that can't be found, 0 if none. ``input`` is what it can read from
    its standard input, where that is known.
    """

    arguments: tuple[Value, ...]
    environment: Mapping[str, tuple[Content, ...]]
    sourced: int
    context: Context
    origin: Origin
    outer: tuple[Value, ...]
    outer_environment: Mapping[str, tuple[Content, ...]]
    order: int
    waited: int
    settled: int
    assumes: Guard = NO_GUARD
    directory: Value | None = None
    input: Value | None = None

    @cached_property
    def program(self) -> str:
        """The program's name without its folder."""
        return self.arguments[0].display.rpartition("/")[2] if self.arguments else ""

    def named(self, program: str) -> Value:
        """The word of the whole command that names a program around this one, else its first."""
        words = self.outer
        return next((w for w in words if w.display.rpartition("/")[2] == program), words[0])


class Start(Record):
    """A program about to be started, while its wrappers are taken off one by one."""

    arguments: tuple[Value, ...]
    environment: Mapping[str, tuple[Content, ...]]
    context: Context
    origin: Origin
    outer: tuple[Value, ...]
    outer_environment: Mapping[str, tuple[Content, ...]]
    assumes: Guard
    input: Value | None = None
    nesting: int = 0
    directory: Value | None = None
