"""What an examination found: a diagnostic, where it is, and how to repair it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import field
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from doctor.base.record import Record


class Severity(str, Enum):
    """How bad a finding is; ``rank`` orders them, the highest being the worst."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        return {"info": 0, "warning": 1, "error": 2}[self.value]


class Position(NamedTuple):
    """A place in a text: row and column count characters from 1, offset from 0."""

    row: int
    column: int
    offset: int = 0


class Location(NamedTuple):
    """A stretch of a file; ``end`` is exclusive.

    ``within`` is set where the stretch only runs what is meant: ``common.sh, line 12``.
    """

    filename: str
    start: Position
    end: Position
    within: str = ""


class Source(Record):
    """A file's name and its text, as it was read (line ends kept).

    ``included`` is false for a file that a script names and that is no part of the scan.
    ``encoding`` is the one that makes the file's bytes of the text.
    """

    filename: str
    text: str = field(repr=False)
    included: bool = True
    encoding: str = "utf-8"

    @property
    def data(self) -> bytes:
        """The text as bytes, as the file has them."""
        return self.text.encode(self.encoding)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts, at = [0], self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts

    def position(self, offset: int) -> Position:
        """The row and column of an offset into the text."""
        row = bisect_right(self._line_starts, offset)
        return Position(row, offset - self._line_starts[row - 1] + 1, offset)

    def location(self, start: int, end: int) -> Location:
        """The stretch from offset ``start`` to offset ``end``."""
        return Location(self.filename, self.position(start), self.position(end))

    def start_of(self, row: int) -> int:
        """The offset at which a row begins."""
        return self._line_starts[row - 1]

    def line(self, row: int) -> str:
        """The text of a row, without its line end."""
        start = self.start_of(row)
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")

    @property
    def rows(self) -> int:
        """How many rows the text has; a last empty row counts."""
        return len(self._line_starts)


class Related(Record):
    """Another place that a diagnostic is about, and what it has to do with it."""

    message: str
    location: Location


class Applicability(str, Enum):
    """``safe`` keeps what the script otherwise does; ``unsafe`` may change more."""

    SAFE = "safe"
    UNSAFE = "unsafe"


class Edit(NamedTuple):
    """Put ``content`` where ``location`` is."""

    location: Location
    content: str


class Fix(Record):
    """A repair: edits that belong together, and a sentence that says what they do."""

    applicability: Applicability
    message: str
    edits: tuple[Edit, ...]


class Diagnostic(Record):
    """One finding of one rule, ready to be reported.

    ``fault`` says in a sentence what is wrong, ``why`` what comes of it, ``help`` what to do
    about it, and ``condition`` what all of this rests on, if it isn't certain. Of those that are
    told ``once_a_run`` one stands for all.
    """

    code: str
    name: str
    severity: Severity
    fault: str
    location: Location
    related: tuple[Related, ...] = ()
    lesson: str | None = None
    fix: Fix | None = None
    why: str = ""
    help: str = ""
    condition: str = ""
    once_a_run: bool = False

    @property
    def message(self) -> str:
        """All that is said of it in words, as one paragraph."""
        condition = f"({self.condition})" if self.condition else ""
        return " ".join(filter(None, (self.fault, self.why, self.help, condition)))
