"""The words of a ``#SBATCH`` line, by sbatch's own quoting (``get_argument``)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from doctor.base.regex import regex
from doctor.shell.tree import Literal, Span, Word

#: What C's isspace calls a blank.
BLANKS = " \t\n\v\f\r"
#: What begins a further component of a heterogeneous job.
SEPARATOR = regex(r"[ \t\v\f\r]*(?:hetjob|packjob)(?![^ \t\v\f\r\n])", re.IGNORECASE)

_BY_PROGRAM = (
    r"\{\{\{[^\n]{0,200}?\}\}\}|\{\{[^\n]{0,200}?\}\}|\{%[^\n]{0,200}?%\}|<%[^\n]{0,200}?%>"
    r"|(?<!\$)\{[A-Za-z_][\w.]*\}"
    r"|@@\w{1,100}@@|@[A-Z][A-Z0-9_]{0,100}@|__[A-Za-z]\w{0,100}?__|%\(\w{1,100}\)\w*|%%\w{1,100}%%"
)
_BY_HAND = r"<[A-Za-z][\w .-]{0,100}>"
_FILLED_IN_BY_PROGRAM = regex(_BY_PROGRAM)
#: The characters with which a placeholder may begin.
_BEGINS = frozenset("{<@_%")
_PLACEHOLDER = regex(f"{_BY_PROGRAM}|{_BY_HAND}")


def is_placeholder(text: str) -> bool:
    """Whether a part of a word is yet to be filled in: ``{{ name }}``, ``{name}``, ``<name>``."""
    return _PLACEHOLDER.fullmatch(text) is not None


def placeholders(text: str) -> Iterator[Span]:
    """The stretches of a text that are yet to be filled in."""
    if not _BEGINS.isdisjoint(text):
        yield from (Span(*found.span()) for found in _PLACEHOLDER.finditer(text))


def holds_placeholder(text: str) -> bool:
    """Whether a part of a text is yet to be filled in."""
    return _PLACEHOLDER.search(text) is not None


def is_filled_in_by_program(text: str, span: Span) -> bool:
    """Whether a stretch has a placeholder for a program: any but ``<name>``."""
    return _FILLED_IN_BY_PROGRAM.search(text, *span) is not None


def split(text: str, start: int, end: int) -> tuple[tuple[Word, ...], str | None]:
    """The words of a line, and why sbatch gives up at it if it does.

    Each part of a word is written in the text as it stands; a placeholder is a part of its
    own. An empty word (``""``), a comment or ``hetjob`` ends what sbatch reads of a line.
    """
    words: list[Word] = []
    at = start
    while True:
        while at < end and text[at] in BLANKS:
            at += 1
        if SEPARATOR.match(text, at, end):
            return tuple(words), None
        if text.startswith(":", at, end):
            return tuple(words), "sbatch refuses a word that begins with a colon"
        word, at, quote = _read_word(text, at, end)
        if quote:
            return tuple(words), f"the quote {quote} is never closed"
        if word is None:
            return tuple(words), None
        words.append(word)


def _read_word(text: str, start: int, end: int) -> tuple[Word | None, int, str]:
    """One word, where it ends, and the quote that is still open there.

    A backslash makes the next character plain, but not a blank other than a space; quotes
    may open anywhere; a bare ``#`` ends the word and the line.
    """
    kept: list[Span] = []
    quote = ""
    at = start
    while at < end and (quote or text[at] not in BLANKS):
        character = text[at]
        if character == "\\":
            at += 1
            if at < end and (quote or text[at] not in BLANKS or text[at] == " "):
                kept.append(Span(at, at + 1))
                at += 1
            continue
        if character in "{<@_%" and (placeholder := _PLACEHOLDER.match(text, at, end)):
            kept.append(Span(*placeholder.span()))
            at = placeholder.end()
            continue
        if character == "#" and not quote:
            break
        if quote and character == quote:
            quote = ""
        elif not quote and character in "\"'":
            quote = character
        else:
            kept.append(Span(at, at + 1))
        at += 1
    word = Word(Span(start, at), tuple(_parts(text, kept))) if kept else None
    return word, at, quote


def _parts(text: str, kept: Sequence[Span]) -> Iterator[Literal]:
    """Adjacent characters joined into parts; all count as quoted, for sbatch expands nothing."""
    start = kept[0].start
    for span, after in zip(kept, (*kept[1:], None), strict=True):
        alone = len(range(*span)) > 1
        joins = after is not None and after.start == span.end and len(range(*after)) == 1
        if after is None or alone or not joins:
            yield Literal(Span(start, span.end), text[start : span.end], quoted=True)
            start = after.start if after is not None else span.end
