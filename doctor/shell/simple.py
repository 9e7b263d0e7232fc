"""Simple commands: assignments with their arrays, words and redirections."""

from __future__ import annotations

import re

from doctor.base.regex import regex
from doctor.shell import quoting
from doctor.shell.redirects import RedirectReader
from doctor.shell.scanner import ScanError
from doctor.shell.tables import SimpleParts
from doctor.shell.tree import Array, Assignment, Element, Word

# A subscript on one line, quotes and one more pair of brackets in it. Only a look: reading it
# and finding no `=` behind it would mean to read what stands in it twice.
_SUBSCRIPT = r"\[((?:[^\[\]\n\"'\\]|\\.|\"[^\"\n]*\"|'[^'\n]*'|\[[^\[\]\n]*\])*)\]"
_ASSIGNMENT = regex(rf"([A-Za-z_]\w*)(?:{_SUBSCRIPT})?(\+?)=", re.ASCII)
_KEY = regex(rf"{_SUBSCRIPT}\+?=")
_KEY_END = regex(r"\]\+?=")
_DECLARATIONS = frozenset({"export", "declare", "local", "readonly", "typeset"})


class SimpleReader(RedirectReader):
    """Reads simple commands into ``tables``."""

    def simple(self, start: int) -> int:
        """Read the simple command at ``start``; return the offset after it."""
        parts: SimpleParts = []
        has_name, may_assign = False, True
        at = end = start
        while not self.text.startswith("#", at):
            after = self.redirect(at)
            if after > at:
                parts.append(at)
            else:
                part, after = (may_assign and self.assignment(at)) or self.word(at)
                if after == at:
                    break
                parts.append(part)
                if isinstance(part, Word) and not has_name:
                    has_name, may_assign = True, part.literal in _DECLARATIONS
            end = after
            at = self.blanks(after)
        self.tables.simples[start] = parts
        return end

    def assignment(self, at: int) -> tuple[Assignment, int] | None:
        """The assignment at ``at`` and the offset after it, or None if there is none."""
        found = _ASSIGNMENT.match(self.text, at)
        if found is None:
            return None
        name, subscript, plus = found.groups()
        value: Word | Array
        if self.text.startswith("(", found.end()):
            value, end = self._array(found.end())
        else:
            value, end = self.word(found.end())
        return Assignment(self.span(at, end), name, value, subscript, bool(plus)), end

    def _array(self, start: int) -> tuple[Array, int]:
        elements = list[Element]()
        at = self.space(start + 1)
        while not self.text.startswith(")", at):
            if at == len(self.text):
                raise ScanError("unterminated array")
            element, end = self._element(at)
            elements.append(element)
            at = self.space(end)
        return Array(self.span(start, at + 1), tuple(elements)), at + 1

    def _element(self, start: int) -> tuple[Element, int]:
        key, at = None, start
        if _KEY.match(self.text, at):
            key, at = self.word(at + 1, quoting.BRACKETS)
            key_end = _KEY_END.match(self.text, at)
            if key_end is None:
                raise ScanError("unterminated [")
            at = key_end.end()
        value, end = self.word(at, quoting.ELEMENT)
        return Element(self.span(start, end), key, value), end
