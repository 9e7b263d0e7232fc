"""Words: quotes and expansions, read into parts that tile the word."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence

from doctor.base.regex import regex
from doctor.shell import quoting
from doctor.shell.quoting import Context
from doctor.shell.scanner import ScanError, Scanner
from doctor.shell.tree import Arithmetic, Block, Literal, Parameter, Part, Substitution, Word

_SPECIAL_NAME = r"[@*#?$!-]"
_NAME = regex(rf"[A-Za-z_]\w*|[0-9]|{_SPECIAL_NAME}", re.ASCII)
_NAME_IN_BRACES = rf"(?:[A-Za-z_]\w*|[0-9]+|{_SPECIAL_NAME})"
_HEAD = regex(rf"(#(?={_NAME_IN_BRACES}[}}[])|!(?=[\w@*#]))?({_NAME_IN_BRACES})", re.ASCII)
_OPERATOR = regex(r":[-=?+]|/[/#%]?|##|%%|\^\^|,,|~~|[-=?+:#%^,~@*]")
_PATTERN_OPERATORS = frozenset("#%/^,")
_BACKTICKS = regex(r"`[^`\\]*(?:\\.[^`\\]*)*`", re.DOTALL)
_BACKTICK_ESCAPE = regex(r"\\[$`\\]")
_BACKTICK_ESCAPE_QUOTED = regex(r"\\[$`\\\"]")
_ANSI_C = regex(r"\$'([^'\\]*(?:\\.[^'\\]*)*)'", re.DOTALL)
_JOINED_LINES = regex(r"(?:\\\r?\n)+")
_GOES_ON = regex(r"[^ \t\r\n;&|()<>]|[<>]\(")


class WordReader(Scanner, ABC):
    """Reads words. What stands in command substitutions is left to a subclass."""

    @abstractmethod
    def commands(self, at: int, closer: str) -> tuple[Block, int]:
        """Read a command list from ``at`` on; return it and the offset of its closer."""

    @abstractmethod
    def script(self) -> Block:
        """Read the whole text as a command list, whatever is wrong with it."""

    @abstractmethod
    def reader(self, text: str, origin: Sequence[int]) -> WordReader:
        """A reader of another text, whose characters stand at ``origin`` in the script."""

    def inner(self, start: int, end: int) -> WordReader:
        """A reader of ``text[start:end]`` alone."""
        return self.reader(self.text[start:end], self.origin[start : end + 1])

    def word(self, at: int, context: Context = quoting.WORD) -> tuple[Word, int]:
        """Read a word (empty if none starts at ``at``); return it and the offset after it."""
        parts, rest, end = self._parts(at, context, at)
        self._add_literal(parts, rest, end, context)
        return Word(self.span(at, end), tuple(parts)), end

    def _parts(self, at: int, context: Context, rest: int) -> tuple[list[Part], int, int]:
        """Read until ``context`` ends.

        ``rest`` is where the first literal starts. Returns the parts, where the literal
        starts that is not among them yet, and where the context ends.
        """
        text, parts, nesting = self.text, list[Part](), 0
        self.notes.enter()
        try:
            while True:
                at = self.after(context.plain, at)
                char = text[at : at + 1]
                if not char or (not nesting and char in context.closers):
                    return parts, rest, at
                after = at + 1
                if nesting and char == context.closes:
                    nesting -= 1
                elif char == context.opens:
                    nesting += 1
                else:
                    special = list[Part]()
                    after = self._special(at, context, special)
                    if after == at:
                        return parts, rest, at
                    if special:
                        self._add_literal(parts, rest, at, context)
                        parts += special
                        rest = after
                at = after
        finally:
            self.notes.depth -= 1

    def _add_literal(self, parts: list[Part], start: int, end: int, context: Context) -> None:
        if start < end:
            text = context.value(self.text[start:end])
            parts.append(Literal(self.span(start, end), text, context.quoted))

    def _special(self, at: int, context: Context, parts: list[Part]) -> int:
        """Read what a special character begins and return the offset after it.

        Adds no part where the text is just plain, and returns ``at`` where the word ends.
        """
        text, char = self.text, self.text[at]
        if char == "$":
            return self._dollar(at, context.quoted, parts)
        if char == "`":
            return self._backticks(at, context.quoted, parts)
        if char == '"':
            return self._double_quotes(at, parts)
        if char == "'":
            end = text.find("'", at + 1) + 1
            if end == 0:
                raise ScanError("unterminated '")
            parts.append(Literal(self.span(at, end), text[at + 1 : end - 1], True))
            return end
        if char == "\\":
            return self._escape(at, context, parts)
        if char in "<>":
            is_substitution = text.startswith("(", at + 1)
            return self._substitution(at, char + "(", False, parts) if is_substitution else at
        if char in "?*+@!=":
            return self._parentheses(at, parts)
        return at + 1

    def expect(self, closer: str, at: int, opener: str) -> int:
        """The offset after ``closer``, which has to stand at ``at``."""
        if not self.text.startswith(closer, at):
            raise ScanError(f"unterminated {opener}")
        return at + len(closer)

    def _double_quotes(self, at: int, parts: list[Part]) -> int:
        context = quoting.DOUBLE_QUOTES
        inside, rest, end = self._parts(at + 1, context, at)
        end = self.expect('"', end, '"')
        self._add_literal(inside, rest, end, context)
        parts += inside
        return end

    def _escape(self, at: int, context: Context, parts: list[Part]) -> int:
        """A backslash outside quotes."""
        text = self.text
        joined = self.after(_JOINED_LINES, at)
        if joined > at:
            if " " in context.closers and not _GOES_ON.match(text, joined):
                return at
            parts.append(Literal(self.span(at, joined), ""))
            return joined
        if at + 1 < len(text):
            parts.append(Literal(self.span(at, at + 2), text[at + 1], True))
        return at + 2

    def _parentheses(self, at: int, parts: list[Part]) -> int:
        inside, rest, end = self._parts(at + 2, quoting.PARENTHESES, at)
        end = self.expect(")", end, self.text[at] + "(")
        self._add_literal(inside, rest, end, quoting.PARENTHESES)
        parts += inside
        return end

    def _dollar(self, at: int, quoted: bool, parts: list[Part]) -> int:
        text = self.text
        follower = text[at + 1 : at + 2]
        if follower == "(":
            if not self.is_arithmetic(at + 1):
                return self._substitution(at, "$(", quoted, parts)
            expression, end = self.word(at + 3, quoting.ARITHMETIC)
            end = self.expect("))", end, "$((")
            parts.append(Arithmetic(self.span(at, end), expression, quoted))
            return end
        if follower == "[":
            expression, end = self.word(at + 2, quoting.BRACKETS)
            end = self.expect("]", end, "$[")
            parts.append(Arithmetic(self.span(at, end), expression, quoted))
            return end
        if follower == "{":
            return self._braces(at, quoted, parts)
        if follower in ("'", '"') and not quoted:
            return self._dollar_quotes(at, parts)
        name = _NAME.match(text, at + 1)
        if name is None:
            return at + 1
        parts.append(Parameter(self.span(at, name.end()), name.group(), quoted=quoted))
        return name.end()

    def _dollar_quotes(self, at: int, parts: list[Part]) -> int:
        if self.text[at + 1] == '"':
            parts.append(Literal(self.span(at, at + 1), "", True))
            return self._double_quotes(at + 1, parts)
        found = _ANSI_C.match(self.text, at)
        if found is None:
            raise ScanError("unterminated $'")
        text = quoting.decode_ansi_c(found.group(1))
        parts.append(Literal(self.span(at, found.end()), text, True))
        return found.end()

    def _braces(self, at: int, quoted: bool, parts: list[Part]) -> int:
        """``${…}``; plain text if no parameter expansion reads like this: ``${{ x }}``."""
        head = _HEAD.match(self.text, at + 2)
        here = at + 2 if head is None else head.end()
        if head is not None:
            prefix, name = head.groups()
            subscript, here = self._subscript(here)
            operator, argument, here = self._argument(here, quoted)
            if self.text.startswith("}", here):
                parameter = Parameter(
                    self.span(at, here + 1),
                    name,
                    subscript,
                    operator,
                    argument,
                    quoted,
                    length=prefix == "#",
                    indirect=prefix == "!",
                )
                parts.append(parameter)
                return here + 1
        # Go on from here: reading anything twice would double the work at every level.
        context = quoting.BRACES_QUOTED if quoted else quoting.BRACES
        return self.expect("}", self._parts(here, context, here)[2], "${")

    def _subscript(self, at: int) -> tuple[str | None, int]:
        if not self.text.startswith("[", at):
            return None, at
        end = self.expect("]", self._parts(at + 1, quoting.BRACKETS, at)[2], "[")
        return self.text[at + 1 : end - 1], end

    def _argument(self, at: int, quoted: bool) -> tuple[str, Word | None, int]:
        """The operator of an expansion in braces, its argument, and where that ends."""
        here = self.after(_OPERATOR, at)
        operator = self.text[at:here]
        if not operator:
            return "", None, at
        context = quoting.BRACES
        if quoted:
            is_pattern = operator[0] in _PATTERN_OPERATORS
            context = quoting.PATTERN_QUOTED if is_pattern else quoting.BRACES_QUOTED
        argument, end = self.word(here, context)
        return operator, argument, end

    def _substitution(self, at: int, opener: str, quoted: bool, parts: list[Part]) -> int:
        body, end = self.commands(at + 2, ")")
        parts.append(Substitution(self.span(at, end + 1), opener, body, quoted))
        return end + 1

    def _backticks(self, at: int, quoted: bool, parts: list[Part]) -> int:
        """Backticks: their text is a script of its own once its escapes are undone."""
        found = _BACKTICKS.match(self.text, at)
        if found is None:
            raise ScanError("unterminated `")
        escapes = _BACKTICK_ESCAPE_QUOTED if quoted else _BACKTICK_ESCAPE
        end, here = found.end(), at + 1
        pieces, origin = list[str](), list[int]()
        for escape in escapes.finditer(self.text, here, end - 1):
            pieces.append(self.text[here : escape.start()])
            origin += self.origin[here : escape.start()]
            here = escape.start() + 1
        pieces.append(self.text[here : end - 1])
        origin += self.origin[here:end]
        body = self.reader("".join(pieces), origin).script()
        parts.append(Substitution(self.span(at, end), "`", body, quoted))
        return end
