"""The compound commands that bashlex can't read, and the heads of loops."""

from __future__ import annotations

from doctor.base.regex import regex
from doctor.shell import quoting
from doctor.shell.scanner import ScanError
from doctor.shell.simple import SimpleReader
from doctor.shell.tables import Clauses, LoopHeader
from doctor.shell.tree import ArithmeticCommand, Case, CaseArm, Literal, Test, Word

_CASE_IN = regex(r"in(?=[ \t\r\n]|\\\r?\n|\Z)")
_ESAC = regex(r"esac(?=[ \t\r\n;&|()<>]|\\\r?\n|\Z)")
_TERMINATOR = regex(r";;&|;;|;&")
_TEST_END = regex(r"\]\](?=[ \t\r\n;&|()<>]|\\\r?\n|\Z)")
_TEST_OPERATOR = regex(r"&&|\|\||[()]|[<>](?!\()")
_LOOP_NAME = regex(r"[^ \t\r\n;&|()<>]+")
_LOOP_IN = regex(r"(?:[ \t\r\n]|\\\r?\n)*in(?=[ \t\r\n;]|\\\r?\n|\Z)")


class CompoundReader(SimpleReader):
    """Reads ``case``, ``[[ … ]]``, ``(( … ))`` and the heads of loops into ``tables``."""

    def arithmetic_command(self, start: int) -> int:
        """Read ``(( … ))`` at ``start``; return the offset after it."""
        expression, end = self.word(start + 2, quoting.ARITHMETIC)
        end = self.expect("))", end, "((")
        self.tables.compounds[start] = ArithmeticCommand(self.span(start, end), expression)
        return end

    def loop_header(self, at: int) -> tuple[LoopHeader | Clauses | None, int]:
        """What follows ``for`` or ``select``, if it reads like that, and the offset after it."""
        if self.is_arithmetic(at):
            return self._clauses(at)
        end = self.after(_LOOP_NAME, at)
        if end == at:
            return None, at
        name, words = self.text[at:end], None
        has_in = _LOOP_IN.match(self.text, end)
        if has_in:
            words, end = self._words(has_in.end())
        return LoopHeader(name, words), end

    def _words(self, end: int) -> tuple[tuple[Word, ...], int]:
        words, at = list[Word](), self.blanks(end)
        while not self.text.startswith("#", at):
            word, after = self.word(at)
            if after == at:
                break
            words.append(word)
            end, at = after, self.blanks(after)
        return tuple(words), end

    def _clauses(self, start: int) -> tuple[Clauses, int]:
        first, at = self.word(start + 2, quoting.CLAUSE)
        condition, at = self.word(self.expect(";", at, "for (("), quoting.CLAUSE)
        step, at = self.word(self.expect(";", at, "for (("), quoting.CLAUSE)
        return Clauses(first, condition, step), self.expect("))", at, "for ((")

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
