"""Traps: the commands that a shell runs when it ends, or when it gets a signal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from doctor.shell.tree import Simple
from doctor.trace.domain.fields import Fields
from doctor.trace.domain.frame import nested
from doctor.trace.domain.results import Flow, Result, assuming, joined
from doctor.trace.domain.state import State, Trap
from doctor.trace.machine.shell import Shell
from doctor.values.value import Value


def trap(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    """``trap TEXT SIGNAL…``: in place of what was set for them; ``-`` and ``''`` set nothing.

    With ``-l`` and ``-p`` it only prints.
    """
    option = fields.values[1].display if len(fields.values) > 1 else None
    words = fields.values[2:] if option == "--" else fields.values[1:]
    if len(words) > 1 and option not in ("-l", "-p"):
        text, *names = words
        signals = frozenset(map(_signal, names))
        others = (replace(each, signals=each.signals - signals) for each in state.traps)
        state.traps = tuple(each for each in others if each.signals)
        if text.pieces and text.text != "-":
            frame = nested(text, shell.frame.origin(command.span), shell.walk.number())
            state.traps += (Trap(signals, frame, frame.text),)
    return [Result(state, True)]


def _signal(name: Value) -> str:
    return "EXIT" if name.text == "0" else name.display.upper().removeprefix("SIG")


def run(shell: Shell, results: Sequence[Result]) -> None:
    """Walk the traps of a shell that ends in these ways.

    Where it may leave off early, too, its last way is the one on which it has done its work.
    """
    ends = [result.state for result in results if result.flow is Flow.NEXT]
    ends = ends or [result.state for result in results[-1:]]
    if not any(end.traps for end in ends):
        return
    state = joined(ends)
    for each in state.traps:
        way = assuming(state, each.assumes)
        if way is not None:
            later = shell.in_background()
            shell.walk.traps.append(later.context.threads[-1].number)
            way.traps = ()
            later.script(each.frame, each.text, way)
