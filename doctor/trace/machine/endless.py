"""Loops that nothing ends but a server's answer, or the line of its log that tells of its start."""

from __future__ import annotations

from collections.abc import Sequence

from doctor.shell.tree import (
    AndOr,
    ArithmeticCommand,
    Block,
    Command,
    If,
    Pipeline,
    Simple,
    Statement,
    Test,
    While,
    Word,
)
from doctor.shell.walk import commands
from doctor.trace.machine.readiness import Written, answered, leaves

#: Programs in such a loop that surely neither end it nor look at the server's process.
_IDLE = frozenset("sleep echo printf date tail head cat nvidia-smi hostname : true false".split())
#: What asks for an answer, or reads one.
_ASKS = _IDLE | frozenset("curl wget nc grep egrep jq wc tr cut awk sed test [".split())
_CONSTANT = ("true", ":", "false", "1")
_NUMBERS = ("-eq", "-ne", "-lt", "-le", "-gt", "-ge")


def waits_for_ever(loop: While, written: Written) -> bool:
    """Whether a loop goes on until a server answers, and so for ever if it is dead."""
    if not loop.condition or not _are(loop.condition, _ASKS):
        return False
    last = loop.condition[-1].command
    alone = len(loop.condition) == 1 and _is_one_question(last)
    if alone and answered(last, written) is loop.until:
        return _are(loop.body, _IDLE)
    if loop.until or not _is_constant(last):
        return False
    leaving = [each for each in loop.body if leaves(each.command, written)]
    others = tuple(each for each in loop.body if each not in leaving)
    plain = all(_leaves_by_that_alone(each.command) for each in leaving)
    return bool(leaving) and plain and _are(others, _IDLE)


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


def _is_one_question(command: Command) -> bool:
    """Whether nothing else decides: no count of iterations, no look at the clock."""
    if isinstance(command, Pipeline):
        return not any(isinstance(part, AndOr) for part in command.commands)
    return isinstance(command, (Simple, Test))


def _leaves_by_that_alone(command: Command) -> bool:
    """Whether a command that leaves the loop where a server answers does it nowhere else."""
    if isinstance(command, If):
        arm = command.arms[0]
        asks = len(arm.condition) == 1 and _is_one_question(arm.condition[0].command)
        plain = len(command.arms) == 1 and asks and _are(arm.condition, _ASKS)
        return plain and (command.otherwise is None or _are(command.otherwise, _IDLE))
    if isinstance(command, AndOr) and len(command.commands) == 2:
        first = command.commands[0]
        return _is_one_question(first) and not _strange(first, _ASKS)
    return False


def _are(block: Block, programs: frozenset[str]) -> bool:
    """Whether a block starts these programs only, whatever decides which of them."""
    return not any(
        statement.background or _strange(statement.command, programs) for statement in block
    )


def _strange(command: Command, programs: frozenset[str]) -> bool:
    for each in commands((Statement(command),)):
        if isinstance(each, Simple):
            if each.words and each.words[0].literal not in programs:
                return True
        elif not isinstance(each, (Pipeline, AndOr, If, Test)):
            return True
    return False
