"""Widening: what one iteration of a loop leaves to the next, where nobody knows their number.

The body of such a loop is walked once for all iterations. So what one changes is at the
beginning of one either what it was before the loop, in the first iteration, or unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from doctor.base.regex import regex
from doctor.shell import walk
from doctor.shell.tree import (
    Arithmetic,
    ArithmeticCommand,
    Assignment,
    Block,
    Command,
    For,
    Literal,
    Parameter,
    Simple,
    Statement,
    Substitution,
    Word,
)
from doctor.shell.walk import blocks
from doctor.trace.domain.frame import UNKNOWN_PREFIX
from doctor.trace.domain.state import (
    ARGUMENTS,
    UNDEFINED,
    Array,
    Content,
    Defined,
    Missing,
    State,
    resting,
)
from doctor.trace.machine import captured
from doctor.values.assumption import FIRST, LATER, NO, NO_GUARD, YES, Guard, Question, assume
from doctor.values.value import Iteration, Unknown, Value, moment

#: Parts of a state that have no name in a script.
_ARGUMENTS, _DIRECTORY, _INPUT, _SOURCED, _OPTIONS = "$@", "$PWD", "<", "source", "set -a"
#: Builtins that assign to the variables they are given the names of.
_READERS = frozenset({"read", "let", "mapfile", "readarray", "getopts", "printf"})
_NAME = regex(r"[A-Za-z_]\w*")


def changes(before: State, after: State) -> set[str]:
    """The names of all in which two states differ, of variables above all."""
    names = before.variables.keys() | after.variables.keys()
    found = {
        name
        for name in names
        if not name.startswith(UNKNOWN_PREFIX) and before.held(name) != after.held(name)
    }
    if (before.positional, before.shifted) != (after.positional, after.shifted):
        found.add(_ARGUMENTS)
    for name, one, other in (
        (_DIRECTORY, before.directory, after.directory),
        (_INPUT, before.input, after.input),
        (_SOURCED, before.sourced, after.sourced),
        (_OPTIONS, before.export_all, after.export_all),
    ):
        if one != other:
            found.add(name)
    found |= {f"{path}>" for path, text in after.files.items() if before.files.get(path) != text}
    found |= {
        f"{name}()"
        for name, held in after.functions.items()
        if before.functions.get(name) is not held
    }
    return found - {captured.OUTPUT}


def begin(
    state: State,
    left: Sequence[State],
    changed: Iterable[str],
    body: Block,
    loop: int,
    number: int,
) -> State:
    """The state in which some iteration begins; ``number`` is the moment at which the loop does.

    ``left`` are the states that another iteration has left, as far as these are known.
    """
    begun = state.copy()
    first = _turn(loop, FIRST, "it is the loop's first turn")
    later = _turn(loop, LATER, "it is a later turn of the loop")
    for name in changed:
        if name.isidentifier():
            old = begun.held(name).alternatives
            is_set = not any(isinstance(content, Missing) for content in old)
            if is_set and _reads_itself(body, name):  # a counter: another value in each turn
                varying = moment(f"${name}", number, frozenset({Iteration(loop)}))
                begun.set(name, [_new(old, varying, NO_GUARD)])
            else:
                unknown = moment(f"${name}", number)
                begun.set(name, [*_resting(old, first), _new(old, unknown, later)])
        elif name.endswith("()"):
            old_ones = begun.functions.get(name[:-2], (UNDEFINED,))
            new_ones = {id(d): d for s in left for d in s.functions.get(name[:-2], ())}.values()
            begun.functions[name[:-2]] = (*_resting(old_ones, first), *_resting(new_ones, later))
    _lose(begun, changed, number)
    return begun


def end(after: State, before: State, changed: Iterable[str], number: int) -> None:
    """Let everything that the loop changes have its old or some new value."""
    for name in changed:
        if name.isidentifier():
            _either(after, before, name, number)
        elif name[:-2] in before.functions:
            name = name[:-2]
            kept, new = _one_or_other(name, number)
            old_ones, new_ones = before.functions[name], after.functions[name]
            after.functions[name] = (*_resting(old_ones, kept), *_resting(new_ones, new))
    captured.lose_if_changed(after, before)
    _lose(after, changed, number)


def _turn(loop: int, choice: str, words: str) -> Guard:
    return frozenset({assume(Question.ITERATION, loop, choice, words, loop)})


def _one_or_other(name: str, number: int) -> tuple[Guard, Guard]:
    of = f"{number} {name}"
    kept = assume(Question.CHANGED, of, NO, f"{name} is left at its default", name)
    new = assume(Question.CHANGED, of, YES, f"{name} is given", name)
    return frozenset({kept}), frozenset({new})


def rests_on_turns(guard: Guard) -> bool:
    """Whether something holds only as far as a loop of unknown length did or didn't change it."""
    return any(assumption.about is Question.CHANGED for assumption in guard)


_Resting = TypeVar("_Resting", Content, Defined)


def _resting(contents: Iterable[_Resting], on: Guard) -> list[_Resting]:
    return [resting(content, on) for content in contents]


def _new(old: Iterable[Content], unknown: Unknown, on: Guard) -> Content:
    """What a variable holds after an iteration, an array if it was one."""
    if any(isinstance(content, Array) for content in old):
        return Array(open=True, assumes=on, since=unknown.since)
    return Value((unknown,), on)


def _lose(state: State, changed: Iterable[str], number: int) -> None:
    """Know no more of what isn't a variable."""
    for name in changed:
        match name:
            case "$@":
                state.positional, state.shifted = None, number
                state.variables.pop(ARGUMENTS, None)
            case "$PWD":
                state.directory = Value((moment("$PWD", number),))
            case "<":
                state.input = None
            case "source":
                state.sourced = number
            case _ if name.endswith(">"):
                state.files.pop(name[:-1], None)


def _either(after: State, before: State, name: str, number: int) -> None:
    """Leave a variable that a loop of unknown length assigns with its old or some new value."""
    old = before.variables.get(name)
    kept, new = _one_or_other(name, number)
    if old is not None and name in after.variables:
        contents = (*old.alternatives, *after.variables[name].alternatives)
        changed = _new(contents, moment(f"${name}", number), new)
        after.set(name, [*_resting(old.alternatives, kept), changed])
    elif name in after.variables:
        after.set(name, (Missing(since=number),))


# --- what a body assigns --------------------------------------------------------------


def _statements(block: Block) -> Iterator[Statement]:
    todo = list(block)
    while todo:
        statement = todo.pop()
        yield statement
        todo += [inner for block in blocks(statement.command) for inner in block]


def commands(block: Block) -> Iterator[Command]:
    """All commands in a block, those within others too."""
    return (statement.command for statement in _statements(block))


def starts_background(block: Block) -> bool:
    """Whether anything in a block runs at the same time as what follows it."""
    return any(each.background for each in _statements(block))


def only_tells(block: Block) -> bool:
    """Whether a block only prints, and nothing of it to a file."""
    return all(
        isinstance(command, Simple)
        and not command.assignments
        and command.words
        and command.words[0].literal in ("echo", "printf")
        and all(redirect.operator == ">&" for redirect in command.redirects)
        and not any(any(walk.substituted(word)) for word in command.words)
        for command in commands(block)
    )


def _assignments(block: Block) -> Iterator[Assignment]:
    for command in commands(block):
        if isinstance(command, Simple):
            if not command.arguments:
                yield from command.assignments
            yield from (a for a in command.arguments if isinstance(a, Assignment))


def assigned(block: Block) -> set[str]:
    """The variables that a block assigns, as far as it is written in it."""
    names = {assignment.name for assignment in _assignments(block)}
    for command in commands(block):
        if isinstance(command, For):
            names.add(command.name)
        elif isinstance(command, ArithmeticCommand):
            names |= _stepped(command)
        elif isinstance(command, Simple) and command.words[:1]:
            literals = {word.literal or "" for word in command.words[1:]}
            if command.words[0].literal in _READERS:
                names |= set(filter(str.isidentifier, literals))
    return names


def _stepped(command: ArithmeticCommand) -> set[str]:
    stepped = r"([A-Za-z_]\w*)\s*(?:\+\+|--|[-+*/%]?=(?!=))"
    return set(re.findall(stepped, _literally(command.expression)))


def _literally(expression: Word) -> str:
    """What an arithmetic expression says itself, where variables need no dollar sign."""
    return "".join(part.text for part in expression.parts if isinstance(part, Literal))


def _reads_itself(block: Block, name: str) -> bool:
    """Whether the body makes the variable's new value of its old one, or steps it."""
    for command in commands(block):
        if isinstance(command, ArithmeticCommand) and name in _stepped(command):
            return True
    return any(
        assignment.name == name and (assignment.append or name in _read(assignment))
        for assignment in _assignments(block)
    )


def _read(assignment: Assignment) -> set[str]:
    """The variables that an assignment's value is made of, commands' output included."""
    names: set[str] = set()
    todo = list(walk.values(assignment))
    while todo:
        for part in todo.pop().parts:
            match part:
                case Parameter():
                    names |= {part.name, *_NAME.findall(part.subscript or "")}
                    todo += [part.argument] if part.argument else []
                case Arithmetic():
                    names |= set(_NAME.findall(_literally(part.expression)))
                    todo.append(part.expression)
                case Substitution():
                    todo += [w for inner in walk.commands(part.body) for w in walk.words(inner)]
    return names
