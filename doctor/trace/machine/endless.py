"""Loops that nothing ends but a server's answer, or the line of its log that tells of its start."""

from __future__ import annotations

from doctor.shell.tree import AndOr, Block, Command, If, Pipeline, Simple, Statement, Test, While
from doctor.shell.walk import commands
from doctor.trace.machine.readiness import Written, answered, leaves

#: Programs in such a loop that surely neither end it nor look at the server's process.
_IDLE = frozenset("sleep echo printf date tail head cat nvidia-smi hostname : true false".split())
#: What asks for an answer, or reads one.
_ASKS = _IDLE | frozenset("curl wget nc grep egrep jq wc tr cut awk sed test [".split())
_FOR_EVER = ("true", ":", "1")


def waits_for_ever(loop: While, written: Written) -> bool:
    """Whether a loop goes on until a server answers, and so for ever if it is dead."""
    if not loop.condition or not _are(loop.condition, _ASKS):
        return False
    last = loop.condition[-1].command
    alone = len(loop.condition) == 1 and _is_one_question(last)
    if alone and answered(last, written) is loop.until:
        return _are(loop.body, _IDLE)
    words = last.words if isinstance(last, Simple) else ()
    if loop.until or len(words) != 1 or words[0].literal not in _FOR_EVER:
        return False
    leaving = [each for each in loop.body if leaves(each.command, written)]
    others = tuple(each for each in loop.body if each not in leaving)
    plain = all(_leaves_by_that_alone(each.command) for each in leaving)
    return bool(leaving) and plain and _are(others, _IDLE)


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
