"""Questions: commands that only ask a server, or a log of its, whether it is there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from doctor.base.regex import regex
from doctor.shell.tree import (
    AndOr,
    Block,
    Command,
    Group,
    If,
    Literal,
    Pipeline,
    Simple,
    Statement,
    Subshell,
    Test,
    Word,
)
from doctor.shell.walk import commands
from doctor.trace.machine.readiness import tells

#: Programs beside a question that surely neither end its loop nor look at the server's process.
IDLE = frozenset("sleep echo printf date tail head cat nvidia-smi hostname : true false".split())
#: What asks for an answer, or reads one.
ASKS = IDLE | frozenset(
    "curl wget nc ncat lsof netstat ss grep egrep jq wc tr cut awk sed test [".split()
)
#: Programs that run a text that they are given with ``-c``.
_GIVEN_TEXT = ("bash", "sh", "python", "python3")
_DURATION = regex(r"[\d.]+[smhd]?")
_LOOKS_AT_PROCESSES = regex(r"\b(kill|ps|pgrep|pid|proc|exit)\b", re.IGNORECASE)


def is_one_question(command: Command) -> bool:
    """Whether nothing else decides: no count of iterations, no look at the clock."""
    if isinstance(command, Pipeline):
        return not any(isinstance(part, AndOr) for part in command.commands)
    if isinstance(command, (Subshell, Group)):
        return len(command.body) == 1 and is_one_question(command.body[0].command)
    return isinstance(command, (Simple, Test))


def are(block: Block, programs: frozenset[str]) -> bool:
    """Whether a block starts these programs only, whatever decides which of them."""
    return not any(
        statement.background or _strange(statement.command, programs) for statement in block
    )


def _strange(command: Command, programs: frozenset[str]) -> bool:
    for each in commands((Statement(command),)):
        if isinstance(each, Simple):
            if each.words and not _is_of(texts(each.words), programs):
                return True
        elif not isinstance(each, (Pipeline, AndOr, If, Test, Subshell, Group)):
            return True
    return False


def _is_of(words: Sequence[str], programs: frozenset[str]) -> bool:
    """Whether a command is one of some programs, perhaps within a ``timeout`` of its own.

    A text that is run has to ask a server, and must not look at processes.
    """
    if words[0] == "timeout":
        durations = [i for i, word in enumerate(words) if _DURATION.fullmatch(word)]
        words = words[durations[0] + 1 :] if durations else ()
    if words[:1] and words[0] in _GIVEN_TEXT and programs is ASKS:
        text = words[2] if words[1:2] == ["-c"] and len(words) > 2 else ""
        return tells(text) and _LOOKS_AT_PROCESSES.search(text) is None
    return bool(words) and words[0] in programs


def texts(words: Sequence[Word]) -> list[str]:
    """The words, without what is expanded in them."""
    return ["".join(p.text for p in word.parts if isinstance(p, Literal)) for word in words]
