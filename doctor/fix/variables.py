"""Fixes of variables that a vLLM server is given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from doctor.base.record import Record
from doctor.diagnostic import Edit, Location
from doctor.facts.servers import GivenVariable
from doctor.fix.flags import flag_at_end, removal
from doctor.fix.lines import with_comment
from doctor.fix.work import How, NoFixError, Work, assignments
from doctor.shell.tree import Assignment, Simple, Span, Word
from doctor.shell.walk import commands
from doctor.vllm.migration import VALUE

#: What stands before a variable that a container is given.
_FOR_CONTAINER = ("-e ", "-e", "--env ", "--env=")


def rewrite_variable(work: Work) -> Iterator[Edit]:
    """`rewrite-variable`: the assignment away, and a flag for each server that it reached."""
    fact = work.fact
    assert isinstance(fact, GivenVariable)
    place = work.place("name")
    option = _container_option(work, fact.name, place)
    value: str | None
    if option is not None:
        away, value = removal(work, *option.span), option.value
    else:
        command, assignment = _assignment(work, fact.name, place)
        away, value = _away(work, command, assignment), _value(assignment)
    if _is_named_elsewhere(work, fact.name):
        raise NoFixError("the script names the variable elsewhere, too")
    flag = work.operand("to")
    if VALUE in flag:
        if value is None:
            raise NoFixError("the value does not stand there literally")
        flag = flag.replace(VALUE, value)
    for location in dict.fromkeys(_servers(work, fact.name, place)) if flag else ():
        yield flag_at_end(work, work.command(location).arguments[-1].span.end, flag)
    yield away


class _Option(Record):
    """A variable that a container is given: the stretch of the option, and the value."""

    span: Span
    value: str


def _container_option(work: Work, name: str, place: Location) -> _Option | None:
    """`-e NAME=VALUE`, `--env NAME=VALUE` or `--env=NAME=VALUE` at a place."""
    given = re.compile(rf"(?:--env=|-e)?{name}=(.*)")
    for command in commands(work.traced.script.body):
        words = command.words if isinstance(command, Simple) else ()
        for before, word in pairwise(words):
            found = given.fullmatch(word.literal or "")
            if found is None or not word.span.start <= place.start.offset < word.span.end:
                continue
            if (word.literal or "").startswith("-"):
                return _Option(word.span, found[1])
            if before.literal in ("-e", "--env"):
                return _Option(Span(before.span.start, word.span.end), found[1])
    return None


def rename_variable(work: Work) -> Iterator[Edit]:
    """`rename-variable`: another name for the variable where it is assigned."""
    fact = work.fact
    assert isinstance(fact, GivenVariable)
    if _is_named_elsewhere(work, fact.name):
        raise NoFixError("the script names the variable elsewhere, too")
    _, assignment = _assignment(work, fact.name, work.place("name"))
    start = assignment.span.start
    yield work.edit(work.stretch(start, start + len(fact.name)), work.operand("to"))


def export_variable(work: Work) -> Iterator[Edit]:
    """`export-variable`: `export` before the command that assigns it, `-x` in a declaration."""
    place = work.place("name")
    name = work.written(place)
    command, _ = _assignment(work, name, place)
    at, text = command.span.start, "export "
    if command.words:
        if command.words[0].literal == "readonly":
            raise NoFixError("`readonly` has no option that exports")
        at, text = command.words[0].span.end, " -x"
    yield work.edit(work.stretch(at, at), text)


def _assignment(work: Work, name: str, place: Location) -> tuple[Simple, Assignment]:
    for command, each in work.assignments():
        holds = each.span.start <= place.start.offset < each.span.end
        if holds and each.name == name and not each.append:
            return command, each
    raise NoFixError("the variable is not assigned there as it is")


def _is_named_elsewhere(work: Work, name: str) -> bool:
    """Whether the variable's name stands anywhere but where it is set, and in comments."""
    assigned = {each.span.start for _, each in work.assignments()}
    return any(
        found.start() not in assigned
        and not work.source.text.endswith(_FOR_CONTAINER, 0, found.start())
        and not work.is_comment(found.start())
        for found in re.finditer(rf"\b{name}\b", work.source.text)
    )


def _value(assignment: Assignment) -> str | None:
    """The value, if it is written there as it is."""
    return assignment.value.literal if isinstance(assignment.value, Word) else None


def _servers(work: Work, name: str, place: Location) -> Iterator[Location]:
    """The servers that the assignment reaches; the fix must be for each."""
    for fact in work.traced.facts:
        if isinstance(fact, GivenVariable) and fact.name == name:
            if place not in fact.evidence["name"].locations:
                continue
            if fact not in work.facts:
                raise NoFixError("it also reaches a server that the rule is not about")
            yield fact.location


def _away(work: Work, command: Simple, assignment: Assignment) -> Edit:
    """The assignment away, with its line if that holds nothing else."""
    text, start, end = work.source.text, assignment.span.start, assignment.span.end
    if len(list(assignments(command))) == 1 and len(command.words) == len(_exporting(command)):
        start, end = command.span.start, command.span.end
        line, rest = work.line_start(start), text[end : work.line_end(end)]
        if text[line:start].strip() or command.redirects or rest.strip()[:1] not in ("", "#"):
            raise NoFixError("the assignment does not stand on a line of its own")
        if not rest.strip():
            line = with_comment(work, line, work.line_end(end))
            return Edit(work.stretch(line, min(work.line_end(end) + 1, len(text))), "")
        return Edit(work.stretch(start, end + len(rest) - len(rest.lstrip())), "")
    before = text[work.line_start(start) : start]
    if before.strip() and text[end : work.line_end(end)].strip() == "\\":
        return Edit(work.stretch(start - len(before) + len(before.rstrip()), end), "")
    after = re.compile(r"(?:[ \t]|\\\r?\n)*").match(text, end)
    return Edit(work.stretch(start, after.end() if after else end), "")


def _exporting(command: Simple) -> tuple[Word, ...]:
    """The words of `export`, `declare -x` and the like, which only set variables."""
    is_export = command.words and command.words[0].literal in ("export", "declare", "typeset")
    return command.words if is_export else ()


HOW: Mapping[str, How] = {
    "rewrite-variable": How(rewrite_variable),
    "export-variable": How(export_variable),
    "rename-variable": How(rename_variable),
}
