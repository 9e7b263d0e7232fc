"""Fixes of a vLLM server's flags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from doctor.base.regex import regex
from doctor.diagnostic import Edit, Location
from doctor.fix.work import How, NoFixError, Work
from doctor.shell.tree import Simple
from doctor.vllm.arguments import Flag
from doctor.vllm.migration import VALUE

_VALUE = f" {VALUE}"
#: A flag alone, with its value, or a single word that holds several.
_ONE_FLAG = regex(r"--?[\w.-]+(?:[ =][^ ]+)?|\S+")


def add_flag(work: Work) -> Iterator[Edit]:
    """`add-flag`: a flag before one that is there, in a line of its own if that has one."""
    beside = work.operand("beside")
    words = {work.own(flag.word.location) for flag in _flags(work, beside) if flag.word.location}
    if len(words) != 1:
        raise NoFixError(f"{beside} is not written in one place")
    start = _outside_quotes(work, words.pop())
    flag = work.operand("flag")
    if "value" in work.repair.operands:
        flag += " " + work.operand("value")
    place = work.stretch(start, start)
    line = work.source.text[work.line_start(start) : start]
    before = work.source.text[: work.line_start(start)].rstrip("\r\n")
    if line.strip() == "":
        work.edit(place, flag)
        end = " \\" if before.endswith("\\") else ""  # no such in arrays and strings
        yield Edit(place, f"{flag}{end}{work.newline}{line}")
    else:
        yield work.edit(place, flag + " ")


def _outside_quotes(work: Work, word: Location) -> int:
    """Where a word begins: before its quotes if these are around it alone.

    The quotes of what a variable is assigned stay around all of that.
    """
    text, start, end = work.source.text, word.start.offset, word.end.offset
    if text[start - 1 : start] == "=" and text[start] in "'\"":
        return start + 1
    quote = text[start - 1 : start]
    if quote not in ("'", '"') or text[start - 2 : start - 1] == "=":
        return start
    closing = text.find(quote, end)
    return start if re.search(r"\s", text[end:closing]) else start - 1


def rewrite_flag(work: Work) -> Iterator[Edit]:
    """`rewrite-flag`: other text for the flag, for the flag and its value, or neither of them."""
    text = work.operand("to")
    flags = _at_place(work)
    if not text:
        start, end = _stretch(work, flags)
        if _is_all_that_is_printed(work, start, end):
            raise NoFixError("a command prints nothing but this flag")
        yield removal(work, start, end)
        return
    _refuse_if_chosen(work, text.split()[0])
    if text.endswith(_VALUE):
        yield work.edit(work.place("name"), text.removesuffix(_VALUE))
    else:
        yield work.edit(work.stretch(*_stretch(work, flags)), text)


def _refuse_if_chosen(work: Work, newer: str) -> None:
    """Refuse where the script itself gives the newer flag instead, to a release that takes it."""
    place = work.place("name")
    for server in work.servers():
        flags = server.server.arguments.flags
        if not any(flag.word.location == place for flag in flags) and any(
            flag.spelling == newer for flag in flags
        ):
            raise NoFixError(f"elsewhere the script gives {newer} itself")


def _is_all_that_is_printed(work: Work, start: int, end: int) -> bool:
    """Whether a flag is all that an `echo` is for, which would have to go with it."""
    flag = work.source.text[start:end].strip("\"'")
    return any(
        isinstance(command, Simple)
        and len(command.words) == 2
        and command.words[0].literal in ("echo", "printf")
        and command.words[1].span.start <= start < command.words[1].span.end
        and command.words[1].literal == flag
        for command in work.index.commands
    )


def rename_flag(work: Work) -> Iterator[Edit]:
    """`rename-flag`: another name for the flag, which keeps its value."""
    _at_place(work)
    _refuse_if_chosen(work, work.operand("to"))
    yield work.edit(work.place("name"), work.operand("to"))


def flag_at_end(work: Work, end: int, flag: str) -> Edit:
    """A flag behind the last word of a command, in a line of its own if the last flag has one."""
    text, line = work.source.text, work.line_start(end)
    edit = work.edit(work.stretch(end, end), f" {flag}")
    last = text[line:end].lstrip(" \t")
    if _continued(work, line) == line or not _ONE_FLAG.fullmatch(last):
        return edit
    indent = text[line : end - len(last)]
    return Edit(edit.location, f" \\{work.newline}{indent}{flag}")


def removal(work: Work, start: int, end: int) -> Edit:
    """The flag and its value away, with its line if that holds nothing else."""
    text = work.source.text
    line, line_end = work.line_start(start), work.line_end(end)
    before, rest = text[line:start], text[end:line_end]
    if not before.strip() and rest.strip() in ("", "\\"):
        return _line_away(work, line, line_end, rest.strip())
    if not before.strip() and rest.strip() in ("'", '"') and _continued(work, line) < line:
        return Edit(work.stretch(_continued(work, line), end), "")  # the last of a quoted text
    if before.lstrip().startswith("-") or (not before.strip() and rest.lstrip().startswith("-")):
        # Of a line of flags the whole is written anew: others of them may go as well.
        kept = f"{before.rstrip()} {rest.lstrip()}" if before.strip() else before + rest.lstrip()
        return Edit(work.stretch(line, line_end), kept.rstrip())
    shorter = len(text[:start].rstrip(" \t"))
    if shorter == start:  # the first word of a list or of a string
        end += len(rest) - len(rest.lstrip(" \t"))
    return Edit(work.stretch(shorter, end), "")


def _line_away(work: Work, line: int, end: int, rest: str) -> Edit:
    """A line away; if the line before goes on in it and it does not go on, it ends there."""
    text = work.source.text
    if not rest and _continued(work, line) < line:
        return Edit(work.stretch(_continued(work, line), end), "")
    return Edit(work.stretch(line, min(text.find("\n", end) + 1 or len(text), len(text))), "")


def _continued(work: Work, line: int) -> int:
    """Where the line before ends, without the backslash that joins it to this one."""
    above = work.source.text[work.line_start(line - 1) : line] if line else ""
    found = re.search(r"[ \t]*\\\r?\n\Z", above)
    return line - len(found[0]) if found is not None else line


def _flags(work: Work, name: str) -> list[Flag]:
    return [flag for server in work.servers() for flag in server.server.arguments.all(name)]


def _at_place(work: Work) -> list[Flag]:
    """The flag that the fact is about, on all ways on which the server starts."""
    place = work.place("name")
    flags = [
        flag
        for server in work.servers()
        for flag in server.server.arguments.flags
        if flag.word.location == place
    ]
    if not flags or any(work.written(place).strip("\"'") != flag.spelling for flag in flags):
        raise NoFixError("the flag does not stand there literally")
    return flags


def _stretch(work: Work, flags: Sequence[Flag]) -> tuple[int, int]:
    """The offsets from the flag's first character to its value's last, the same on all ways."""
    stretches = {_from_to(work, flag) for flag in flags}
    if len(stretches) != 1:
        raise NoFixError("the flag and its value don't stand side by side")
    return stretches.pop()


def _from_to(work: Work, flag: Flag) -> tuple[int, int]:
    places = [work.own(value.location) for value in (flag.word, *flag.values) if value.location]
    if len(places) != 1 + len(flag.values):
        raise NoFixError("the flag's value is not written anywhere")
    for one, other in pairwise(places):
        between = work.source.text[one.end.offset : other.start.offset]
        if one.end.offset > other.start.offset or between.strip(" \t\\\r\n=\"'"):
            raise NoFixError("the flag and its value don't stand side by side")
    return _with_quotes(work, places[0].start.offset, places[-1].end.offset)


def _with_quotes(work: Work, start: int, end: int) -> tuple[int, int]:
    """The stretch with the quotes of the words at its ends, if it has all that is in them."""
    for word in work.words():
        text = work.source.text[word.span.start : word.span.end]
        if re.fullmatch(r"\S+", text):
            start = word.span.start if word.span.start <= start < word.span.end else start
            end = word.span.end if word.span.start < end <= word.span.end else end
    return start, end


HOW: Mapping[str, How] = {
    "add-flag": How(add_flag),
    "rewrite-flag": How(rewrite_flag),
    "rename-flag": How(rename_flag),
}
