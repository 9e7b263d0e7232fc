"""A table of texts that fits into a width; what is too wide for its column is wrapped."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest

from doctor.report.style import cells

_GAP = "  "
#: No column is made narrower than this to fit, if it needs as much.
_NARROWEST = 6


class Table:
    """``head`` is the line above; ``rows`` has the lines of each row."""

    def __init__(self, head: Sequence[str], body: Sequence[Sequence[str]], width: int) -> None:
        kept = [i for i in range(len(head)) if any(row[i] for row in body)]
        columns = [[head[i], *(row[i] for row in body)] for i in kept]
        words = [max(map(_longest_word, column)) for column in columns]
        self._widths = _fitted([max(map(cells, column)) for column in columns], words, width)
        self.head = self._lines([head[i] for i in kept])[0]
        self.rows = [self._lines([row[i] for i in kept]) for row in body]

    def _lines(self, row: Sequence[str]) -> list[str]:
        wrapped = [
            textwrap.wrap(text, width, break_on_hyphens=False) or [""]
            for text, width in zip(row, self._widths, strict=True)
        ]
        return [
            _GAP.join(
                part + " " * max(0, width - cells(part))
                for part, width in zip(parts, self._widths, strict=True)
            ).rstrip()
            for parts in zip_longest(*wrapped, fillvalue="")
        ]


def _longest_word(text: str) -> int:
    return max(map(cells, text.split()), default=0)


def _fitted(widths: list[int], words: Sequence[int], width: int) -> list[int]:
    """The widths of columns, the widest narrowed until they fit, at first without cutting words."""
    room = width - len(_GAP) * (len(widths) - 1)
    for least in (words, [_NARROWEST] * len(widths)):
        while sum(widths) > room:
            spare = [size - limit for size, limit in zip(widths, least, strict=True)]
            if max(spare) <= 0:
                break
            at = max((i for i, s in enumerate(spare) if s > 0), key=lambda i: widths[i])
            widths[at] -= 1
    return widths
