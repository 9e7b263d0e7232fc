"""Calls that are summed up: a function's text is walked only so often.

Scripts call some functions (`log`, `find_latest`) from everywhere, and each way to a call walks the
same text again. So of all the calls of one function only so many steps are walked. From then on a
call is summed up by what it may change: each variable that its text, or that of a function that it
calls, assigns is unknown, and so is what it prints and whether it succeeds.

Most such functions are *barren*: all that they start are programs that only look and print, and
they do nothing that tells on what stands around the call: they end no shell, wait for nothing,
export nothing and write no file. What isn't walked of these would have noted nothing that the first
calls haven't. Of others more steps are walked, and what isn't counts as not followed, so that
nothing is concluded from what the walk did not see; it may have waited, changed the folder, and
read a file that sets anything.
"""

from __future__ import annotations

from doctor.base.bounds import MAX_BARREN_STEPS, MAX_FUNCTION_STEPS
from doctor.shell.tree import Function
from doctor.trace.domain.results import Result
from doctor.trace.domain.state import Array, Content, Defined, State
from doctor.trace.machine import captured
from doctor.trace.machine.functions import Text
from doctor.trace.machine.shell import Shell
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.values.value import Value, moment


def summed_up(shell: Shell, defined: Defined, state: State) -> list[Result] | None:
    """What a call of a function leaves, if its steps are used up; else None."""
    function = defined.function
    spent = 0 if function is None else shell.walk.spent_on[id(function)]
    if function is None or spent < MAX_BARREN_STEPS:
        return None
    texts = _texts(shell, function, state)
    writes = any(output.kind == "file" for output in shell.context.outputs.values())
    barren = not writes and all(_is_barren(text, state) for text in texts)
    if not barren and spent < MAX_FUNCTION_STEPS:
        return None
    number = shell.walk.number()
    for text in texts:
        for name in text.assigns:
            state.set(name, (_unknown(name, text, state, number),))
    captured.lose(state)
    state.input = None
    shell.may_hold()
    if not barren:
        shell.walk.narrow()
        shell.branch.wait()
        state.directory = Value((moment("$PWD", number),))
        state.sourced = number
    return [Result(state)]


def _unknown(name: str, text: Text, state: State, number: int) -> Content:
    held = state.held(name).alternatives
    if name in text.arrays or any(isinstance(content, Array) for content in held):
        return Array(open=True, since=number)
    return Value((moment(f"${name}", number),))


def _texts(shell: Shell, function: Function, state: State) -> list[Text]:
    """What stands in a function and in all that it calls."""
    found: dict[int, Text] = {}
    todo = [function]
    while todo:
        one = todo.pop()
        if id(one) not in found:
            text = found[id(one)] = shell.walk.text_of(one)
            called = (each for name in text.calls for each in state.functions.get(name, ()))
            todo += [each.function for each in called if each.function is not None]
    return list(found.values())


def _is_barren(text: Text, state: State) -> bool:
    """Whether nothing in a text matters but perhaps in the functions that it calls."""
    programs = text.calls - state.functions.keys()
    return text.tame and all(is_a(program, Trait.LOOKS) for program in programs)
