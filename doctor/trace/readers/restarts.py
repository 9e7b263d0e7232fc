"""Restarts: a server that is started anew, so there is never a second one at the same time."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence

from doctor.trace.machine.journal import Walk
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.trace.readers.servers import Started
from doctor.values.value import UNKNOWN


def endings(walk: Walk) -> list[int]:
    """The moments at which the script ends some program; which one can't always be known."""
    return [each.order for each in walk.invocations if is_a(each.program, Trait.ENDS_OTHERS)]


def is_restart(one: Started, other: Started, endings: Sequence[int]) -> bool:
    """Whether the second may be the first started anew: one command, one port, an end between."""
    here, there = one.invocation, other.invocation
    if bisect(endings, here.order) == bisect(endings, there.order):
        return False
    same = here.origin.source.filename == there.origin.source.filename
    port = port_of(one) if same and here.origin.start == there.origin.start else None
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
