"""Ports: servers on one machine that listen on the same port at the same time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from doctor.base.bounds import MAX_COMPARED
from doctor.facts.base import Evidence
from doctor.facts.relations import SharedPort
from doctor.facts.servers import Meets
from doctor.trace.readers.concurrency import (
    JobShape,
    begun,
    copies,
    kept_apart,
    servers_in_words,
    together,
)
from doctor.trace.readers.jobs import node_shared
from doctor.trace.readers.restarts import endings, is_restart, port_of
from doctor.trace.readers.scene import Scene
from doctor.trace.readers.servers import Started
from doctor.values.value import ARRAY_TASK, HOST, UNKNOWN, Value, Vary

#: Who asks for more GPUs mostly gets a whole node.
_MOST_GPUS = 3


def shared(scene: Scene) -> Iterator[SharedPort]:
    """The ports that several servers on one machine bind."""
    walk, job = scene.walk, scene.shape
    if walk.truncated:
        return
    servers = scene.started
    candidates = [s for s in servers if not s.is_part and _on_this_machine(s, job.one_node)]
    ends = endings(walk)
    at_port = defaultdict[str | None, list[int]](list)
    for index, each in enumerate(candidates):
        at_port[port_of(each)].append(index)
    done: set[int] = set()
    for index, first in enumerate(candidates):
        port = port_of(first)
        if index in done or port is None:
            continue
        group = [first]
        for at in at_port[port]:
            other, latest = candidates[at], group[-MAX_COMPARED:]
            if (
                at > index
                and _same_host(first, other)
                and not any(is_restart(member, other, ends) for member in latest)
                and all(together(member.invocation, other.invocation) for member in latest)
            ):
                group.append(other)
                done.add(at)
        word = first.server.value("port") or Value()
        differ = set(copies(first.invocation, walk, job, assumes=word.assumes))
        differ -= {HOST, ARRAY_TASK}
        alone = kept_apart(word.varies, differ) or word.since > begun(differ)
        if len(group) > 1 or (differ and not alone):
            yield _fact(group, differ if len(group) == 1 else ())


def meets(started: Started, scene: Scene) -> Meets | None:
    """Whose servers on the node want the same port: other jobs', or other tasks' of the array."""
    context, request = started.invocation.context, scene.request_of(started.invocation)
    word = started.server.value("port")
    port = word.text if word is not None else port_of(started)
    if request is None or request.asks.exclusive is not False or node_shared([request]) is not True:
        return None
    if not isinstance(request.asks.gpus, int) or request.asks.gpus > _MOST_GPUS:
        return None
    if context.uncalled or started.is_part or port in (None, "0"):
        return None
    shape = JobShape.of(request.asks)
    if started.server.uds is not None or not _on_this_machine(started, shape.one_node):
        return None
    if context.batch_job is not None and not shape.array:
        return None  # told where that script itself is looked at
    return "array-tasks" if shape.array else "jobs"


def _on_this_machine(started: Started, one_node: bool) -> bool:
    context = started.invocation.context
    if context.remote or (context.container is not None and context.container.own_network):
        return False
    return one_node or not context.in_step


def _same_host(one: Started, other: Started) -> bool:
    return one.server.host == other.server.host and one.server.host is not UNKNOWN


def _fact(group: Sequence[Started], differ: Collection[Vary]) -> SharedPort:
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
        port=words[0].display if words else str(first.server.port),
        is_default=not words,
    )
