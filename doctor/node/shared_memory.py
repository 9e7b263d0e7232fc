"""The probe of what one's own processes left in /dev/shm."""

from __future__ import annotations

import shlex
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from doctor.facts.node.processes import SharedMemory
from doctor.node.probe import NotHereError, Probe, Situation, UnseenError
from doctor.node.processes import Processes, open_files

FOLDER = Path("/dev/shm")
_GIB = 1 << 30
#: A younger file may be on its way from one process to another.
_YOUNG = 60.0
#: More than these make no command to paste.
_MOST_NAMES = 40


def look(situation: Situation) -> Iterator[SharedMemory]:
    """Files of our own in /dev/shm that no process of our own has open or mapped."""
    used = set(_used(situation))
    left = [(path, size) for path, size in _files(situation.user) if str(path) not in used]
    names = [shlex.quote(str(path)) for path, _ in left]
    yield SharedMemory(
        leftovers=len(left),
        size=round(sum(size for _, size in left) / _GIB, 2),
        remove=_remove(names),
    )


def _remove(names: Sequence[str]) -> str | None:
    """The command that removes the files, or so many as make a command to paste."""
    first = names[:_MOST_NAMES]
    rest = f"   # the first {len(first)} of {len(names)}" if len(names) > len(first) else ""
    return f"rm -- {' '.join(first)}{rest}" if names else None


def _files(user: int) -> Iterator[tuple[Path, int]]:
    try:
        entries = sorted(FOLDER.iterdir())
    except FileNotFoundError:
        raise NotHereError(f"there is no {FOLDER}") from None
    except OSError as error:
        raise UnseenError(f"{FOLDER} can't be read: {error.strerror}") from None
    for path in entries:
        try:
            told = path.lstat()
        except OSError:
            continue
        old = time.time() - told.st_mtime > _YOUNG
        if told.st_uid == user and stat.S_ISREG(told.st_mode) and old:
            yield path, told.st_blocks * 512


def _used(situation: Situation) -> Iterator[str]:
    """The files in /dev/shm that processes of our own have open or mapped."""
    for process in Processes(situation).own():
        try:
            yield from open_files(process.pid)
            with open(f"/proc/{process.pid}/maps") as maps:
                yield from (
                    line.split(maxsplit=5)[5].rstrip("\n") for line in maps if str(FOLDER) in line
                )
        except OSError:
            continue  # it ended


PROBE = Probe("shared memory", (SharedMemory,), look)
