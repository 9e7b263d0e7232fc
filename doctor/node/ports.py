"""The probe of the ports that a server would listen on."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

from doctor.base.numbers import whole_number
from doctor.base.unknown import UNKNOWN, UnknownType
from doctor.facts.node.world import Port
from doctor.node.probe import Probe, Situation
from doctor.node.tmp_folders import user_name

_DEFAULT = 8000
_LISTENING = "0A"


def _look(situation: Situation) -> Iterator[Port]:
    yield look_at(_DEFAULT)
    named = whole_number(situation.environment.get("VLLM_PORT", ""))
    if named is not None and 0 < named < 1 << 16:
        yield look_at(named, "VLLM_PORT")


def look_at(port: int, variable: str | None = None) -> Port:
    """Whether somebody listens on a port of this machine, and who."""
    taken = _taken(port)
    return Port(
        port=port,
        variable=variable,
        taken=taken,
        taken_by=_holder(port) if taken is True else None,
        reasons={"taken": f"an ordinary user may not listen on port {port}"},
    )


def _taken(port: int) -> bool | UnknownType:
    """Whether a server could not bind the port; it is given back at once."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
            probe.listen()
        except PermissionError:
            return UNKNOWN
        except OSError:
            return True
    return False


def _holder(port: int) -> str | None:
    """Whose process listens on the port, by name if it is one that we may look into."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for words in map(str.split, lines):
            if words[3] == _LISTENING and int(words[1].rpartition(":")[2], 16) == port:
                return _process(words[9]) or f"a process of {user_name(int(words[7]))}"
    return None


def _process(inode: str) -> str | None:
    for folder in Path("/proc").iterdir():
        if not re.fullmatch(r"\d+", folder.name):
            continue
        try:
            for handle in (folder / "fd").iterdir():
                if os.readlink(handle) == f"socket:[{inode}]":
                    return f"{(folder / 'comm').read_text().strip()} (pid {folder.name})"
        except OSError:
            continue
    return None


PROBE = Probe("ports", (Port,), _look)
