"""What a scan is given: paths, the standard input, and which of the files are meant."""

from __future__ import annotations

from functools import cached_property
from typing import BinaryIO

from doctor.base.record import Record
from doctor.cli import terminal


class Inputs(Record):
    """The paths of a command line; `-` is the standard input, which ``stdin_filename`` names.

    ``only`` these files are meant, by their real paths; None for all that the paths mean.
    """

    paths: tuple[str, ...]
    stdin_filename: str
    only: frozenset[str] | None = None

    @property
    def names(self) -> list[str]:
        """The paths, the name of the standard input in place of `-`."""
        return [self.stdin_filename if path == "-" else path for path in self.paths]

    @cached_property
    def stdin(self) -> BinaryIO | None:
        """The standard input, if one of the paths means it."""
        return terminal.standard_input(self.paths)
