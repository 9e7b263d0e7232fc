"""The output that a command substitution collects from all the commands in it.

While they are walked, the state holds the output so far as if it were a variable, under a name
that no script can use. So whatever branches and loops do to variables they do to the output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doctor.shell.tree import Simple
from doctor.trace.domain.fields import Fields
from doctor.trace.domain.state import State, Variable, merge_alternatives
from doctor.trace.machine import redirects
from doctor.trace.machine.shell import Shell
from doctor.trace.programs.invocation import Output
from doctor.trace.programs.printed import printed_whole, without_line_ends
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.values.assumption import consistent
from doctor.values.value import Unknown, Value

OUTPUT = ">"
#: An output that can't be known; the same stands for contents that are too many.
_LOST = Unknown(f"${OUTPUT}", many=True)


def begin(state: State) -> None:
    """From here on collect what commands print."""
    state.variables[OUTPUT] = Variable((Value(),))


def lose(state: State) -> None:
    """What is printed here can't be known."""
    if OUTPUT in state.variables:
        state.variables[OUTPUT] = Variable((Value((_LOST,)),))


def lose_if_changed(state: State, after: State) -> None:
    """What printed something on the way to ``after`` does so in an unknown order, or number."""
    if state.variables.get(OUTPUT) != after.variables.get(OUTPUT):
        lose(state)


def add(shell: Shell, command: Simple, alternatives: Sequence[Fields], state: State) -> None:
    """Collect what a program prints; ``alternatives`` are its name and arguments."""
    if OUTPUT not in state.variables:
        return
    expander = shell.expander(state)
    outputs = redirects.outputs(command.redirects, expander, shell.context.outputs)
    given = redirects.standard_input(command.redirects, expander, state.input)
    add_values(state, outputs, [_printed(fields, given) for fields in alternatives])


def add_values(
    state: State, outputs: Mapping[int, Output], printed: Sequence[Value | None]
) -> None:
    """Collect an output that may be any of these; None is one that can't be known."""
    if OUTPUT not in state.variables or not printed or 1 not in outputs:
        return
    if outputs[1].kind != "pipe":
        return
    joined = [
        old + (Value((_LOST,)) if new is None else new)
        for old in _all(state)
        for new in printed
        if new is None or consistent(old.assumes, new.assumes)
    ]
    state.variables[OUTPUT] = Variable(merge_alternatives(joined, OUTPUT))


def is_collected(state: State) -> bool:
    """Whether what is printed here is what a substitution stands for."""
    return OUTPUT in state.variables


def keep(state: State, after: State) -> None:
    """A subshell's output is its parent's, too, though nothing else of its state is."""
    if OUTPUT in state.variables and OUTPUT in after.variables:
        state.variables[OUTPUT] = after.variables[OUTPUT]


def collected(state: State) -> tuple[Value, ...] | None:
    """What the substitution stands for; None if any of it can't be known."""
    found = _all(state)
    if any(_LOST.name == p.name for v in found for p in v.pieces if isinstance(p, Unknown)):
        return None
    return tuple(without_line_ends(value) for value in found) or None


def _all(state: State) -> list[Value]:
    return [v for v in state.get(OUTPUT).alternatives if isinstance(v, Value)]


def _printed(fields: Fields, given: Value | None) -> Value | None:
    name, *arguments = fields.values or (Value(),)
    options = "".join(a.display for a in arguments if a.display.startswith("-"))
    silent = is_a(name.text or "", Trait.SILENT) and "v" not in options
    if silent or (name.text == "grep" and "q" in options):
        return Value(assumes=fields.assumes)
    found = given if name.text == "cat" else printed_whole(name.text or "", arguments)
    if found is None or (name.text == "cat" and arguments):
        return None
    return Value(found.pieces, found.assumes | fields.assumes)
