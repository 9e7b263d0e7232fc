"""Whose server answers on a port of this machine: the one that was started, or a stranger's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

import psutil

from doctor.base.record import Record

#: Programs whose server runs under another process than theirs, or on another machine.
_CLIENTS = frozenset({"srun", "ssh", "docker", "podman", "nerdctl", "sbatch", "salloc", "kubectl"})


class Owner(Record):
    """Who listens on a port.

    ``nobody`` may listen where that can't be seen from here: on another machine, or in a
    container's own network. A port is ``shared`` if others listen on it besides.
    """

    whose: Literal["ours", "shared", "stranger", "nobody"]
    words: str = ""


def owner(port: int, process: psutil.Process) -> Owner:
    """Who listens on the port, as seen from the process that was started."""
    listening = {
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
    }
    family = set(_family(process))
    strangers = listening - family
    if not listening or (strangers == listening and _is_client(process)):
        return Owner("nobody")
    if not strangers:
        return Owner("ours")
    words = ", ".join(sorted(map(_words, strangers)))
    return Owner("stranger" if strangers == listening else "shared", words)


def _family(process: psutil.Process) -> Iterator[int]:
    """The process, those that it started, and those whose output it reads (as `tee` does)."""
    for each in (process, *_feeders(process)):
        yield each.pid
        with suppress(psutil.Error):
            yield from (child.pid for child in each.children(recursive=True))


def _feeders(process: psutil.Process) -> Iterator[psutil.Process]:
    """The processes whose output is the pipe that this one reads."""
    pipe = _target(process.pid, 0)
    if not pipe.startswith("pipe:"):
        return
    with suppress(psutil.Error):
        parent = process.parent()
        for each in parent.children() if parent else ():
            if each != process and pipe in (_target(each.pid, 1), _target(each.pid, 2)):
                yield each


def _target(pid: int, descriptor: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/fd/{descriptor}").readlink())
    except OSError:
        return ""


def _is_client(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.name() in _CLIENTS
    return False


def _words(pid: int | None) -> str:
    """A process for people; None is one of another user."""
    if pid is None:
        return "a process of another user"
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        return f"{process.name()} (pid {pid}, {process.username()})"
    return f"pid {pid}"
