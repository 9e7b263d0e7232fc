"""A line of source with marks under the places that are meant, cut to the width of a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doctor.base.record import Record
from doctor.report.style import Styled, cells, visible, wrap

_CUT = "…"


class Mark(Record):
    """A stretch of a line, its columns counted from 0, and what stands below it."""

    start: int
    end: int
    sign: str
    style: str
    label: str = ""


class Window(Record):
    """The characters of a line that are shown, and what stands where the others are cut off."""

    first: int
    last: int
    lead: str = ""
    tail: str = ""

    def holds(self, mark: Mark) -> bool:
        """Whether any of the mark is to be seen."""
        return self.first <= mark.start < self.last or self.first < mark.end <= self.last


def excerpt(
    line: str, row: int, marks: Sequence[Mark], gutter: int, width: int
) -> Iterator[list[Styled]]:
    """The line around the first of the marks with those that are to be seen there; so the rest."""
    room = max(20, width - gutter - 3)
    window = window_around(line, marks[0], room)
    shown = window.lead + visible(line[window.first : window.last]) + window.tail
    yield [Styled(f"{row:>{gutter}} | ", "gutter"), Styled(shown)]
    for mark in marks:
        if mark is marks[0] or window.holds(mark):
            for spans in _under(line, mark, window, room):
                yield [Styled(" " * gutter + " | ", "gutter"), *spans]
    if rest := [mark for mark in marks[1:] if not window.holds(mark)]:
        yield from excerpt(line, row, rest, gutter, width)


def window_around(line: str, mark: Mark, room: int) -> Window:
    """As much of a line as there is room for: the mark, some of what is before, the rest.

    A mark may lie behind the line, on what ends it: `\\r\\r\\n`.
    """
    if len(line) <= 2 * room and cells(line) <= room:
        return Window(0, len(line))
    room -= 2 * cells(_CUT)
    first, last, left = min(mark.start, len(line)), min(mark.start, len(line)), room
    while last < min(mark.end, len(line)) and (wide := cells(line[last])) <= left:
        last, left = last + 1, left - wide
    kept = left - min(left, room // 3)
    while first and (wide := cells(line[first - 1])) <= left - kept:
        first, left = first - 1, left - wide
    while last < len(line) and (wide := cells(line[last])) <= left:
        last, left = last + 1, left - wide
    while first and (wide := cells(line[first - 1])) <= left:
        first, left = first - 1, left - wide
    return Window(first, last, _CUT if first else "", _CUT if last < len(line) else "")


def _under(line: str, mark: Mark, window: Window, room: int) -> Iterator[list[Styled]]:
    """The signs under a mark with its label after them, or below where that is too wide."""
    start, end = max(mark.start, window.first), min(mark.end, window.last)
    indent = cells(window.lead) + cells(line[window.first : start])
    signs = mark.sign * max(1, cells(line[start:end]))
    begin = indent + len(signs) + 1
    drawn = [Styled(" " * indent), Styled(signs, mark.style)]
    if not mark.label or begin + cells(mark.label) <= room:
        yield [*drawn, Styled(f" {visible(mark.label)}", mark.style)] if mark.label else drawn
        return
    yield drawn
    indent = min(indent, max(0, room - cells(mark.label)))
    for text in wrap(mark.label, room - indent):
        yield [Styled(" " * indent), Styled(text, mark.style)]
