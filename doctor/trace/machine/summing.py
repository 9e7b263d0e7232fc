"""Calls that are summed up: a function's text is walked only so often.

Scripts call some functions (`log`, `find_latest`) from everywhere, and each way to a call walks the
same text again. So of all the calls of one function only so many steps are walked. From then on a
call is summed up by what it may change: each variable that its text, or that of a function that it
calls, assigns is unknown, and so is what it prints and whether it succeeds.

Most such functions are *barren*: all that they start are programs that only look and print, and
they do nothing that tells on what stands around the call: they end no shell, wait for nothing,
export nothing and write no file. What isn't walked of these would have noted nothing that the first
calls haven't. Of others more steps are walked, and what isn't is passed over: nothing is
concluded from what the walk did not see, and the call may have waited, changed the folder, and read
a file that sets anything. When half of a walk's steps are used up it also passes over calls of
another file's functions that name no server and no job: what they do is found where that file is
walked.
"""

from __future__ import annotations

from collections.abc import Sequence

from doctor.base.bounds import MAX_BARREN_STEPS, MAX_FUNCTION_STEPS
from doctor.shell.tree import Function
from doctor.trace.domain.results import Result
from doctor.trace.domain.state import Array, Content, Defined, State
from doctor.trace.machine import captured
from doctor.trace.machine.functions import Text, names_server
from doctor.trace.machine.shell import Shell
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.values.value import Value, moment


def summed_up(
    shell: Shell, defined: Defined, arguments: tuple[Value, ...], state: State
) -> list[Result] | None:
    """What a call of a function leaves, if it isn't walked; else None."""
    function, walk = defined.function, shell.walk
    if function is None or defined.frame is None:
        return None
    spent, aside = walk.spent_on[id(function)], walk.late and not walk.is_own(defined.frame.file)
    if spent < MAX_BARREN_STEPS and not aside:
        return None
    texts = _texts(shell, function, state)
    barren = all(_is_barren(text, state) for text in texts) and not _writes(shell)
    serves = any(text.serves for text in texts) or any(names_server(v.display) for v in arguments)
    if spent < (MAX_BARREN_STEPS if barren else MAX_FUNCTION_STEPS) and (serves or not aside):
        return None
    _sum_up(shell, texts, state)
    if not barren:
        _pass_over(shell, state)
    return [Result(state)]


def _sum_up(shell: Shell, texts: Sequence[Text], state: State) -> None:
    """What a call may change in any case."""
    number = shell.walk.number()
    for text in texts:
        for name in text.assigns:
            state.set(name, (_unknown(name, text, state, number),))
    captured.lose(state)
    state.input = None
    shell.may_hold()


def _pass_over(shell: Shell, state: State) -> None:
    """What a call may change that may have started anything."""
    number = shell.walk.number()
    shell.walk.passed_over = True
    shell.branch.wait()
    state.directory = Value((moment("$PWD", number),))
    state.sourced = number


def _writes(shell: Shell) -> bool:
    """Whether what is printed here goes to a file, which somebody may ask about."""
    return any(output.kind == "file" for output in shell.context.outputs.values())


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
