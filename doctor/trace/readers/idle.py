"""Idle GPUs: what a job asks for and nothing in its script takes."""

from __future__ import annotations

from collections.abc import Sequence

from doctor.trace.programs.invocation import Invocation
from doctor.trace.readers.concurrency import copies
from doctor.trace.readers.devices import needed
from doctor.trace.readers.scene import Scene, is_light
from doctor.values.assumption import consistent
from doctor.values.value import UNKNOWN, UnknownType

#: Among more servers nobody searches for those that exclude each other: the work grows too fast.
_MOST_SERVERS = 24


def used(scene: Scene) -> int | UnknownType:
    """How many GPUs of its job the servers of a script take, if nothing else in it may take any.

    The servers' needs are added up whether or not they run at the same time, but not those of
    servers; the script starts one or the other.
    """
    needs: list[tuple[int, Invocation]] = []
    for each in scene.started:
        count, context = needed(each), each.invocation.context
        alone = not copies(each.invocation, scene.walk, scene.shape) and all(
            turn.index is not None for turn in context.turns
        )
        here = not (context.remote or context.uncalled or context.batch_job is not None)
        if not (alone and here and isinstance(count, int) and each.server.nnodes == 1):
            return UNKNOWN
        needs.append((count, each.invocation))
    if len(needs) > _MOST_SERVERS or _others_may_use_some(scene):
        return UNKNOWN
    return _most(needs) or UNKNOWN


def _most(needs: Sequence[tuple[int, Invocation]]) -> int:
    """The most GPUs that servers take which may all be started in one run of the script."""
    for count, one in needs:
        rest = [each for each in needs if each[1] is not one]
        beside = [each for each in rest if not _exclude(one, each[1])]
        if len(beside) < len(rest):
            return max(count + _most(beside), _most(rest))
    return sum(count for count, _ in needs)


def _exclude(one: Invocation, other: Invocation) -> bool:
    """Whether a run of the script that starts one of them doesn't start the other."""
    return one.context.excludes(other.context) or not consistent(one.assumes, other.assumes)


def _others_may_use_some(scene: Scene) -> bool:
    """Whether something else in the script may take GPUs."""
    servers = {each.invocation.order for each in scene.started}
    others = (other for other in scene.invocations if other.order not in servers)
    walk = scene.walk
    return not walk.complete or bool(walk.unread) or not all(map(is_light, others))
