"""Assignments, arrays and the compound commands that bashlex can't read."""

from __future__ import annotations

import re

from doctor.shell import quoting
from doctor.shell.redirects import RedirectReader
from doctor.shell.scanner import ScanError
from doctor.shell.tree import (
    ArithmeticCommand,
    Array,
    Assignment,
    Case,
    CaseArm,
    Element,
    Literal,
    Test,
    Word,
)

# A subscript on one line, quotes and one more pair of brackets in it. Only a look: reading it
# and finding no `=` behind it would read what stands in it twice.
_SUBSCRIPT = r"\[((?:[^\[\]\n\"'\\]|\\.|\"[^\"\n]*\"|'[^'\n]*'|\[[^\[\]\n]*\])*)\]"
_ASSIGNMENT = re.compile(rf"([A-Za-z_]\w*)(?:{_SUBSCRIPT})?(\+?)=", re.ASCII)
_KEY = re.compile(rf"{_SUBSCRIPT}\+?=")
_KEY_END = re.compile(r"\]\+?=")
_CASE_IN = re.compile(r"in(?=[ \t\r\n]|\\\r?\n|\Z)")
_ESAC = re.compile(r"esac(?=[ \t\r\n;&|()<>]|\\\r?\n|\Z)")
_TERMINATOR = re.compile(r";;&|;;|;&")
_TEST_END = re.compile(r"\]\](?=[ \t\r\n;&|()<>]|\\\r?\n|\Z)")
_TEST_OPERATOR = re.compile(r"&&|\|\||[()]|[<>](?!\()")


class CompoundReader(RedirectReader):
    """Reads assignments, and ``case``, ``[[ … ]]`` and ``(( … ))`` into ``tables``."""

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
            if at >= len(self.text):
                raise ScanError("unterminated array")
            key, here = None, at
            if _KEY.match(self.text, at):
                key, here = self.word(at + 1, quoting.BRACKETS)
                equals = _KEY_END.match(self.text, here)
                if equals is None:
                    raise ScanError("unterminated [")
                here = equals.end()
            value, end = self.word(here, quoting.ELEMENT)
            elements.append(Element(self.span(at, end), key, value))
            at = self.space(end)
        return Array(self.span(start, at + 1), tuple(elements)), at + 1

    def arithmetic_command(self, at: int) -> int | None:
        """Read ``(( … ))`` at ``at``; return the offset after it, or None if it is not one."""
        end = self.arithmetic_end(at)
        if end is not None:
            expression = self.inner(at + 2, end - 2).word(0, quoting.ARITHMETIC)[0]
            self.tables.compounds[at] = ArithmeticCommand(self.span(at, end), expression)
        return end

    def for_clauses(self, at: int) -> int | None:
        """Read the ``((start; condition; step))`` of a ``for``, if that is what stands here."""
        end = self.arithmetic_end(at)
        if end is not None:
            inner = self.inner(at + 2, end - 2)
            start, here = inner.word(0, quoting.CLAUSE)
            clauses = [start]
            while here < len(inner.text):
                clause, here = inner.word(here + 1, quoting.CLAUSE)
                clauses.append(clause)
            if len(clauses) != 3:
                raise ScanError("for ((…)) without three clauses")
            self.tables.clauses[at] = (clauses[0], clauses[1], clauses[2])
        return end

    def test(self, start: int) -> int:
        """Read ``[[ … ]]`` at ``start``; return the offset after it."""
        words = list[Word]()
        at = self.space(start + 2)
        while not _TEST_END.match(self.text, at):
            after_regex_operator = bool(words) and words[-1].literal == "=~"
            operator = _TEST_OPERATOR.match(self.text, at)
            if after_regex_operator:
                word, end = self.word(at, quoting.REGEX)
            elif operator:
                end = operator.end()
                span = self.span(at, end)
                word = Word(span, (Literal(span, operator.group()),))
            else:
                word, end = self.word(at)
            if end == at:
                raise ScanError("unterminated [[")
            words.append(word)
            at = self.space(end)
        self.tables.compounds[start] = Test(self.span(start, at + 2), tuple(words))
        return at + 2

    def case(self, start: int) -> int:
        """Read ``case … esac`` at ``start``; return the offset after it."""
        subject, end = self.word(self.blanks(start + len("case")))
        at = self.space(end)
        if not _CASE_IN.match(self.text, at):
            raise ScanError("case without in")
        arms = list[CaseArm]()
        at = self.space(at + len("in"))
        while not _ESAC.match(self.text, at):
            arm, end = self._arm(at)
            arms.append(arm)
            at = self.space(end)
        end = at + len("esac")
        self.tables.compounds[start] = Case(self.span(start, end), subject, tuple(arms))
        return end

    def _arm(self, start: int) -> tuple[CaseArm, int]:
        at = self.blanks(start + 1 if self.text.startswith("(", start) else start)
        patterns = list[Word]()
        while True:
            pattern, end = self.word(at)
            if end == at:
                raise ScanError("case pattern expected")
            patterns.append(pattern)
            at = self.blanks(end)
            if not self.text.startswith("|", at):
                break
            at = self.blanks(at + 1)
        if not self.text.startswith(")", at):
            raise ScanError("case pattern without )")
        body, end = self.commands(at + 1, ";;")
        found = _TERMINATOR.match(self.text, end)
        terminator = found.group() if found else ""
        end += len(terminator)
        return CaseArm(self.span(start, end), tuple(patterns), body, terminator), end
