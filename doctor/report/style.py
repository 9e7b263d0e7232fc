"""Styled text for terminals, and how wide it is there."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from doctor.base.regex import regex


class Styled(NamedTuple):
    """A stretch of text; ``style`` is a name of ``_CODES``, or empty."""

    text: str
    style: str = ""


_CODES = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "unknown": "1;35",
    "good": "32",
    "help": "1;32",
    "bold": "1",
    "gutter": "34",
    "dim": "2",
}

_TAB = 4
#: What stands on one line: no blank, or one in a short stretch of code.
_WORD = regex(r"(?:[^\s`]|`[^`\n]{0,40}`|`)+")


def paint(spans: Iterable[Styled], colour: bool) -> str:
    """One line, with escape sequences if it is to be coloured, and with none but these."""
    return "".join(
        f"\x1b[{_CODES[style]}m{visible(text)}\x1b[0m"
        if colour and style and text
        else visible(text)
        for text, style in spans
    ).rstrip()


def visible(text: str) -> str:
    """The text with tabs as blanks and everything that would steer a terminal made visible."""
    if text.isascii() and text.isprintable():
        return text
    shown = text.replace("\t", " " * _TAB)
    return "".join("\N{REPLACEMENT CHARACTER}" if _steers(c) else c for c in shown)


def cells(text: str) -> int:
    """How many cells of a terminal ``visible(text)`` takes."""
    return sum(map(_cells, text))


def wrap(text: str, width: int, begin: int = 0) -> list[str]:
    """The text in lines of at most so many cells; the first begins so many cells further right.

    A word that is wider than that has a line of its own. A short stretch of code is one word.
    """
    lines, used = [""], begin
    for word in _WORD.findall(visible(text)):
        wide = cells(word)
        if used + wide > width and (lines[-1] or begin):
            lines.append("")
            used, begin = 0, 0
        lines[-1] += f" {word}" if lines[-1] else word
        used += wide + 1
    return lines


def _cells(character: str) -> int:
    if character == "\t":
        return _TAB
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _steers(character: str) -> bool:
    """Whether it is a control character, changes the writing direction, or can't be encoded."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cs")
