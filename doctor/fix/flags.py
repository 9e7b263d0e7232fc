"""Fixes of a vLLM server's flags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from doctor.diagnostic import Edit, Location
from doctor.fix.work import NoFixError, Work
from doctor.vllm.arguments import Flag


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
    if line.strip() == "" and before.endswith("\\"):
        work.edit(place, flag)
        yield Edit(place, f"{flag} \\{work.newline}{line}")
    else:
        yield work.edit(place, flag + " ")


def _outside_quotes(work: Work, word: Location) -> int:
    """Where a word begins: before its quotes if these are around it alone."""
    text, start, end = work.source.text, word.start.offset, word.end.offset
    quote = text[start - 1 : start]
    if quote not in ("'", '"') or text[start - 2 : start - 1] == "=":
        return start
    closing = text.find(quote, end)
    return start if re.search(r"\s", text[end:closing]) else start - 1


def remove_flag(work: Work) -> Iterator[Edit]:
    """`remove-flag`: the flag and its value away, with its line if it has one of its own."""
    text = work.source.text
    stretches = {_stretch(work, flag) for flag in _at_place(work)}
    if len(stretches) != 1:
        raise NoFixError("the flag and its value don't stand side by side")
    start, end = stretches.pop()
    own_line = text[work.line_start(start) : start].strip() == ""
    rest = text[end : work.line_end(end)]
    if own_line and rest.strip() in ("", "\\"):
        if rest.strip() == "\\" and text[: work.line_start(start)].rstrip("\r\n").endswith("\\"):
            yield Edit(work.stretch(work.line_start(start), text.find("\n", end) + 1), "")
            return
        continued = re.search(r"[ \t]*\\\r?\n[ \t]*\Z", text[:start])
        start = continued.start() if continued else start
    else:
        start -= len(text[:start]) - len(text[:start].rstrip(" \t"))
    yield Edit(work.stretch(start, end), "")


def rename_flag(work: Work) -> Iterator[Edit]:
    """`rename-flag`: another name for the flag."""
    places = {work.own(flag.word.location) for flag in _at_place(work) if flag.word.location}
    if len(places) != 1:
        raise NoFixError("the flag is not written in one place")
    yield work.edit(places.pop(), work.operand("to"))


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
    if not flags or any(work.written(place) != flag.spelling for flag in flags):
        raise NoFixError("the flag is not written there as it is")
    return flags


def _stretch(work: Work, flag: Flag) -> tuple[int, int]:
    """The offsets from the flag's first character to its value's last."""
    places = [work.own(value.location) for value in (flag.word, *flag.values) if value.location]
    if len(places) != 1 + len(flag.values):
        raise NoFixError("the flag's value is not written anywhere")
    for one, other in pairwise(places):
        between = work.source.text[one.end.offset : other.start.offset]
        if one.end.offset > other.start.offset or between.strip(" \t\\\r\n=\"'"):
            raise NoFixError("the flag and its value don't stand side by side")
    return places[0].start.offset, places[-1].end.offset
