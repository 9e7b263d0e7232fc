"""The mask of a statement: its text as bashlex can read it.

A simple command becomes a letter and blanks, as do a function's name and the head of a loop;
a compound command that bashlex doesn't know becomes a small subshell, a redirection after a
compound command ``>`` and a letter, a comment or here-document blanks. What remains is the
grammar: reserved words, operators, newlines. All keeps its place, so the offset of a node
in the mask finds in the tables what stands there in the script.
"""

from __future__ import annotations

from doctor.shell.scanner import ScanError

# bashlex takes some 3 kB for a token. Nobody writes so much without a blank line between.
MAX_PIECES = 20_000


class Mask:
    """A mask, written from left to right."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.at = start
        self.last: int | None = None  # where the last token starts
        self._pieces: list[str] = []

    def __str__(self) -> str:
        return "".join(self._pieces)

    def skip(self, end: int) -> None:
        """Blanks up to ``end``."""
        if end > self.at:
            self._pieces.append(" " * (end - self.at))
            self.at = end

    def keep(self, token: str) -> None:
        """A token that bashlex is to see."""
        if len(self._pieces) > MAX_PIECES:
            raise ScanError("too long a statement")
        self.last = self.at
        self._pieces.append(token)
        self.at += len(token)

    def hide(self, end: int, opener: str = "x", closer: str = "") -> None:
        """A stand-in as long as the text up to ``end``."""
        self.keep(opener + " " * (end - self.at - len(opener) - len(closer)) + closer)

    def newline(self, end: int) -> None:
        """A newline, and blanks up to ``end`` for the here-documents after it."""
        self._pieces.append("\n")
        self.at += 1
        self.skip(end)

    def end_condition(self) -> None:
        """Put ``;`` for the newline that ends the condition of a loop.

        bashlex wants a list there, and takes one command and a newline for less than that.
        """
        newline = None
        for index in range(len(self._pieces) - 1, -1, -1):
            piece = self._pieces[index]
            if not piece.isspace():
                if newline is not None and piece not in (";", "&"):
                    self._pieces[newline] = ";"
                return
            if piece == "\n":
                newline = index
