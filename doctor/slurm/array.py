"""Job arrays: ``--array=0-7%4`` is eight tasks, four at once."""

from __future__ import annotations

import re

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.base.unknown import UNKNOWN, UnknownType
from doctor.slurm.options import Given

_RANGE = regex(r"(\d{1,9})(?:-(\d{1,9})(?::(\d{1,9}))?)?")
#: A list of several ranges is counted only up to so many indices.
_MOST_INDICES = 100_000


class Array(Record):
    """How many tasks an array has, and how many of them run at once (None: no limit)."""

    tasks: int | UnknownType | None = None
    at_once: int | UnknownType | None = None


def read_array(given: Given) -> Array:
    """The array that ``given`` asks for; without one, both numbers are None."""
    option = given.last("array")
    if option is None:
        return Array(UNKNOWN, UNKNOWN) if given.open else Array()
    text = option.value.text if option.value is not None else None
    if text is None:
        return Array(UNKNOWN, UNKNOWN)
    indices, percent, limit = text.partition("%")
    at_once = int(limit) if re.fullmatch(r"[0-9]{1,9}", limit) else UNKNOWN
    return Array(_size(indices), at_once if percent else None)


def _size(indices: str) -> int | UnknownType:
    """How many indices there are; an index named twice counts once."""
    ranges = []
    for part in indices.strip("[]").split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            return UNKNOWN
        low, high, step = int(match[1]), int(match[2] or match[1]), int(match[3] or 1)
        if high < low or step < 1:
            return UNKNOWN
        ranges.append(range(low, high + 1, step))
    if len(ranges) == 1:
        return len(ranges[0])
    if sum(map(len, ranges)) > _MOST_INDICES:
        return UNKNOWN
    return len(frozenset().union(*ranges))
