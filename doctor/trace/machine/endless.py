"""Waits that nothing ends but a server's answer, or the line of its log that tells of its start."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from doctor.base.regex import regex
from doctor.shell.tree import (
    AndOr,
    ArithmeticCommand,
    ArithmeticFor,
    Block,
    Command,
    If,
    Pipeline,
    Simple,
    Span,
    Statement,
    Subshell,
    Test,
    While,
    Word,
)
from doctor.shell.walk import commands
from doctor.trace.domain.state import State
from doctor.trace.machine.journal import EndlessWait
from doctor.trace.machine.questions import ASKS, IDLE, are, is_one_question, texts
from doctor.trace.machine.readiness import Written, answered, has_break, leaves, tells
from doctor.trace.machine.shell import Shell

_FOLLOWS = regex(r"-\d*[a-eg-zA-EG-Z]*[fF]\w*|--follow(=.*)?")
_SUCCEEDED = regex(r"\$\?[\"' ]*(?:-eq|==?)[\"' ]*0\b")
_CONSTANT = ("true", ":", "false", "1")
_NUMBERS = ("-eq", "-ne", "-lt", "-le", "-gt", "-ge")


def waits_for_ever(loop: While | ArithmeticFor, written: Written) -> bool:
    """Whether a loop goes on until a server answers, and so for ever if it is dead."""
    if isinstance(loop, ArithmeticFor):
        bounded = (loop.condition.literal or "?" if loop.condition.parts else "1").strip()
        return bounded.isdecimal() and _only_answers_leave(loop.body, written)
    if not loop.condition or not are(loop.condition, ASKS):
        return False
    last = loop.condition[-1].command
    alone = len(loop.condition) == 1 and is_one_question(last)
    if alone and answered(last, written) is loop.until:
        of_variable = not _asks_itself(last)  # `until [ "$code" = 200 ]`: the body asks
        return are(loop.body, ASKS if of_variable else IDLE)
    return not loop.until and _is_constant(last) and _only_answers_leave(loop.body, written)


def _asks_itself(command: Command) -> bool:
    """Whether a condition starts a program, and does not only look at a variable."""
    inside = [each for each in commands((Statement(command),)) if isinstance(each, Simple)]
    tests = {"[", "test"}
    return any(each.words and each.words[0].literal not in tests for each in inside)


def _only_answers_leave(body: Block, written: Written) -> bool:
    """Whether a body leaves its loop where a server answers, and nowhere else."""
    leaving = [each for each in body if leaves(each.command, written)]
    by_status = [
        after
        for before, after in pairwise(body)
        if answered(before.command, written) and _leaves_by_status(after.command, written)
    ]
    asking = [before for before, after in pairwise(body) if after in by_status]
    others = tuple(each for each in body if each not in (*leaving, *by_status, *asking))
    plain = all(_leaves_by_that_alone(each.command) for each in (*leaving, *by_status))
    asks = are(tuple(asking), ASKS)
    return bool(leaving or by_status) and plain and asks and are(others, IDLE)


def _leaves_by_status(command: Command, written: Written) -> bool:
    """``if [ $? -eq 0 ]; then break; fi`` behind a question."""
    if not isinstance(command, If) or len(command.arms) != 1:
        return False
    test = written(command.arms[0].condition[0].command.span)
    return _SUCCEEDED.search(test) is not None and has_break(command.arms[0].body)


def asks_nothing(condition: Block) -> bool:
    """Whether nothing changes a condition: ``true``, ``[ 1 ]``, ``[[ a == a ]]``, ``((1))``."""
    return len(condition) == 1 and _is_constant(condition[0].command)


def _is_constant(command: Command) -> bool:
    match command:
        case Pipeline(commands=(only,)):
            return _is_constant(only)
        case ArithmeticCommand(expression=word):
            return (word.literal or "").strip().isdecimal()
        case Test(words=words):
            return _compares_constants(words)
        case Simple(words=(word,)):
            return word.literal in _CONSTANT
        case Simple(words=(word, *words)) if word.literal in ("[", "test"):
            return _compares_constants(words)
    return False


def _compares_constants(words: Sequence[Word]) -> bool:
    """Whether a test is of texts alone, and asks for no file."""
    texts = [word.literal for word in words]
    return all(text is not None and (text[:1] != "-" or text in _NUMBERS) for text in texts)


def follows_for_ever(command: Pipeline, written: Written) -> bool:
    """``tail -f LOG | grep -q …``: where the server fails nobody writes the line."""
    if len(command.commands) != 2:
        return False
    first, last = command.commands
    if isinstance(first, Subshell) and len(first.body) == 1:  # `(tail -f LOG &) | grep -q …`
        first = first.body[0].command
    tail = texts(first.words) if isinstance(first, Simple) else []
    grep = texts(last.words) if isinstance(last, Simple) else []
    if tail[:1] != ["tail"] or grep[:1] not in (["grep"], ["egrep"]) or not tells(" ".join(grep)):
        return False
    once = any(word[:2] in ("-q", "-m") or word == "--quiet" for word in grep)
    ends = any(word.startswith("--pid") for word in tail)
    return once and not ends and any(_FOLLOWS.fullmatch(word) for word in tail)


def head(loop: While | ArithmeticFor) -> Span:
    """The stretch of a loop that says how long it goes on."""
    if isinstance(loop, While):
        return Span(loop.span.start, loop.condition[-1].command.span.end)
    return Span(loop.span.start, loop.body[0].command.span.start)


def note(shell: Shell, span: Span, number: int, state: State) -> None:
    """Note that a script waits there for a server, if need be for ever."""
    guarded = any("CHLD" in trap.signals for trap in state.traps)
    wait = EndlessWait(number, shell.frame.origin(span), shell.context, guarded)
    shell.walk.endless.append(wait)


def _leaves_by_that_alone(command: Command) -> bool:
    """Whether a command that leaves the loop where a server answers does it nowhere else."""
    if isinstance(command, If):
        arm = command.arms[0]
        asks = len(arm.condition) == 1 and is_one_question(arm.condition[0].command)
        plain = len(command.arms) == 1 and asks and are(arm.condition, ASKS)
        return plain and (command.otherwise is None or are(command.otherwise, IDLE))
    if isinstance(command, AndOr) and len(command.commands) == 2:
        first = command.commands[0]
        return is_one_question(first) and are((Statement(first),), ASKS)
    return False
