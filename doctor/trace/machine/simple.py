"""Simple commands: assignments, functions, shell builtins, and everything else."""

from __future__ import annotations

from collections.abc import Sequence

from doctor.base.bounds import MAX_COMBINATIONS
from doctor.shell.tree import Simple, Substitution, Word
from doctor.trace.domain.fields import Fields
from doctor.trace.domain.results import Result, assuming
from doctor.trace.domain.state import State
from doctor.trace.machine import builtins, captured, redirects
from doctor.trace.machine import start as external
from doctor.trace.machine.assignments import DECLARATIONS, assign, declare
from doctor.trace.machine.shell import Shell
from doctor.values.assumption import consistent


def execute(shell: Shell, command: Simple, state: State) -> list[Result]:
    """All ways in which a simple command may end."""
    if not command.arguments:
        return _assign_only(shell, command, state)
    first = command.arguments[0]
    if isinstance(first, Word) and first.literal in DECLARATIONS:
        return declare(shell, command, state)
    alternatives = [
        fields
        for fields in shell.expander(state).arguments(command.words)
        if fields.values and consistent(fields.assumes, state.guard)
    ]
    if not any(_changes_state(shell, fields, state) for fields in alternatives):
        external.run(shell, command, alternatives, state)
        prints = bool(alternatives) and all(f.values[0].text == "echo" for f in alternatives)
        sure = prints and not redirects.may_fail(command.redirects)
        return [Result(state, True if sure else None)]
    results: list[Result] = []
    most = _most_ways(shell, alternatives)
    if len(alternatives) > most:
        shell.walk.narrow()
    for fields in alternatives[:most]:
        way = state if len(alternatives) == 1 else assuming(state, fields.assumes)
        if way is not None:
            results += _execute_one(shell, command, fields, way)
    return results


def _most_ways(shell: Shell, alternatives: Sequence[Fields]) -> int:
    """With how many alternative argument lists, the likeliest, a function or builtin is called.

    The fewer the deeper, since the ways multiply. A test is asked of all of them, or what only an
    unlikely one leads to would not be seen.
    """
    tests = all(fields.values[0].text in ("[", "test") for fields in alternatives)
    return max(1, (MAX_COMBINATIONS if tests else 8) >> len(shell.walk.calling))


def _changes_state(shell: Shell, fields: Fields, state: State) -> bool:
    name = fields.values[0].text
    return name is not None and (name in state.functions or name in builtins.BUILTINS)


def _execute_one(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    name = fields.values[0].text
    if name is not None and name in state.functions:
        return _call(shell, command, name, fields, state)
    if name is not None and name in builtins.BUILTINS:
        return builtins.BUILTINS[name](shell, command, fields, state)
    external.run(shell, command, [fields], state)
    return [Result(state)]


def _call(shell: Shell, command: Simple, name: str, fields: Fields, state: State) -> list[Result]:
    """A function, with the assignments before it in force while it runs."""
    before = {a.name: state.variables.get(a.name) for a in command.assignments}
    for assignment in command.assignments:
        assign(shell.expander(state), assignment, state, export=True)
    inner, own_input = shell, state.input
    if command.redirects:
        found = redirects.outputs(command.redirects, shell.expander(state), shell.context.outputs)
        inner = shell.inside(outputs=found)
        state.input = redirects.standard_input(
            command.redirects, shell.expander(state), state.input
        )
    results = inner.call(name, fields.values[1:], state)
    for result in results:
        if redirects.reads(command.redirects):
            result.state.input = own_input
        for variable, old in before.items():
            if old is None:
                result.state.variables.pop(variable, None)
            else:
                result.state.variables[variable] = old
    return results


def _assign_only(shell: Shell, command: Simple, state: State) -> list[Result]:
    expander = shell.expander(state)
    sure = True
    if redirects.reads(command.redirects):  # `< file` alone prints the file in a substitution
        captured.lose(state)
    for assignment in command.assignments:
        assign(expander, assignment, state)
        value = assignment.value
        if isinstance(value, Word):
            sure = sure and not any(isinstance(part, Substitution) for part in value.parts)
    return [Result(state, True if sure else None)]
