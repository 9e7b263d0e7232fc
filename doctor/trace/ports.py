"""Ports: servers on one machine that listen on the same port at the same time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doctor.facts.base import Evidence
from doctor.facts.relations import SharedPort
from doctor.trace.caches import servers_in_words
from doctor.trace.concurrency import JobShape, copies, kept_apart, together
from doctor.trace.interpreter import Walk
from doctor.trace.servers import Started
from doctor.trace.values import ARRAY_TASK, HOST, UNKNOWN, Value


def shared(started: Sequence[Started], walk: Walk, job: JobShape) -> Iterator[SharedPort]:
    """The ports that several servers on one machine bind."""
    candidates = [s for s in started if not s.is_part and _on_this_machine(s, job.one_node)]
    done: set[int] = set()
    for index, first in enumerate(candidates):
        port = _port(first)
        if index in done or port is None:
            continue
        group = [first]
        for at in range(index + 1, len(candidates)):
            other = candidates[at]
            if (
                _port(other) == port
                and _same_host(first, other)
                and all(together(member.invocation, other.invocation) for member in group)
            ):
                group.append(other)
                done.add(at)
        differ = set(copies(first.invocation, walk, job)) - {HOST, ARRAY_TASK}
        word = first.server.value("port")
        alone = not differ or (word is not None and kept_apart(word.varies, differ))
        if len(group) > 1 or not alone:
            yield _fact(group, port, differ if len(group) == 1 else set())


def _on_this_machine(started: Started, one_node: bool) -> bool:
    context = started.invocation.context
    if context.remote or (context.container is not None and context.container.own_network):
        return False
    return one_node or not context.in_step


def _port(started: Started) -> str | None:
    """The port as written, with nothing in it that differs from server to server."""
    server = started.server
    if server.uds is not None:
        return None
    word = server.value("port")
    if word is not None:
        return None if word.varies else word.display
    return None if server.port is UNKNOWN else str(server.port)


def _same_host(one: Started, other: Started) -> bool:
    return one.server.host == other.server.host and one.server.host is not UNKNOWN


def _fact(group: Sequence[Started], port: str, differ: set[str]) -> SharedPort:
    first = group[0]
    words: list[Value] = [w for s in group if (w := s.server.value("port")) is not None]
    place = (words[-1].location if words else None) or group[-1].place
    assumes = frozenset().union(*(word.assumes for word in words))
    servers = tuple(dict.fromkeys(s.place for s in group))
    return SharedPort(
        location=first.place,
        evidence={"port": Evidence((place,), assumes), "servers": Evidence(servers)},
        count=len(group) if not differ else UNKNOWN,
        servers=servers_in_words(len(group), differ),
        port=port,
        is_default=not words,
    )
