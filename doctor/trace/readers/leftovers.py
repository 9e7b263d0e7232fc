"""Leftovers: what a job writes that no other job ever meets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doctor.base.record import Record
from doctor.trace.machine.journal import Walk
from doctor.trace.readers import deletions
from doctor.trace.readers.jobs import Request


class Cleared(Record):
    """What a job with whole nodes deletes of what it wrote: each path, and when it does.

    Nobody shares a node with such a job; but what it leaves behind the next user's job finds.
    """

    paths: tuple[tuple[int, str], ...] = ()

    @classmethod
    def of(cls, walk: Walk, requests: Sequence[Request]) -> Cleared:
        """Nothing counts unless one of the requests is for whole nodes."""
        whole = any(request.asks.exclusive is True for request in requests)
        return cls(tuple(_deleted(walk)) if whole else ())

    def holds(self, path: str, order: int) -> bool:
        """Whether a path that is written at this moment of the walk, or its folder, goes again."""
        return any(
            later > order and (path + "/").startswith(gone.rstrip("/") + "/")
            for later, gone in self.paths
        )


def _deleted(walk: Walk) -> Iterator[tuple[int, str]]:
    for invocation in walk.invocations:
        for path in deletions.deleted(invocation):
            yield invocation.order, path.display
