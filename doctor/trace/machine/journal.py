"""The walk over one script: what it started, and what the stages after it ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from doctor.base.bounds import CHARACTERS_A_STEP, MAX_STEPS
from doctor.base.failure import Failure
from doctor.diagnostic import Source
from doctor.shell import parse
from doctor.shell.tree import Script
from doctor.trace.programs.invocation import Invocation
from doctor.values.value import Origin, Value


def nothing_beside(script: Source) -> Iterable[Source]:
    """No scripts: where those near another one can't be read."""
    return ()


@dataclass
class Walk:
    """One walk over one script and what it runs.

    ``load`` finds the source of a script that another one runs; ``unread`` are those that it
    did not find, and the commands that name them; ``scripts`` those that are walked, by their
    names. ``beside`` reads the scripts near another one. ``truncated`` tells that the walk was
    cut short, so that nothing may be concluded from what it did not see; ``narrowed`` that of
    the ways through the script only the likeliest were followed, ``left_out`` is
    of what there was too much. ``calling`` are the functions
    that are being called at the moment, the outermost first. In each turn of ``waiting_loops``
    the script waits for jobs to end, in ``settling_loops`` at least for a server to answer.
    ``holds`` are the places where something may hold the script up that is no program of its
    own, ``readiness`` the stretches in which it only asks a server until it answers, ``traps``
    the branches that run when it ends. ``trees`` are the texts that were parsed, ``failures`` the
    faults of ours on the way.
    """

    load: Callable[[str, Source], Source | None]
    beside: Callable[[Source], Iterable[Source]] = nothing_beside
    invocations: list[Invocation] = field(default_factory=list)
    unread: list[tuple[Value, Origin]] = field(default_factory=list)
    scripts: dict[str, Source] = field(default_factory=dict)
    truncated: bool = False
    left_out: set[str] = field(default_factory=set)
    narrowed: bool = False
    steps: int = 0
    depth: int = 0
    calling: list[str] = field(default_factory=list)
    numbers: int = 0
    called: set[str] = field(default_factory=set)
    waiting_loops: set[int] = field(default_factory=set)
    settling_loops: set[int] = field(default_factory=set)
    holds: list[int] = field(default_factory=list)
    readiness: list[range] = field(default_factory=list)
    traps: set[int] = field(default_factory=set)
    trees: dict[str, Script] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def parsed(self, text: str) -> Script:
        """The tree of a text that the script runs, perhaps again and again."""
        if text not in self.trees:
            self.spend(len(text) // CHARACTERS_A_STEP)
            self.trees[text] = parse("" if self.truncated else text)
        return self.trees[text]

    def number(self) -> int:
        """A number that nothing else in this walk has."""
        self.numbers += 1
        return self.numbers

    def mark(self) -> tuple[int, int]:
        """How much has been seen up to here."""
        return len(self.invocations), len(self.unread)

    def rewind(self, mark: tuple[int, int]) -> None:
        """Forget what was seen since then, as it is going to be walked again."""
        del self.invocations[mark[0] :]
        del self.unread[mark[1] :]

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
        if self.truncated:
            yield "what it does goes on for too long to be followed to its end"
        for what in sorted(self.left_out):
            yield f"it has too many {what} to look at all of them"

    def narrow(self) -> None:
        """Note that some ways are not followed."""
        self.narrowed = True

    def step(self) -> bool:
        """Count a step; false when the walk has gone on for too long."""
        self.spend(1)
        return not self.truncated

    def spend(self, steps: int) -> None:
        """Count work on the way that is worth so many steps."""
        self.steps += steps
        self.truncated = self.truncated or self.steps > MAX_STEPS
