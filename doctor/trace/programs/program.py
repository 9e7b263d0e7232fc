"""A program: all that is known of it, in one record."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Literal, TypeAlias

from doctor.base.record import Record
from doctor.trace.programs.invocation import Context, Start
from doctor.trace.programs.options import Unwrapped, Wrapper
from doctor.values.value import Value


class Trait(Enum):
    """What a program is like."""

    #: It reads its arguments or its input as a shell script.
    SHELL = auto()
    #: It is one of Slurm's commands.
    SLURM = auto()
    #: It runs containers by a daemon of its own, which keeps them when the job ends.
    DAEMON = auto()
    #: It fetches an image; which one, its words say.
    PULLS = auto()
    #: It ends other programs, perhaps a server.
    ENDS_OTHERS = auto()
    #: It ends by itself and at once.
    QUICK = auto()
    #: It looks and prints, and changes nothing; it needn't be looked at each time.
    LOOKS = auto()
    #: It takes no GPU.
    NO_GPU = auto()
    #: It prints nothing, as long as nobody asks it to tell what it does.
    SILENT = auto()
    #: It prints the same whenever it is given the same.
    STEADY = auto()
    #: It prints its arguments.
    PRINTS = auto()
    #: It takes its arguments as text, and starts none of them.
    TAKES_TEXT = auto()
    #: It asks a server whether it answers, and gives up if it can't.
    ASKS = auto()
    #: Its process becomes that of the program that it starts.
    BECOMES = auto()


class Sink(Record):
    """Where an output goes that a wrapper leads elsewhere, and in words."""

    kind: Literal["file", "null", "window", "container", "job"]
    words: str
    path: Value | None = None


class Place(Record):
    """What a wrapper makes of the place where a command runs, and in words.

    ``values`` are the words of the script that it was read from.
    """

    kind: PlaceKind
    words: str
    values: tuple[Value, ...] = ()


PlaceKind: TypeAlias = Literal[
    "step", "job", "allocation", "remote", "cluster", "terminal", "processes", "limit"
]


class Program(Record):
    """A program, or a verb of one, by the words that begin its command line.

    ``names`` are the names that it goes by, ``verbs`` the words that may follow, each a verb;
    without verbs it is the program whatever follows. ``wraps`` tells how to read its command line
    if it starts another program, and ``enters`` what that program then sees. ``sends`` tells where
    an output of that program goes, ``places`` where it runs, if anywhere else. ``passes`` tells how
    a variable called NAME is given to it where it does not see the script's.
    """

    names: tuple[str, ...]
    verbs: tuple[str, ...] = ()
    is_a: frozenset[Trait] = frozenset()
    wraps: Wrapper | None = None
    enters: Callable[[Unwrapped, Start], Start] | None = None
    sends: Callable[[Unwrapped, int], Sink | None] | None = None
    places: Callable[[Unwrapped, Context], Place] | None = None
    passes: str = ""
