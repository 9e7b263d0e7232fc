"""The terminal, or what stands in for it: how to write to it and what it can show."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from doctor.base.errors import DoctorError
from doctor.base.tokens import blotted


def write(lines: Iterable[str]) -> None:
    """Write lines to the standard output, without the tokens that a script may hold.

    A reader that has had enough is no fault.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    with _may_close():
        for line in lines:
            sys.stdout.write(blotted(line) + "\n")
        sys.stdout.flush()


def write_bytes(pieces: Iterable[bytes]) -> None:
    """Write to the standard output what has an encoding of its own."""
    with _may_close():
        sys.stdout.flush()
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


@contextmanager
def _may_close() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # else the reader has had enough
            raise DoctorError(f"the output can't be written: {error.strerror}") from None


def colour() -> bool:
    """Whether to write in colours."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def width() -> int:
    """How many cells a line may take."""
    return min(120, shutil.get_terminal_size((100, 24)).columns)
