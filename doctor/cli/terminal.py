"""The standard streams: how to write to them, and what a terminal can show.

What stands in files, names and the environment may hold escape sequences, by which a stranger
would steer the reader's terminal. They are made visible here, unless it is a report that has
done so itself and holds our own.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO

import click

from doctor.base.errors import DoctorError
from doctor.base.tokens import blotted
from doctor.report.style import visible

#: How many cells a line takes where no terminal says it.
USUAL_WIDTH = 100
#: Variables that ask for colours where nobody looks, as in the logs of a CI.
_FORCES = ("FORCE_COLOR", "CLICOLOR_FORCE")


def hold_places() -> None:
    """Give closed streams something to stand for them, or a file that we open would.

    What we, or a program that we start, then wrote to the stream would go into that file.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free


def standard_input(paths: Sequence[str]) -> BinaryIO | None:
    """The standard input, if one of the paths means it."""
    if "-" not in paths:
        return None
    if sys.stdin is None:
        raise DoctorError("`-` can't be read: the standard input is closed")
    return sys.stdin.buffer


def write(lines: Iterable[str], styled: bool = False) -> None:
    """Write lines to the standard output, without the tokens that a script may hold.

    A reader that has had enough is no fault.
    """
    text = "".join(f"{_shown(line, styled)}\n" for line in lines)
    if not text:
        return
    with _output() as output:
        if isinstance(output, io.TextIOWrapper):
            output.reconfigure(errors="backslashreplace")
        output.write(text)
        output.flush()


def write_bytes(pieces: Iterable[bytes]) -> None:
    """Write to the standard output what has an encoding of its own: as it is, but for people."""
    if is_terminal():
        text = b"".join(pieces).decode(errors="replace")
        write(text.removesuffix("\n").split("\n") if text else ())
        return
    with _output() as output:
        output.flush()
        for piece in pieces:
            output.buffer.write(piece)
        output.buffer.flush()


def tell(lines: Iterable[str], styled: bool = False) -> None:
    """Write lines to the standard error, if anybody can hear it."""
    with suppress(OSError, ValueError):  # it is full; or closed while we wrote
        for line in lines:
            print(_shown(line, styled), file=sys.stderr, flush=True)


def _shown(line: str, styled: bool) -> str:
    return blotted(line if styled else visible(line))


@contextmanager
def _output() -> Iterator[io.TextIOWrapper]:
    if sys.stdout is None:
        raise DoctorError("the output can't be written: the standard output is closed")
    try:
        yield sys.stdout  # type: ignore[misc]
    except OSError as error:
        give_up()
        if not isinstance(error, BrokenPipeError):  # else the reader has had enough
            raise DoctorError(f"the output can't be written: {error.strerror}") from None


def give_up() -> None:
    """Drop what could not be written: Python would complain once more when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_terminal() -> bool:
    """Whether a person looks at the standard output."""
    return sys.stdout is not None and sys.stdout.isatty()


def wants_colour() -> bool:
    """Whether --color asks for colours whatever they are written to."""
    context = click.get_current_context(silent=True)
    return context is not None and context.color is True


def colour() -> bool:
    """Whether to write in colours: --color says so, the environment, or a terminal shows them."""
    context = click.get_current_context(silent=True)
    if context is not None and context.color is not None:
        return context.color
    if os.environ.get("NO_COLOR"):
        return False
    if any(os.environ.get(name, "0") not in ("", "0") for name in _FORCES):
        return True
    return is_terminal() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """How many cells a line may take."""
    import shutil  # it imports every format of archives

    return min(120, shutil.get_terminal_size((USUAL_WIDTH, 24)).columns)
