"""Loops that ask a server until it answers, and what they show: its start is over then."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from doctor.base.regex import regex
from doctor.shell.tree import (
    AndOr,
    ArithmeticFor,
    Block,
    Command,
    For,
    If,
    Pipeline,
    Simple,
    Span,
    Statement,
    Test,
    While,
)
from doctor.shell.walk import commands

Written: TypeAlias = Callable[[Span], str]

_ASKS = regex(r"\b(curl|wget|nc|ncat|http|https|lsof|netstat|ss)\b|/dev/tcp/|/health|/v1/models")
#: What tells of an answer, beside the question: its code, and the last words of a server's start.
_TELLS = regex(_ASKS.pattern + r"|\b200\b|startup complete|Uvicorn running|Started server")
_FAILS = regex(r"!=|(?<![\w-])-(?:ne|z)\b|(?:(?<![\w-])-eq|==?)[\"' ]*0\b|(?<![\w-])-lt[\"' ]*1\b")


def tells(text: str) -> bool:
    """Whether a text asks a server, or names what tells of its start."""
    return _TELLS.search(text) is not None


def asks_a_server(loop: While, written: Written) -> bool:
    """Whether a loop asks a server again and again."""
    return _ASKS.search(written(loop.span)) is not None


def ends_with_an_answer(loop: For | ArithmeticFor | While, written: Written) -> bool:
    """Whether a loop ends as soon as a server answers, whatever else may end it."""
    if isinstance(loop, While) and loop.condition:
        success = answered(loop.condition[-1].command, written)
        if success is not None:
            return success is loop.until
    return any(leaves(statement.command, written) for statement in loop.body)


def leaves(command: Command, written: Written) -> bool:
    """``curl … && break``, or an ``if`` that leaves the loop where a server answers."""
    if isinstance(command, If):
        arms = [(answered(arm.condition[-1].command, written), arm.body) for arm in command.arms]
        if command.otherwise is not None and len(arms) == 1 and arms[0][0] is False:
            arms.append((True, command.otherwise))
        return any(success is True and has_break(body) for success, body in arms)
    if isinstance(command, AndOr) and set(command.operators) == {"&&"}:
        *tests, last = command.commands
        answers = [answered(test, written) for test in tests]
        return True in answers and False not in answers and has_break((Statement(last),))
    return False


def has_break(block: Block) -> bool:
    """Whether a block leaves the loop, or the function, that it stands in."""
    return any(
        isinstance(command, Simple)
        and bool(command.words)
        and command.words[0].literal in ("break", "return")
        for command in commands(block)
    )


def answered(command: Command, written: Written) -> bool | None:
    """Whether a command succeeds (or else fails) where a server answers; None: it asks none."""
    if isinstance(command, AndOr):
        answers = [answered(part, written) for part in command.commands]
        decides = command.operators[0] == "||"
        if decides in answers:
            return decides
        return (not decides) if set(answers) == {not decides} else None
    if isinstance(command, Pipeline) and len(command.commands) == 1:
        inner = answered(command.commands[0], written)
        return inner if inner is None or not command.negated else not inner
    text = written(command.span)
    if not _TELLS.search(text):
        return None
    negated = isinstance(command, Pipeline) and command.negated
    is_test = isinstance(command, Test) or text.startswith(("[", "test "))
    return negated is bool(is_test and _FAILS.search(text))
