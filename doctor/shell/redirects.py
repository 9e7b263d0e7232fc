"""Redirections and here-documents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from doctor.base.regex import regex
from doctor.shell import quoting
from doctor.shell.scanner import Notes, ScanError
from doctor.shell.tables import Tables
from doctor.shell.tree import HereDocument, Literal, Part, Redirect, Word
from doctor.shell.words import WordReader

_REDIRECT = regex(
    r"([0-9]+|\{[A-Za-z_]\w*\})?(<<<|<<-|<<|<&|<>|>>|>&|>\||[<>](?!\())|(&>>?)", re.ASCII
)
_PLACEHOLDER = regex(quoting.PLACEHOLDER)
_DELIMITER = regex(
    r"(?:[^ \t\r\n;&|()<>\"'\\]+|\\.|'[^']*'|\"[^\"\\]*(?:\\.[^\"\\]*)*\"|\r(?!\n|\Z))*", re.DOTALL
)
_DELIMITER_QUOTES = regex(r"\$?'([^']*)'|\$?\"((?:[^\"\\]|\\.)*)\"|\\(.)", re.DOTALL)
_TABS_OF_LINES = regex(r"^\t+", re.MULTILINE)
_TABS_AFTER_NEWLINE = regex(r"(?<=\n)\t+")


class RedirectReader(WordReader):
    """Reads redirections into ``tables``; here-documents once their line ends."""

    def __init__(self, text: str, origin: Sequence[int], notes: Notes) -> None:
        super().__init__(text, origin, notes)
        self.tables = Tables()
        # Here-documents whose bodies come after the line's end, by their redirections.
        self.pending: dict[int, HereDocument] = {}
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
        end = self.after(_DELIMITER, start)
        if end == start:
            return at
        source, span = self.text[start:end], self.span(start, end)
        delimiter = _DELIMITER_QUOTES.sub(lambda quotes: "".join(quotes.groups("")), source)
        quoted, strip_tabs = delimiter != source, operator == "<<-"
        document = HereDocument(span, delimiter, Word(span, ()), quoted, strip_tabs)
        self.tables.redirects[at] = Redirect(self.span(at, end), operator, descriptor, document)
        self.pending[at] = document
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
        for redirect, document in self.pending.items():
            at = self._body(redirect, document, at)
        self.pending.clear()
        self._bodies_after[newline] = at

    def _body(self, redirect: int, document: HereDocument, start: int) -> int:
        """Read one body; return the offset after the line with its delimiter."""
        text, at = self.text, start
        end = after = len(text)
        while at < len(text):
            newline = text.find("\n", at)
            after = len(text) if newline < 0 else newline + 1
            line = text[at:after].rstrip("\r\n")
            if (line.lstrip("\t") if document.strip_tabs else line) == document.delimiter:
                end = at
                break
            at = after
        document = replace(document, body=self._body_word(start, end, document))
        self.tables.redirects[redirect] = replace(self.tables.redirects[redirect], target=document)
        return after

    def _body_word(self, start: int, end: int, document: HereDocument) -> Word:
        span = self.span(start, end)
        word = Word(span, (Literal(span, self.text[start:end], True),) if start < end else ())
        if not document.quoted:
            # bash finds a fault in it only when it expands the body: till then it is just text.
            with suppress(ScanError):
                word = self.inner(start, end).word(0, quoting.HERE_DOCUMENT)[0]
        if document.strip_tabs:
            word = replace(word, parts=tuple(_without_tabs(part, start) for part in word.parts))
        return word


def _without_tabs(part: Part, start: int) -> Part:
    if not isinstance(part, Literal):
        return part
    tabs = _TABS_OF_LINES if part.span.start == start else _TABS_AFTER_NEWLINE
    return replace(part, text=tabs.sub("", part.text))
