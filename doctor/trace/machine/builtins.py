"""The shell's builtins, as far as they change what a script does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from doctor.base.numbers import whole_number
from doctor.base.regex import regex
from doctor.shell.tree import Simple
from doctor.trace.domain.fields import Fields
from doctor.trace.domain.results import Flow, Result, assuming
from doctor.trace.domain.state import ARGUMENTS, Missing, State
from doctor.trace.machine import (
    captured,
    computations,
    conditions,
    getopts,
    reading,
    redirects,
    shells,
    traps,
)
from doctor.trace.machine import start as external
from doctor.trace.machine.shell import Shell
from doctor.trace.programs.options import read_options
from doctor.trace.programs.printed import formatted
from doctor.values.value import Unknown, Value, known, moment

Builtin: TypeAlias = "Callable[[Shell, Simple, Fields, State], list[Result]]"

#: Files that set up a login or an environment: taken to set no cache variable.
_SETUP = regex(
    r"(^|/)(\.?(bash|zsh)rc|\.?(bash_)?profile|\.bash_aliases|activate|conda\.sh|mamba\.sh|"
    r"modules?(\.sh)?|lmod|z00_lmod\.sh|modules-.*|init/(ba)?sh|init\.sh|bash|nvm\.sh|cargo/env|setvars\.sh|"
    r"\.venv.*|env/bin/.*)$"
)


def _true(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    return [Result(state, None if redirects.may_fail(command.redirects) else True)]


def _false(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    return [Result(state, False)]


def _leave(flow: Flow) -> Builtin:
    def leave(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
        return [Result(state, None, flow)]

    return leave


def _cd(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    targets = [v for v in fields.values[1:] if not v.display.startswith("-") or v.text == "-"]
    if fields.values[0].text == "popd" or [v.text for v in targets] == ["-"]:
        state.directory = Value((moment("$PWD", shell.walk.number()),))  # where it was before
        state.set("PWD", (state.directory,), export=True)
        return [Result(state)]
    target = targets[0] if targets else Value((Unknown("$HOME", frozenset({"user"})),))
    relative = not target.display.startswith(("/", "$"))
    if relative and state.directory is not None:
        target = state.directory + known("/") + target
    state.directory = None if relative and state.directory is None else target
    if state.directory is not None:
        state.set("PWD", (state.directory,), export=True)
    return [Result(state)]


def _unset(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    for value in fields.values[1:]:
        name = value.text or ""
        if "f" in name and name.startswith("-"):
            continue
        state.functions.pop(name, None)
        if name.isidentifier():
            state.set(name, (Missing(inherited=False),))
    return [Result(state, True)]


def _set(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    arguments = list(fields.values[1:])
    while arguments:
        text = arguments[0].text or ""
        if text == "--":
            state.positional = tuple(arguments[1:])
            break
        if not re.match(r"[-+][A-Za-z]", text):
            state.positional = tuple(arguments)
            break
        if text[1:].endswith("o") and len(arguments) > 1:
            if arguments[1].text == "allexport":
                state.export_all = text[0] == "-"
            arguments.pop(0)
        elif "a" in text:
            state.export_all = text[0] == "-"
        arguments.pop(0)
    return [Result(state, True)]


def _shift(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    count = whole_number(fields.values[1].text) if len(fields.values) > 1 else 1
    given = state.positional
    if given is None or count is None or any(value.many for value in given):
        state.positional, state.shifted = None, shell.walk.number()
        state.variables.pop(ARGUMENTS, None)  # what they were where ways came together before
    else:
        state.positional = given[count:]
    return [Result(state)]


def _source(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    if len(fields.values) < 2:
        return [Result(state)]
    path = fields.values[1]
    origin = shell.frame.origin(command.span)
    found = shells.load(shell, path, origin, state) if origin is not None else []
    if found:
        return [result for text in found for result in _read_in(shell, text, fields, state)]
    if not _SETUP.search(path.display):
        shell.may_hold()
        captured.lose(state)
        state.sourced = shell.walk.number()
        if origin is not None:
            shell.walk.unread.append((path, origin))
    return [Result(state)]


def _read_in(shell: Shell, text: shells.Text, fields: Fields, state: State) -> list[Result]:
    """Walk a sourced file; words after its name are its arguments."""
    way = assuming(state, text.assumes)
    if way is None:
        return []
    outer = state.positional
    if len(fields.values) > 2:
        way.positional = fields.values[2:]
    results = shell.script(text.frame, text.text, way)
    for result in results:
        result.state.positional = outer
    return [replace(r, flow=Flow.NEXT) if r.flow is Flow.RETURN else r for r in results]


def _eval(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    text = Value()
    for index, value in enumerate(fields.values[1:]):
        text = text + known(" ") + value if index else value
    if text.many or not text.pieces:
        shell.may_hold()
        return [Result(state)]
    frame = shells.nested_frame(shell, text, command)
    return shell.script(frame, frame.text, state)


def _exec(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    _, words = read_options(fields.values[1:], "a", frozenset())
    if words:
        external.run(shell, command, [replace(fields, values=tuple(words))], state)
        state.traps = ()  # the shell is no more
        return [Result(state, None, Flow.EXIT)]
    found = redirects.outputs(command.redirects, shell.expander(state), shell.context.outputs)
    shell.context = replace(shell.context, outputs=found)
    return [Result(state, None if redirects.may_fail(command.redirects) else True)]


def _wait(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    shell.branch.wait()
    external.run(shell, command, [fields], state)
    return [Result(state)]


def _printf(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    values = fields.values
    if len(values) > 3 and values[1].text == "-v" and (values[2].text or "").isidentifier():
        value = formatted(values[3], values[4:])
        state.set(values[2].text or "", (value,))
        return [Result(state, True)]
    external.run(shell, command, [fields], state)
    return [Result(state, True)]


def _let(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    for value in fields.values[1:]:
        computations.compute(shell.expander(state), value, value.display)
    return [Result(state)]


BUILTINS: Mapping[str, Builtin] = {
    ":": _true,
    "true": _true,
    "false": _false,
    "exit": _leave(Flow.EXIT),
    "return": _leave(Flow.RETURN),
    "break": _leave(Flow.BREAK),
    "continue": _leave(Flow.CONTINUE),
    "[": conditions.test_builtin,
    "test": conditions.test_builtin,
    "cd": _cd,
    "pushd": _cd,
    "popd": _cd,
    "unset": _unset,
    "set": _set,
    "shift": _shift,
    "source": _source,
    ".": _source,
    "eval": _eval,
    "exec": _exec,
    "trap": traps.trap,
    "wait": _wait,
    "read": reading.read,
    "mapfile": reading.mapfile,
    "readarray": reading.mapfile,
    "getopts": getopts.getopts,
    "printf": _printf,
    "let": _let,
}
