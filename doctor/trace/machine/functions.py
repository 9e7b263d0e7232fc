"""What stands in the text of a function, whoever calls it: what it assigns, calls and may do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.shell import walk as tree
from doctor.shell.tree import (
    Arithmetic,
    ArithmeticCommand,
    ArithmeticFor,
    Assignment,
    Command,
    For,
    Function,
    Literal,
    Parameter,
    Simple,
    Statement,
    Unparsed,
    Word,
)
from doctor.shell.tree import Array as ArrayNode

#: Builtins that change nothing but variables, and where control goes within a function.
_TAME = frozenset(": true false [ test return break continue shift".split())
_READS = frozenset({"read", "mapfile", "readarray"})
_DECLARES = frozenset({"local", "declare", "typeset", "readonly"})
_SETS = regex(r"[-+][eux]+")
#: What makes `find` more than a look.
_ACTS = frozenset("-delete -exec -execdir -ok -okdir -fprint -fprintf -fls".split())
#: Redirections that read, or that lead an output where another one goes.
_HARMLESS = frozenset(["<", "<<", "<<-", "<<<", "<&", ">&"])
_STORES = regex(r"\+\+|--|(?<![=!<>])=(?!=)")
_NAME = regex(r"[A-Za-z_]\w*")
_SERVES = regex(r"vllm|\bs(?:run|batch|alloc)\b", re.IGNORECASE)


class Text(Record):
    """What stands in a function.

    ``calls`` are the functions and programs that it names. Whatever these do, it is ``tame`` if
    nothing else in it tells on what stands around a call. ``assigns`` are the variables that it
    leaves behind, those of ``arrays`` as arrays, ``local`` those that it declares for itself.
    ``serves`` tells that it names a server or a job, so that it may start one.
    """

    function: Function
    tame: bool
    calls: frozenset[str]
    assigns: frozenset[str]
    arrays: frozenset[str]
    local: frozenset[str]
    serves: bool


def read(function: Function) -> Text:
    """What stands in a function."""
    commands = list(tree.commands((Statement(function.body),)))
    assignments = (each for command in commands for each in _assignments(command))
    assigned = frozenset(name for command in commands for name in _assigned(command))
    local = _local_names(function)
    return Text(
        function,
        all(map(_is_tame, commands)),
        frozenset(name for command in commands for name in _program(command)),
        assigned - local,
        frozenset(each.name for each in assignments if isinstance(each.value, ArrayNode)),
        local,
        any(map(names_server, _literals(commands))),
    )


def names_server(written: str) -> bool:
    """Whether a text names a server or a job, by which it may start one."""
    return _SERVES.search(written) is not None


def _literals(commands: Iterable[Command]) -> Iterator[str]:
    for command in commands:
        for word in tree.words(command):
            yield from (part.text for part in word.parts if isinstance(part, Literal))


def _program(command: Command) -> Iterator[str]:
    name = command.words[0].literal if isinstance(command, Simple) and command.words else None
    if name is not None and name not in _TAME | _READS | _DECLARES | {"set", "command"}:
        yield name


def _is_tame(command: Command) -> bool:
    """Whether a command is no reason for its function not to be barren, whatever it names does."""
    if isinstance(command, (Function, Unparsed)) or not _leads_nowhere(command):
        return False
    if not isinstance(command, Simple) or not command.words:
        return True
    name, *words = (word.literal for word in command.words)
    if name is None:
        return False
    if name in _DECLARES:
        return not any(word is None or (word[:1] == "-" and {*word} & {*"nxg"}) for word in words)
    if name in _READS:
        return all(word is not None for word in words)
    if name == "set":
        return all(word is not None and _SETS.fullmatch(word) for word in words)
    if name == "command":
        return words[:1] == ["-v"]
    if name == "printf":
        return words[:1] != ["-v"]
    if name == "find":
        return not _ACTS.intersection(word for word in words if word is not None)
    return True


def _leads_nowhere(command: Command) -> bool:
    return all(
        redirect.operator in _HARMLESS
        or (isinstance(redirect.target, Word) and redirect.target.literal == "/dev/null")
        for redirect in tree.redirects(command)
    )


def _assignments(command: Command) -> Iterator[Assignment]:
    if isinstance(command, Simple):
        yield from () if command.arguments else command.assignments
        yield from (each for each in command.arguments if isinstance(each, Assignment))


def _assigned(command: Command) -> Iterator[str]:
    """The variables that a command may assign, those that it only computes with included."""
    yield from (each.name for each in _assignments(command))
    if isinstance(command, For):
        yield command.name
    if isinstance(command, ArithmeticCommand):
        yield from _NAME.findall(_literally(command.expression))
    if isinstance(command, ArithmeticFor):
        for clause in (command.start, command.step):
            yield from _NAME.findall(_literally(clause))
    if isinstance(command, Simple) and command.words and command.words[0].literal in _READS:
        yield from filter(str.isidentifier, (w.literal or "" for w in command.words[1:]))
        yield from ("REPLY", "MAPFILE")
    for word in tree.words(command):
        yield from _assigned_in(word)


def _assigned_in(word: Word) -> Iterator[str]:
    """What a word's expansion assigns: ``${name:=text}``, ``$((name++))``."""
    todo = list(word.parts)
    while todo:
        match todo.pop():
            case Parameter(argument=Word(parts=parts)) as part:
                todo += parts
                if part.operator in ("=", ":="):
                    yield part.name
            case Arithmetic(expression=expression):
                todo += expression.parts
                if _STORES.search(_literally(expression)):
                    yield from _NAME.findall(_literally(expression))


def _literally(expression: Word) -> str:
    """What an arithmetic expression says itself, where variables need no dollar sign."""
    return "".join(part.text for part in expression.parts if isinstance(part, Literal))


def _local_names(function: Function) -> frozenset[str]:
    """The variables that a function declares local."""
    names: set[str] = set()
    todo = [function.body]
    while todo:
        command = todo.pop()
        if isinstance(command, Function):  # one that is defined in it has its own
            continue
        todo += [statement.command for block in tree.blocks(command) for statement in block]
        if not isinstance(command, Simple) or not command.words:
            continue
        if command.words[0].literal in ("local", "declare", "typeset"):
            for argument in command.arguments[1:]:
                if isinstance(argument, Assignment):
                    names.add(argument.name)
                elif argument.literal and argument.literal.isidentifier():
                    names.add(argument.literal)
    return frozenset(names)
