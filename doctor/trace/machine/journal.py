"""The walk over one script: what it started, and what the stages after it ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from doctor.base.bounds import CHARACTERS_A_STEP, FILE_CHARACTERS_A_STEP, MAX_STEPS
from doctor.base.failure import Failure
from doctor.base.record import Record
from doctor.diagnostic import Source
from doctor.shell import parse
from doctor.shell.tree import Function, Script
from doctor.trace.machine.functions import Text, read
from doctor.trace.programs.invocation import Context, Invocation
from doctor.values.value import Origin, Value

#: Finds the source of a script that another script, the second argument, names; or None.
Load: TypeAlias = Callable[[str, Source], Source | None]
#: Reads the scripts that lie near another one.
Beside: TypeAlias = Callable[[Source], Iterable[Source]]


#: Whether a folder that a script names is there.
Holds: TypeAlias = Callable[[str, Source], bool]


def nothing_beside(script: Source) -> Iterable[Source]:
    """No scripts: where those near another one can't be read."""
    return ()


def holds_nothing(folder: str, script: Source) -> bool:
    """No folder: where none can be looked for."""
    return False


@dataclass
class Branch:
    """How often one branch of a script has waited so far: the script itself, or what it runs with
    ``&``.

    ``waited`` counts the waits for jobs to end, ``settled`` those at least for a server to answer.
    All shells of one branch share it.
    """

    waited: int = 0
    settled: int = 0

    def wait(self) -> None:
        """Note a wait for jobs to end, whose servers then answer no more."""
        self.waited += 1
        self.settled += 1

    def copy(self) -> Branch:
        """For a shell whose waits don't count for the one that it begins in."""
        return Branch(self.waited, self.settled)


class EndlessWait(Record):
    """A wait that nothing ends but a server's answer, and when and where the script comes to it.

    ``guarded`` is true where the end of a child interrupts it (``trap … CHLD``).
    """

    order: int
    origin: Origin
    context: Context
    guarded: bool = False


@dataclass
class Journal:
    """What a walk has noted, in order, so that it can be taken back.

    ``invocations`` are the programs that the script starts, ``unread`` the scripts that could not
    be found, and the commands that name them. ``holds`` are the moments at which something may
    hold the script up that is no program of its own, ``readiness`` the stretches in which it only
    asks a server until it answers, ``traps`` the branches that run when it ends. In each iteration
    of ``waiting_loops`` the script waits for jobs to end, in ``settling_loops`` at least for a
    server to answer. ``endless`` are the waits that nothing ends but a server's answer.
    """

    invocations: list[Invocation] = field(default_factory=list)
    unread: list[tuple[Value, Origin]] = field(default_factory=list)
    holds: list[int] = field(default_factory=list)
    readiness: list[range] = field(default_factory=list)
    traps: list[int] = field(default_factory=list)
    waiting_loops: list[int] = field(default_factory=list)
    settling_loops: list[int] = field(default_factory=list)
    endless: list[EndlessWait] = field(default_factory=list)

    def _notes(self) -> tuple[list[Any], ...]:
        return (
            self.invocations,
            self.unread,
            self.holds,
            self.readiness,
            self.traps,
            self.waiting_loops,
            self.settling_loops,
            self.endless,
        )

    def mark(self) -> tuple[int, ...]:
        """How much has been noted up to here."""
        return tuple(map(len, self._notes()))

    def rewind(self, mark: tuple[int, ...]) -> None:
        """Take back what was noted since then, as it is going to be walked again."""
        for notes, length in zip(self._notes(), mark, strict=True):
            del notes[length:]


@dataclass(kw_only=True)
class Walk(Journal):
    """One walk over one script and what it runs.

    ``load`` finds the source of a script that another one runs; ``scripts`` are those that are
    walked, its own first, by their names. ``beside`` reads the scripts near another one,
    ``has_folder`` tells whether a folder is there that a script names. ``exhausted`` tells that the
    walk has gone on for too long and ends, ``passed_over`` that it went past calls that may have
    started anything, ``narrowed`` that of the paths through the script only the likeliest were
    followed; ``left_out`` is of what there was too much.
    ``calling`` are the functions that are being called at the moment, the outermost first.
    ``trees`` are the texts that were parsed, ``texts`` what stands in functions, ``spent_on`` the
    steps that each function has taken, all by the functions' identities; ``failures`` are the
    faults of ours on the way. ``files`` are the texts that the script writes to files, by their
    paths; None where it writes more than one.
    """

    load: Load
    beside: Beside = nothing_beside
    has_folder: Holds = holds_nothing
    scripts: dict[str, Source] = field(default_factory=dict)
    exhausted: bool = False
    passed_over: bool = False
    left_out: set[str] = field(default_factory=set)
    narrowed: bool = False
    steps: int = 0
    depth: int = 0
    calling: list[str] = field(default_factory=list)
    numbers: int = 0
    called: set[str] = field(default_factory=set)
    trees: dict[str, Script] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    spent_on: Counter[int] = field(default_factory=Counter)
    texts: dict[int, Text] = field(default_factory=dict)
    files: dict[str, Value | None] = field(default_factory=dict)

    def note_file(self, path: str, texts: Sequence[Value]) -> None:
        """Note what a file holds from here on, as far as it is one text on every way."""
        only = texts[0] if len(texts) == 1 else None
        name = path.removeprefix("./")
        self.files[name] = only if self.files.get(name, only) == only else None

    def parsed(self, text: str, is_file: bool) -> Script:
        """The tree of a text that the script runs, perhaps again and again, or of a file."""
        if text not in self.trees:
            self.spend(len(text) // (FILE_CHARACTERS_A_STEP if is_file else CHARACTERS_A_STEP))
            self.trees[text] = parse("" if self.exhausted else text)
        return self.trees[text]

    def text_of(self, function: Function) -> Text:
        """What stands in a function that the script calls, perhaps again and again."""
        if id(function) not in self.texts:
            self.texts[id(function)] = read(function)
        return self.texts[id(function)]

    def number(self) -> int:
        """A number that nothing else in this walk has."""
        self.numbers += 1
        return self.numbers

    @property
    def truncated(self) -> bool:
        """Whether it was cut short, so that nothing may be concluded from what it did not see."""
        return self.exhausted or self.passed_over

    @property
    def complete(self) -> bool:
        """Whether all that the script may do was followed."""
        return not (self.truncated or self.narrowed)

    def leave_out(self, what: str) -> None:
        """Note that of some things, ``servers``, there are too many to look at all."""
        self.left_out.add(what)

    @property
    def not_followed(self) -> Iterator[str]:
        """What a bound cut off, in words."""
        if self.exhausted:
            yield "what it does goes on for too long to be followed to its end"
        for what in sorted(self.left_out):
            yield f"it has too many {what} to look at all of them"

    def narrow(self) -> None:
        """Note that some ways are not followed."""
        self.narrowed = True

    def step(self) -> bool:
        """Count a step; false when the walk has gone on for too long."""
        self.spend(1)
        return not self.exhausted

    @property
    def late(self) -> bool:
        """Whether half of the steps are used up, so that the rest is for what matters most."""
        return self.steps > MAX_STEPS // 2

    def is_own(self, source: Source) -> bool:
        """Whether a file is the script itself, and none that it includes or runs."""
        return source.filename == next(iter(self.scripts), source.filename)

    def spend(self, steps: int) -> None:
        """Count work on the way that is worth so many steps."""
        self.steps += steps
        self.exhausted = self.exhausted or self.steps > MAX_STEPS
