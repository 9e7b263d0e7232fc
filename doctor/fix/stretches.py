"""Stretches of a text in which an offset is found fast, however many they are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from doctor.shell.tree import Span


class Stretches:
    """Stretches of a text, those that overlap put together."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted((span.start, span.end) for span in spans):
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            elif start < end:
                self._starts.append(start)
                self._ends.append(end)

    def hold(self, offset: int) -> bool:
        """Whether one of them has the character at an offset."""
        number = bisect_right(self._starts, offset) - 1
        return number >= 0 and offset < self._ends[number]

    def meet(self, span: Span) -> bool:
        """Whether one of them has a character of the span."""
        number = bisect_left(self._starts, span.end) - 1
        return number >= 0 and span.start < self._ends[number]
