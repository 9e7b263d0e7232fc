"""The text that is read: its offsets, its blanks and its brackets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from doctor.base.regex import regex
from doctor.shell.tree import Comment, Span, Unparsed

# Nobody nests like this by hand, and Python's own stack ends not far beyond.
MAX_DEPTH = 100

_BLANKS = regex(r"[ \t]*(?:(?:\\\r?\n|\r(?=\n|\Z))[ \t]*)*")
_OUTSIDE_QUOTES = regex(r"(?:[^\\'\"`$()]+|\\.|\$'[^'\\]*(?:\\.[^'\\]*)*'|\$)*", re.DOTALL)
_INSIDE_QUOTES = regex(r"(?:[^\"\\`$]+|\\.|\$(?!\())*", re.DOTALL)


class ScanError(Exception):
    """The text cannot be cut into words from here on; the message says why."""


@dataclass
class Notes:
    """What all readers of one script gather, and how deep they are in it."""

    comments: list[Comment] = field(default_factory=list)
    unparsed: list[Unparsed] = field(default_factory=list)
    depth: int = 0

    def enter(self) -> None:
        """One level of nesting more; whoever calls this takes it off ``depth`` again."""
        if self.depth >= MAX_DEPTH:
            raise ScanError("nested too deeply")
        self.depth += 1


class Scanner:
    """A text and where each of its characters stands in the script.

    ``origin[i]`` is the offset in the script of ``text[i]``; one more entry tells the end.
    """

    def __init__(self, text: str, origin: Sequence[int], notes: Notes) -> None:
        self.text = text
        self.origin = origin
        self.notes = notes
        self._closing: dict[int, int | None] = {}

    def span(self, start: int, end: int) -> Span:
        """The place in the script of ``text[start:end]``."""
        first = self.origin[start]
        return Span(first, self.origin[end - 1] + 1 if end > start else first)

    def after(self, pattern: re.Pattern[str], at: int) -> int:
        """The offset after what ``pattern`` matches at ``at``; ``at`` if nothing."""
        found = pattern.match(self.text, at)
        return found.end() if found else at

    def blanks(self, at: int) -> int:
        """The offset after blanks and joined lines."""
        return self.after(_BLANKS, at)

    def comment(self, at: int) -> int:
        """Take note of the comment at ``at``; return the offset of its line's end."""
        end = self.text.find("\n", at)
        end = len(self.text) if end < 0 else end
        stop = end - 1 if self.text[end - 1] == "\r" else end
        self.notes.comments.append(Comment(self.span(at, stop), self.text[at:stop]))
        return end

    def is_arithmetic(self, at: int) -> bool:
        """Whether ``((`` stands at ``at`` and opens arithmetic.

        As in bash: it does if the inner parenthesis closes right before another one, and is
        a subshell in a subshell otherwise.
        """
        if not self.text.startswith("((", at):
            return False
        if at + 1 not in self._closing:
            self._match_parentheses(at + 1)
        closing = self._closing[at + 1]
        return closing is not None and self.text.startswith("))", closing)

    def _match_parentheses(self, at: int) -> None:
        """Find what closes the parenthesis at ``at`` and all those on the way.

        All are remembered, so that deep nesting is not read again on every level. The stack
        holds the open parentheses, and -1 for an open double quote.
        """
        text, stack = self.text, [at]
        at += 1
        while stack:
            at = self.after(_INSIDE_QUOTES if stack[-1] < 0 else _OUTSIDE_QUOTES, at)
            char = text[at : at + 1]
            if char == '"':
                if stack[-1] < 0:
                    stack.pop()
                else:
                    stack.append(-1)
            elif char == "(" or char == "$":
                at = text.index("(", at)
                stack.append(at)
            elif char == ")":
                self._closing[stack.pop()] = at
            elif char in ("'", "`"):
                at = text.find(char, at + 1)
            if not char or at < 0:
                self._closing.update(dict.fromkeys(stack))
                return
            at += 1
