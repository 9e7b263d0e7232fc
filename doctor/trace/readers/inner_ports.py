"""Inner ports: what servers make of ``VLLM_PORT``, where they begin to look for ports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doctor.base.bounds import MAX_COMPARED
from doctor.facts.base import Evidence
from doctor.facts.relations import InnerPorts
from doctor.trace.readers.concurrency import JobShape, servers_in_words, together
from doctor.trace.readers.restarts import endings, is_restart
from doctor.trace.readers.scene import Scene
from doctor.trace.readers.servers import Started
from doctor.values.value import Value

_VARIABLE = "VLLM_PORT"


def shared(scene: Scene) -> Iterator[InnerPorts]:
    """The bases that several servers on one machine have in common, or that are an API's port."""
    if scene.walk.truncated:
        return
    users = [(s, v) for s in scene.started if (v := _base(s, scene.shape)) is not None]
    ended, asked = endings(scene.walk), _asked(scene)
    done: set[int] = set()
    for index, (first, base) in enumerate(users):
        if index in done:
            continue
        group = [first]
        for at in range(index + 1, len(users)):
            other, value = users[at]
            latest = group[-MAX_COMPARED:]
            if value.identity == base.identity and all(
                _beside(m, other, ended, asked) for m in latest
            ):
                group.append(other)
                done.add(at)
        port = first.server.value("port")
        if len(group) > 1 or (port is not None and port.identity == base.identity):
            yield _fact(group, base)


def _asked(scene: Scene) -> list[int]:
    """The moments at which the script runs a Python program in the foreground."""
    programs = (each for each in scene.invocations if not each.context.threads)
    return [each.order for each in programs if each.program.startswith("python")]


def _base(started: Started, job: JobShape) -> Value | None:
    """What the variable holds for a server that shares its machine's ports."""
    context, value = started.invocation.context, started.pick(_VARIABLE)
    if context.remote or (context.container is not None and context.container.own_network):
        return None
    if context.in_step and not job.one_node:
        return None
    return value if isinstance(value, Value) and value.pieces and not value.varies else None


def _beside(one: Started, other: Started, ended: Sequence[int], asked: Sequence[int]) -> bool:
    """Whether two look for ports at the same time: neither has answered before the other begins.

    A Python program between them may have waited for an answer.
    """
    between = one.invocation.order, other.invocation.order
    waits = any(between[0] < at < between[1] for at in asked)
    at_once = together(one.invocation, other.invocation, settled=True)
    return at_once and not waits and not is_restart(one, other, ended)


def _fact(group: Sequence[Started], base: Value) -> InnerPorts:
    place = base.location or group[0].place
    return InnerPorts(
        location=group[0].place,
        evidence={
            "base": Evidence((place,), base.assumes),
            "servers": Evidence(tuple(dict.fromkeys(each.place for each in group))),
        },
        count=len(group),
        servers=servers_in_words(len(group), ()),
        base=base.display,
    )
