"""Redirections and here-documents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from doctor.shell import quoting
from doctor.shell.scanner import Notes, ScanError
from doctor.shell.tables import Tables
from doctor.shell.tree import HereDocument, Literal, Part, Redirect, Span, Word
from doctor.shell.words import WordReader

_REDIRECT = re.compile(
    r"([0-9]+|\{[A-Za-z_]\w*\})?(<<<|<<-|<<|<&|<>|>>|>&|>\||[<>](?!\())|(&>>?)", re.ASCII
)
_PLACEHOLDER = re.compile(quoting.PLACEHOLDER)
_DELIMITER = re.compile(
    r"(?:[^ \t\r\n;&|()<>\"'\\]+|\\.|'[^']*'|\"[^\"\\]*(?:\\.[^\"\\]*)*\"|\r(?!\n|\Z))*", re.DOTALL
)
_DELIMITER_QUOTES = re.compile(r"\$?'([^']*)'|\$?\"((?:[^\"\\]|\\.)*)\"|\\(.)", re.DOTALL)
_TABS_OF_LINES = re.compile(r"^\t+", re.MULTILINE)
_TABS_AFTER_NEWLINE = re.compile(r"(?<=\n)\t+")


@dataclass(frozen=True)
class _Pending:
    """A here-document whose body comes after the line's end."""

    at: int
    redirect: Span
    operator: str
    descriptor: str | None
    word: Span
    delimiter: str
    quoted: bool


class RedirectReader(WordReader):
    """Reads redirections into ``tables``; here-documents once their line ends."""

    def __init__(self, text: str, origin: Sequence[int], notes: Notes) -> None:
        super().__init__(text, origin, notes)
        self.tables = Tables()
        self.pending: list[_Pending] = []
        self._bodies_after: dict[int, int] = {}
        self._line_end = -1

    def redirect(self, at: int) -> int:
        """Read the redirection at ``at``; return the offset after it, or ``at`` if none is."""
        found = _REDIRECT.match(self.text, at)
        if found is None or _PLACEHOLDER.match(self.text, at):
            return at
        descriptor = found.group(1)
        operator = found.group(2) or found.group(3)
        start = self.blanks(found.end())
        if operator in ("<<", "<<-"):
            return self._here_document(at, descriptor, operator, start)
        target, end = self.word(start)
        if end == start:
            return at
        self.tables.redirects[at] = Redirect(self.span(at, end), operator, descriptor, target)
        return end

    def _here_document(self, at: int, descriptor: str | None, operator: str, start: int) -> int:
        found = _DELIMITER.match(self.text, start)
        source = found.group() if found else ""
        if not source:
            return at
        end = start + len(source)
        delimiter = _DELIMITER_QUOTES.sub(lambda quotes: "".join(quotes.groups("")), source)
        pending = _Pending(
            at,
            self.span(at, end),
            operator,
            descriptor,
            self.span(start, end),
            delimiter,
            delimiter != source,
        )
        self.pending.append(pending)
        return end

    def space(self, at: int) -> int:
        """The offset after blanks, comments and newlines with their here-documents."""
        while True:
            at = self.blanks(at)
            if self.text.startswith("#", at):
                at = self.comment(at)
            elif self.text.startswith("\n", at):
                at = self.newline(at)
            else:
                return at

    def newline(self, at: int) -> int:
        """The offset after the newline at ``at`` and the here-documents that follow it."""
        if self.pending:
            self.bodies(at)
        return self._bodies_after.pop(at, at + 1)

    def bodies_of_line(self, at: int) -> None:
        """Read the pending here-documents where the list at ``at`` ends before its line."""
        if self._line_end < at:  # searched once a line, however many lists end on it
            found = self.text.find("\n", at)
            self._line_end = len(self.text) if found < 0 else found
        self.bodies(self._line_end)

    def bodies(self, newline: int) -> None:
        """Read the bodies of the pending here-documents, which start after a newline."""
        at = self._bodies_after.get(newline, min(newline + 1, len(self.text)))
        for pending in self.pending:
            at = self._body(pending, at)
        self.pending.clear()
        self._bodies_after[newline] = at

    def _body(self, pending: _Pending, start: int) -> int:
        """Read one body; return the offset after the line with its delimiter."""
        text, at = self.text, start
        strip_tabs = pending.operator == "<<-"
        while at < len(text):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            line = text[at:end].removesuffix("\r")
            if (line.lstrip("\t") if strip_tabs else line) == pending.delimiter:
                break
            at = end + 1
        else:
            at = end = len(text)
        document = HereDocument(
            pending.word,
            pending.delimiter,
            self._body_word(start, at, pending.quoted, strip_tabs),
            pending.quoted,
            strip_tabs,
        )
        self.tables.redirects[pending.at] = Redirect(
            pending.redirect, pending.operator, pending.descriptor, document
        )
        return min(end + 1, len(text))

    def _body_word(self, start: int, end: int, quoted: bool, strip_tabs: bool) -> Word:
        span = self.span(start, end)
        word = Word(span, (Literal(span, self.text[start:end], True),) if start < end else ())
        if not quoted:
            # bash finds a fault in it only when it expands the body: till then it is just text.
            with suppress(ScanError):
                word = self.inner(start, end).word(0, quoting.HERE_DOCUMENT)[0]
        if strip_tabs:
            word = replace(word, parts=tuple(_without_tabs(part, start) for part in word.parts))
        return word


def _without_tabs(part: Part, start: int) -> Part:
    if not isinstance(part, Literal):
        return part
    tabs = _TABS_OF_LINES if part.span.start == start else _TABS_AFTER_NEWLINE
    return replace(part, text=tabs.sub("", part.text))
