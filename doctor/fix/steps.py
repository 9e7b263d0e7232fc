"""Fixes of the programs around a server, and of those that end it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from doctor.diagnostic import Edit, Location
from doctor.facts.commands import NamedKill
from doctor.fix.work import How, NoFixError, Work
from doctor.shell.tree import AndOr, Pipeline, Statement, Subshell
from doctor.shell.walk import blocks
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a


def add_option(work: Work) -> Iterator[Edit]:
    """`add-option`: an option behind the program's name."""
    attribute = str(work.repair.operands["after"])
    location = work.place(attribute)
    program = str(getattr(work.fact, attribute.replace("-", "_")))
    if work.written(location).rpartition("/")[2] != program.rpartition("/")[2]:
        raise NoFixError("the program does not stand there literally")
    if not _is_in_command(work, location) and _is_one_word(work, location):
        raise NoFixError("the program's name stands where an option would be a part of it")
    end = work.stretch(location.end.offset, location.end.offset)
    yield work.edit(end, " " + work.operand("option"))


def is_option_harmless(work: Work) -> bool:
    """Whether the option surely becomes a word of the command, and of no other one."""
    return _is_in_command(work, work.place(str(work.repair.operands["after"])))


def _is_in_command(work: Work, place: Location) -> bool:
    own = work.fact.location
    return own.start <= place.start and place.end <= own.end


def _is_one_word(work: Work, place: Location) -> bool:
    """Whether a word of the script is this text alone, in quotes or without them."""
    return any(
        (word.span.start, word.span.end)
        in ((place.start.offset, place.end.offset), (place.start.offset - 1, place.end.offset + 1))
        for word in work.words()
    )


def kill_own_only(work: Work) -> Iterator[Edit]:
    """`kill-own-only`: `-P $$` for pkill, where it then still ends the servers of the script."""
    fact = work.fact
    assert isinstance(fact, NamedKill)
    found = next(iter(work.invocations()), None)
    program = found.arguments[0].location if found is not None else None
    if found is None or program is None or found.program != "pkill":
        raise NoFixError("only pkill can be told whose programs to end")
    if found.context.wrappers or found.context.remote or found.context.batch_job is not None:
        raise NoFixError("it runs in another shell than the servers")
    running = [s.invocation for s in work.traced.servers if s.invocation.order < found.order]
    by_line = any(re.fullmatch(r"-[a-zA-Z]*f\w*|--full", w.display) for w in found.arguments[1:])
    if not running or not all(_is_hit(work, each, fact.pattern, by_line) for each in running):
        raise NoFixError("it is not clear that it would still end the script's own servers")
    end = work.own(program).end.offset
    yield Edit(work.stretch(end, end), " -P $$")


def _is_hit(work: Work, server: Invocation, pattern: str, by_line: bool) -> bool:
    """Whether a server is a child of the script's own shell that the pattern means."""
    around = _statements(work, server)
    wrapped = any(not is_a(w.words[0], Trait.BECOMES) for w in server.context.wrappers)
    if wrapped or not around or any(isinstance(each.command, Subshell) for each in around):
        return False
    if [each for each in around if each.background] != around[-1:]:
        return False
    words = server.arguments if by_line else server.arguments[:1]
    try:
        return re.search(pattern, " ".join(word.display for word in words)) is not None
    except re.error:
        return False


def _statements(work: Work, invocation: Invocation) -> list[Statement]:
    """The statements of this script around a program, the outermost first."""
    place = work.own(invocation.origin.location).start.offset
    found: list[Statement] = []
    block = work.traced.script.body
    while inside := [s for s in block if s.command.span.start <= place < s.command.span.end]:
        found.append(inside[0])
        if isinstance(inside[0].command, (Pipeline, AndOr)):
            break
        block = tuple(each for inner in blocks(inside[0].command) for each in inner)
    return found


HOW: Mapping[str, How] = {
    "add-option": How(add_option, is_option_harmless),
    "kill-own-only": How(kill_own_only),
}
