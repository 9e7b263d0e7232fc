"""Fixes of values where they are written: in a command, an array, a variable, a default."""

from __future__ import annotations

import re
from collections.abc import Iterator

from doctor.base.regex import regex
from doctor.diagnostic import Edit, Location
from doctor.fix.work import NoFixError, Work

_VOLATILE = regex(r"(/dev/shm|/var/tmp|/tmp)(?=/)")


def replace_value(work: Work) -> Iterator[Edit]:
    """`replace-value`: another value in place of the one that is written."""
    attribute = str(work.repair.operands["of"])
    place = work.value_place(attribute)
    if _is_one_of_several_numbers(work, attribute.replace("-", "_"), place):
        raise NoFixError("the script chooses between several values")
    yield work.edit(place, work.operand("by"))


def _is_one_of_several_numbers(work: Work, attribute: str, place: Location) -> bool:
    """Whether the script gives the command another number on other ways, for its own reasons."""
    same = (
        fact
        for fact in work.traced.facts
        if fact.kind == work.fact.kind and fact.location == work.fact.location
    )
    return any(
        isinstance(getattr(fact, attribute), (int, float))
        and not any(_overlap(place, each) for each in fact.evidence[attribute].locations)
        for fact in same
    )


def _overlap(one: Location, other: Location) -> bool:
    return one.start < other.end and other.start < one.end


def keep_cache(work: Work) -> Iterator[Edit]:
    """`keep-cache`: the user's home in place of the folder that does not last.

    What follows keeps its names, so servers that had folders of their own still have them.
    """
    location = work.place(str(work.repair.operands["of"]))
    text = work.written(location)
    quote = text[0] if text[:1] in "\"'" else ""
    found = _VOLATILE.match(text, len(quote))
    if quote == "'" or found is None or not _is_assigned(work, location.start.offset):
        raise NoFixError("the folder is not written there as it is")
    yield Edit(
        work.stretch(location.start.offset + found.start(1), location.start.offset + found.end(1)),
        "${HOME}/.cache",
    )


def _is_assigned(work: Work, offset: int) -> bool:
    """Whether a variable is assigned what begins at an offset."""
    before = work.source.text[work.line_start(offset) : offset]
    return re.search(r"(?:^|[\s;])\w+=[\"']?$|:[-=]$", before) is not None


def name_user(work: Work) -> Iterator[Edit]:
    """`name-user`: `${USER}` in the path's name, wherever the script writes that path."""
    location = work.place(str(work.repair.operands["of"]))
    text = work.written(location).strip("\"'")
    folder = str(getattr(work.fact, "folder", ""))
    name = re.match(re.escape(folder) + r"/(?=[\w.-])[\w-]*", text)
    if name is None:
        raise NoFixError("the path's name is not written there as it is")
    same = re.compile(r"(?<![\w./-])" + re.escape(name[0]) + r"(?![\w-])")
    for match in same.finditer(work.source.text):
        if work.is_comment(match.start()):
            continue
        if not _expands(work, match.start()):
            raise NoFixError("it also stands where a variable would not be expanded")
        start = match.start() + len(folder) + 1
        yield Edit(work.stretch(start, start), "${USER}_")


def _expands(work: Work, offset: int) -> bool:
    """Whether a variable at an offset would be expanded, as far as its line shows."""
    line = work.source.text[work.line_start(offset) : offset]
    return line.replace("\\'", "").count("'") % 2 == 0 and not line.startswith("#SBATCH")
