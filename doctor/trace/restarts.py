"""Restarts: a server that is started anew, which is no second server beside the first."""

from __future__ import annotations

from doctor.trace.interpreter import Walk
from doctor.trace.servers import Started
from doctor.trace.values import UNKNOWN

#: Programs that end others.
_ENDING = frozenset({"kill", "pkill", "killall", "fuser"})


def ends_programs(walk: Walk) -> bool:
    """Whether the script ends any program; which ones it has ended can't always be told."""
    return any(each.program in _ENDING for each in walk.invocations)


def is_restart(one: Started, other: Started) -> bool:
    """Whether the second may be the first started anew, in a script that ends programs.

    It is if it comes of the same command and listens on the same port.
    """
    here, there = one.invocation.origin, other.invocation.origin
    same = here.source.filename == there.source.filename and here.start == there.start
    port = port_of(one) if same else None
    return port is not None and port == port_of(other)


def port_of(started: Started) -> str | None:
    """What tells the port from others, with nothing in it that differs from server to server."""
    server = started.server
    if server.uds is not None:
        return None
    word = server.value("port")
    if word is not None:
        return None if word.varies else word.identity
    return None if server.port is UNKNOWN else str(server.port)
