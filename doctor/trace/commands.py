"""Simple commands: assignments, functions, shell builtins, and everything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from doctor.shell.tree import Array as ArrayNode
from doctor.shell.tree import Assignment, Function, Simple, Substitution, Word, blocks
from doctor.trace import builtins, captured, external, parameters, redirects
from doctor.trace.environment import inherited
from doctor.trace.expand import Expander
from doctor.trace.fields import MAX_COMBINATIONS, Fields
from doctor.trace.results import Result, assuming
from doctor.trace.state import NO_GUARD, Array, Content, Missing, State, consistent
from doctor.trace.values import Value, derived

if TYPE_CHECKING:
    from doctor.trace.interpreter import Interpreter

DECLARATIONS = frozenset({"export", "declare", "local", "readonly", "typeset"})


def execute(shell: Interpreter, command: Simple, state: State) -> list[Result]:
    """All ways in which a simple command may end."""
    if not command.arguments:
        return _assign_only(shell, command, state)
    first = command.arguments[0]
    if isinstance(first, Word) and first.literal in DECLARATIONS:
        return _declare(shell, command, state)
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


def _most_ways(shell: Interpreter, alternatives: Sequence[Fields]) -> int:
    """With how many alternative argument lists, the likeliest, a function or builtin is called.

    The fewer the deeper, since the ways multiply. A test is asked of all of them, or what only an
    unlikely one leads to would not be seen.
    """
    tests = all(fields.values[0].text in ("[", "test") for fields in alternatives)
    return max(1, (MAX_COMBINATIONS if tests else 8) >> len(shell.walk.calling))


def _changes_state(shell: Interpreter, fields: Fields, state: State) -> bool:
    name = fields.values[0].text
    return name is not None and (name in state.functions or name in builtins.BUILTINS)


def _execute_one(shell: Interpreter, command: Simple, fields: Fields, state: State) -> list[Result]:
    name = fields.values[0].text
    if name is not None and name in state.functions:
        return _call(shell, command, name, fields, state)
    if name is not None and name in builtins.BUILTINS:
        return builtins.BUILTINS[name](shell, command, fields, state)
    external.run(shell, command, [fields], state)
    return [Result(state)]


def _call(
    shell: Interpreter, command: Simple, name: str, fields: Fields, state: State
) -> list[Result]:
    """A function, with the assignments before it in force while it runs."""
    before = {a.name: state.variables.get(a.name) for a in command.assignments}
    for assignment in command.assignments:
        assign(shell.expander(state), assignment, state, export=True)
    inner, own_input = shell, state.input
    if command.redirects:
        found = redirects.outputs(command.redirects, shell.expander(state), shell.context.outputs)
        inner = shell.inside(outputs=found)
        inner.waited, inner.settled = shell.waited, shell.settled
        state.input = redirects.standard_input(
            command.redirects, shell.expander(state), state.input
        )
    results = inner.call(name, fields.values[1:], state)
    shell.waited, shell.settled = inner.waited, inner.settled
    for result in results:
        if redirects.reads(command.redirects):
            result.state.input = own_input
        for variable, old in before.items():
            if old is None:
                result.state.variables.pop(variable, None)
            else:
                result.state.variables[variable] = old
    return results


# --- assignments ----------------------------------------------------------------------


def _assign_only(shell: Interpreter, command: Simple, state: State) -> list[Result]:
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


def assign(
    expander: Expander,
    assignment: Assignment,
    state: State,
    export: bool = False,
    associative: bool = False,
) -> None:
    """Carry out one assignment in the state."""
    name = assignment.name
    if isinstance(assignment.value, ArrayNode):
        contents: Sequence[Content] = list(_arrays(expander, assignment.value, associative))
        if assignment.append:
            contents = [
                _extended(old, new, name)
                for old in state.get(name).alternatives
                for new in contents
                if consistent(old.assumes, new.assumes)
            ]
    elif assignment.subscript is not None:
        value = expander.scalar(assignment.value)[0]
        contents = [
            _with_element(old, assignment.subscript, value) for old in state.get(name).alternatives
        ]
    else:
        contents = values = expander.scalar(assignment.value)
        if assignment.append:
            contents = [
                _appended(old, name) + new
                for old in state.get(name).alternatives
                for new in values
                if consistent(old.assumes, new.assumes)
            ]
    state.set(name, contents, export)


def _arrays(expander: Expander, node: ArrayNode, associative: bool) -> Iterator[Array]:
    if any(element.key is not None for element in node.elements):
        keys, values = [], []
        for index, element in enumerate(node.elements):
            key = element.key.literal if element.key is not None else None
            keys.append(str(index) if key is None else key)
            values.append(expander.scalar(element.value)[0])
        numbered = keys == [str(i) for i in range(len(keys))]
        yield Array(tuple(values), None if numbered and not associative else tuple(keys))
        return
    for fields in expander.arguments(element.value for element in node.elements):
        own = NO_GUARD.union(*(value.assumes for value in fields.values))
        yield Array(fields.values, assumes=fields.assumes - own)


def _extended(old: Content, new: Content, name: str) -> Content:
    if not isinstance(new, Array):
        return new
    items: tuple[Value, ...] = ()
    if isinstance(old, Array):
        items = old.items
    elif isinstance(old, Value):
        items = (old,)
    if isinstance(old, Array) and old.open:  # what nobody knows stands before the new elements
        items = (*items, Value((parameters.further(name, None, old.since),)))
    return Array(items + new.items, new.keys, new.open, old.assumes | new.assumes, new.since)


def _with_element(old: Content, subscript: str, value: Value) -> Content:
    """An array with one element set; where the subscript isn't a known one, it becomes open."""
    key = subscript.strip("\"'")
    items = old.items if isinstance(old, Array) else ()
    keys = old.keys if isinstance(old, Array) else None
    opened, since = isinstance(old, Array) and old.open, old.since
    if key.isdigit() and keys is None and int(key) <= len(items):
        index = int(key)
        return Array((*items[:index], value, *items[index + 1 :]), None, opened, old.assumes, since)
    if "$" not in key and not key.isdigit() and (keys is not None or not items):
        keys = keys or ()
        if key in keys:
            index = keys.index(key)
            changed = (*items[:index], value, *items[index + 1 :])
            return Array(changed, keys, opened, old.assumes, since)
        return Array((*items, value), (*keys, key), opened, old.assumes, since)
    return Array((), None, True, old.assumes, since)


def _appended(old: Content, name: str) -> Value:
    """What ``name+=text`` adds to."""
    if isinstance(old, Value):
        return old
    if isinstance(old, Missing) and not old.inherited:
        return Value((), old.assumes)
    if isinstance(old, Array):
        return old.items[0] if old.items else Value()
    return Value((inherited(name, since=old.since),), old.assumes)


# --- declarations ---------------------------------------------------------------------


def _declare(shell: Interpreter, command: Simple, state: State) -> list[Result]:
    expander = shell.expander(state)
    word = command.words[0].literal or ""
    flags = "".join(w.literal or "" for w in command.words[1:] if (w.literal or "").startswith("-"))
    exported = word == "export" or "x" in flags
    off = word == "export" and "n" in flags
    for argument in command.arguments[1:]:
        if isinstance(argument, Assignment):
            if "n" in flags and word != "export":
                _refer(expander, argument, state)
            else:
                assign(expander, argument, state, exported, associative="A" in flags)
            continue
        for name in _names(expander, argument):
            if "f" in flags:
                if exported:
                    state.export_function(name, not off)
            elif word == "local" or (
                word in ("declare", "typeset") and name not in state.variables
            ):
                empty: Content = Array() if set("aA") & set(flags) else Missing(inherited=False)
                if "A" in flags:
                    empty = Array(keys=())
                state.set(name, (empty,), exported)
            elif word == "export" or exported:
                state.export(name, not off)
    return [Result(state, True)]


def _refer(expander: Expander, assignment: Assignment, state: State) -> None:
    """``declare -n name=other``: from here on the name stands for the other variable."""
    state.references.pop(assignment.name, None)
    values = expander.scalar(assignment.value) if isinstance(assignment.value, Word) else ()
    target = values[0].text if len(values) == 1 else None
    if target is not None and target.isidentifier() and target != assignment.name:
        state.references[assignment.name] = state.references.get(target, target)
    else:
        unknown = derived(f"${assignment.name}", *values, many=True)
        state.set(assignment.name, (Value((unknown,)),))


def _names(expander: Expander, word: Word) -> Iterator[str]:
    """The variables that a declaration names; ``export $NAME=…`` too, where it is known."""
    for fields in expander.arguments([word])[:1]:
        for value in fields.values:
            name, equals, _ = (value.display or "").partition("=")
            if name.isidentifier():
                if equals:
                    expander.state.set(name, (value.slice(len(name) + 1),), export=True)
                yield name


def local_names(function: Function) -> frozenset[str]:
    """The variables that a function declares local."""
    names: set[str] = set()
    todo = [function.body]
    while todo:
        command = todo.pop()
        if isinstance(command, Function):  # one that is defined in it has its own
            continue
        todo += [statement.command for block in blocks(command) for statement in block]
        if not isinstance(command, Simple) or not command.words:
            continue
        if command.words[0].literal in ("local", "declare", "typeset"):
            for argument in command.arguments[1:]:
                if isinstance(argument, Assignment):
                    names.add(argument.name)
                elif argument.literal and argument.literal.isidentifier():
                    names.add(argument.literal)
    return frozenset(names)


def overlay(shell: Interpreter, command: Simple, state: State) -> dict[str, tuple[Content, ...]]:
    """The environment of a command: what is exported, and the assignments before it."""
    scratch = state.copy() if command.assignments else state
    expander = shell.expander(scratch)
    for assignment in command.assignments:
        assign(expander, assignment, scratch, export=True)
    return {name: scratch.get(name).alternatives for name in scratch.environment()}
