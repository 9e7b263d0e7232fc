"""Waits: loops that go on for as long as a server does not answer, even if it is dead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doctor.facts.commands import ServerWait
from doctor.trace.machine.journal import EndlessWait, Walk
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import does
from doctor.trace.readers.scene import Scene


def read(scene: Scene) -> Iterator[ServerWait]:
    """The loops that wait for a server of this script and have no limit of any kind."""
    walk, servers = scene.walk, [each.invocation for each in scene.started]
    if walk.truncated or any(_watches(each, walk) for each in walk.invocations):
        return
    for wait in walk.endless:
        if wait.guarded or not _holds_the_script(wait) or not _has_server(wait, servers):
            continue
        yield ServerWait(location=wait.origin.location)


def _holds_the_script(wait: EndlessWait) -> bool:
    """Whether the script itself waits, and nothing around the loop limits that."""
    context = wait.context
    limited = any(wrapper.words[0] in ("timeout", "srun") for wrapper in context.wrappers)
    return not (limited or context.threads or context.uncalled)


def _has_server(wait: EndlessWait, servers: Sequence[Invocation]) -> bool:
    """Whether a process of this script is the server, which it started before."""
    return any(
        server.order < wait.order and server.context.threads and server.context.batch_job is None
        for server in servers
    )


def _watches(invocation: Invocation, walk: Walk) -> bool:
    """Whether something in the background may end the script, or the loop."""
    threads = invocation.context.threads
    beside = bool(threads) and threads[0].number not in walk.traps
    return beside and does(invocation.arguments, Trait.ENDS_OTHERS)
