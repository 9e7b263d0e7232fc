"""Programs run side by side, each until a deadline of its own, and none left running.

What a program starts elsewhere (a step on another node) may outlive it; whoever starts it gives
it a time limit there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from doctor.base.record import Record

#: How long a program may take to end once it is asked to.
_ENDING = 0.5
_PAUSE = 0.02
#: More than any node tells, in bytes.
_MOST = 1 << 22


class Ended(Record):
    """What a program wrote, and its exit code: None if it did not end in time."""

    output: str
    errors: str
    code: int | None

    @property
    def last_words(self) -> str:
        """The last line that it wrote of what went wrong."""
        return (self.errors.strip().splitlines() or [""])[-1]


@dataclass
class _Running:
    process: subprocess.Popen[bytes]
    deadline: float
    output: IO[bytes] = field(repr=False)
    errors: IO[bytes] = field(repr=False)


def run(
    command: Sequence[str], seconds: float, environment: Mapping[str, str] | None = None
) -> Ended:
    """Run one program; raises OSError if it can't be started."""
    ((_, ended),) = run_all({"": command}, seconds, environment)
    return ended


def run_all(
    commands: Mapping[str, Sequence[str]],
    seconds: float,
    environment: Mapping[str, str] | None = None,
    at_once: int = 64,
) -> Iterator[tuple[str, Ended]]:
    """Run programs, and tell how each ended, as they end; raises OSError if one can't be started.

    Each has so many seconds of its own. When the caller stops listening all are ended.
    """
    waiting = list(commands.items())[::-1]
    running: dict[str, _Running] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                name, command = waiting.pop()
                running[name] = _start(command, seconds, environment)
            for name in [name for name, each in running.items() if _is_over(each)]:
                each = running[name]
                _end(each.process)
                del running[name]
                yield name, _ended(each)
            time.sleep(_PAUSE)
    finally:
        for each in running.values():
            _end(each.process)


def _start(
    command: Sequence[str], seconds: float, environment: Mapping[str, str] | None
) -> _Running:
    # Files, since a pipe that nobody empties would hold the program up.
    output, errors = _file(), _file()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        env=None if environment is None else dict(environment),
        start_new_session=True,
    )
    return _Running(process, time.monotonic() + seconds, output, errors)


def _file() -> IO[bytes]:
    return tempfile.TemporaryFile()


def _is_over(running: _Running) -> bool:
    return running.process.poll() is not None or time.monotonic() > running.deadline


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it started here, politely at first."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_ENDING)


def _ended(running: _Running) -> Ended:
    late = time.monotonic() > running.deadline
    told = []
    for file in (running.output, running.errors):
        with file:
            file.seek(0)
            told.append(file.read(_MOST).decode(errors="replace"))
    return Ended(told[0], told[1], None if late else running.process.returncode)
