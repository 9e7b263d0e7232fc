"""Walks over the tree, words and what is substituted in them included."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.shell.tree import (
    AndOr,
    Arithmetic,
    ArithmeticCommand,
    ArithmeticFor,
    Array,
    Assignment,
    Block,
    Case,
    Command,
    For,
    Function,
    Group,
    HereDocument,
    If,
    Parameter,
    Pipeline,
    Redirect,
    Simple,
    Statement,
    Subshell,
    Substitution,
    Test,
    While,
    Word,
)


def commands(block: Block) -> Iterator[Command]:
    """Every command of a block, those inside other commands and inside words included."""
    pending = [statement.command for statement in reversed(block)]
    while pending:
        command = pending.pop()
        yield command
        inside = [inner for word in words(command) for inner in substituted(word)]
        inside += blocks(command)
        pending += [
            statement.command for inner in reversed(inside) for statement in reversed(inner)
        ]


def blocks(command: Command) -> Iterator[Block]:
    """The blocks directly inside a command, in the order in which they are written."""
    match command:
        case If():
            for arm in command.arms:
                yield arm.condition
                yield arm.body
            if command.otherwise is not None:
                yield command.otherwise
        case While():
            yield command.condition
            yield command.body
        case For() | ArithmeticFor() | Group() | Subshell():
            yield command.body
        case Case():
            for case_arm in command.arms:
                yield case_arm.body
        case Function():
            yield (Statement(command.body),)
        case Pipeline() | AndOr():
            for part in command.commands:
                yield (Statement(part),)
        case _:
            return


def words(command: Command) -> Iterator[Word]:
    """The words of a command itself: not those of the commands inside it."""
    match command:
        case Simple():
            for assignment in command.assignments:
                yield from values(assignment)
            for argument in command.arguments:
                yield from [argument] if isinstance(argument, Word) else values(argument)
        case Test():
            yield from command.words
        case For():
            yield from command.words or ()
        case Case():
            yield command.subject
            for arm in command.arms:
                yield from arm.patterns
        case ArithmeticCommand():
            yield command.expression
        case ArithmeticFor():
            yield from (command.start, command.condition, command.step)
    for redirect in redirects(command):
        target = redirect.target
        yield target.body if isinstance(target, HereDocument) else target


def redirects(command: Command) -> tuple[Redirect, ...]:
    """The redirections of a command itself."""
    found: tuple[Redirect, ...] = getattr(command, "redirects", ())
    return found


def substituted(word: Word) -> Iterator[Block]:
    """The command lists of the substitutions in a word, also in defaults and arithmetic."""
    pending = list(reversed(word.parts))
    while pending:
        part = pending.pop()
        match part:
            case Substitution():
                yield part.body
            case Parameter(argument=Word(parts=parts)) | Arithmetic(expression=Word(parts=parts)):
                pending += reversed(parts)


def parameters(block: Block) -> Iterator[Parameter]:
    """Every parameter that is expanded in a block, also in defaults and arithmetic."""
    for command in commands(block):
        pending = [part for word in words(command) for part in word.parts]
        while pending:
            part = pending.pop()
            if isinstance(part, Parameter):
                yield part
            match part:
                case (
                    Parameter(argument=Word(parts=parts)) | Arithmetic(expression=Word(parts=parts))
                ):
                    pending += parts


def values(assignment: Assignment) -> Iterator[Word]:
    """The words of an assignment's value."""
    value = assignment.value
    if not isinstance(value, Array):
        yield value
        return
    for element in value.elements:
        if element.key is not None:
            yield element.key
        yield element.value
