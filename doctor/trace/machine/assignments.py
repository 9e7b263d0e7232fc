"""Assignments and declarations: what they leave in variables, and in a command's environment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doctor.base.bounds import MAX_ITEMS
from doctor.base.numbers import is_digits, whole_number
from doctor.shell.tree import Array as ArrayNode
from doctor.shell.tree import Assignment, Simple, Word
from doctor.trace.domain.environment import inherited
from doctor.trace.domain.exported import Environment
from doctor.trace.domain.results import Result
from doctor.trace.domain.state import Array, Content, Missing, State
from doctor.trace.machine.shell import Shell
from doctor.trace.words import parameters
from doctor.trace.words.expand import Expander
from doctor.values.assumption import NO_GUARD, consistent
from doctor.values.value import Value, derived

DECLARATIONS = frozenset({"export", "declare", "local", "readonly", "typeset"})


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
    items += new.items
    opened = new.open or len(items) > MAX_ITEMS
    return Array(items[:MAX_ITEMS], new.keys, opened, old.assumes | new.assumes, new.since)


def _with_element(old: Content, subscript: str, value: Value) -> Content:
    """An array with one element set; where the subscript isn't a known one, it becomes open."""
    key = subscript.strip("\"'")
    items = old.items if isinstance(old, Array) else ()
    keys = old.keys if isinstance(old, Array) else None
    if len(items) >= MAX_ITEMS:
        return Array((), None, True, old.assumes, old.since)
    opened, since = isinstance(old, Array) and old.open, old.since
    index = whole_number(key)
    if index is not None and keys is None and index <= len(items):
        return Array((*items[:index], value, *items[index + 1 :]), None, opened, old.assumes, since)
    if "$" not in key and not is_digits(key) and (keys is not None or not items):
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


def declare(shell: Shell, command: Simple, state: State) -> list[Result]:
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


def overlay(shell: Shell, command: Simple, state: State) -> Environment:
    """The environment of a command: what is exported, and the assignments before it."""
    scratch = state.copy() if command.assignments else state
    expander = shell.expander(scratch)
    for assignment in command.assignments:
        assign(expander, assignment, scratch, export=True)
    return Environment(scratch)
