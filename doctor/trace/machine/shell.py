"""What a handler of a command may ask of the interpreter that runs it."""

from __future__ import annotations

from typing import Protocol

from doctor.shell.tree import Block, Command, Statement, Substitution
from doctor.trace.domain.frame import ScriptFrame
from doctor.trace.domain.results import Result
from doctor.trace.domain.state import State
from doctor.trace.machine.journal import Branch, Walk
from doctor.trace.programs.invocation import Context
from doctor.trace.words.expand import Expander
from doctor.values.value import Value


class Shell(Protocol):
    """One shell at work: its text, what surrounds it, and the walk that it is a part of."""

    walk: Walk
    frame: ScriptFrame
    context: Context
    branch: Branch

    def block(self, block: Block, state: State) -> list[Result]:
        """Execute statements in order."""

    def statement(self, statement: Statement, state: State) -> list[Result]:
        """Execute one statement, at the same time as the others if it runs in the background."""

    def execute(self, command: Command, state: State) -> list[Result]:
        """All ways in which a command may end."""

    def call(self, name: str, arguments: tuple[Value, ...], state: State) -> list[Result]:
        """Call a function, or whatever has its name, with arguments."""

    def script(self, frame: ScriptFrame, text: str, state: State) -> list[Result]:
        """Execute the text of another shell in this state, which it may change."""

    def expander(self, state: State) -> Expander:
        """What expands words in this state."""

    def substitution(self, part: Substitution, state: State) -> tuple[Value, ...]:
        """What a command substitution writes."""

    def inside(self, **changes: object) -> Shell:
        """A shell of the same branch within this one's context, changed so."""

    def apart(self, **changes: object) -> Shell:
        """The same for a shell whose waits don't count here."""

    def in_background(self) -> Shell:
        """A shell that runs at the same time as this one."""

    def may_hold(self) -> None:
        """Note that the script may be held up here."""
