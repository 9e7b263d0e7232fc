"""Shared GPUs: servers that run at the same time and want more of one GPU than there is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from doctor.base.bounds import MAX_COMPARED, MAX_GPUS
from doctor.base.record import Record
from doctor.facts.base import Evidence
from doctor.facts.relations import SharedGpu
from doctor.slurm.gpus import BOUND_TO_TASK, GPU_OPTIONS, gpus_bound_to_task
from doctor.slurm.options import Given
from doctor.trace.programs.options import Unwrapped
from doctor.trace.programs.program import Trait
from doctor.trace.programs.slurm import SET_ANEW
from doctor.trace.programs.table import is_a
from doctor.trace.readers.concurrency import begun, copies, kept_apart, servers_in_words, together
from doctor.trace.readers.devices import is_left_to_slurm, needed, on_node, options_of
from doctor.trace.readers.jobs import Request
from doctor.trace.readers.restarts import endings, is_restart
from doctor.trace.readers.scene import Scene
from doctor.trace.readers.servers import Started
from doctor.trace.readers.visible import Listed, listed
from doctor.values.value import ARRAY_TASK, HOST, UNKNOWN, Unknown, Value, Vary
from doctor.vllm.defaults import gpu_memory_utilization

#: Two shares of one half each are no more than one.
_ALL = 1 + 1e-6
#: Options of srun that say which of the GPUs a task sees.
_BINDINGS = ("gpu-bind", "tres-bind")


class _Placed(Record):
    """A server with the GPUs that it takes, and the share of their memory.

    ``named`` is the list that names them, None where the server takes the first that there are;
    ``set_anew`` tells that srun sets the list that the script gave it.
    """

    started: Started
    gpus: tuple[str, ...]
    share: float
    named: Listed | None
    set_anew: bool


def shared(scene: Scene) -> Iterator[SharedGpu]:
    """GPUs that servers running at the same time want more of than there is."""
    if scene.walk.truncated:
        return
    ends = endings(scene.walk)
    on_gpu = defaultdict[str, list[_Placed]](list)
    for server in scene.started:
        placed = _placed(server, scene)
        if placed is not None:
            for gpu in placed.gpus:
                on_gpu[gpu].append(placed)
    told: set[tuple[int, ...]] = set()
    for gpu, users in on_gpu.items():
        for group, differ in (*_groups(users, ends), *_copied(users, scene)):
            key = tuple(each.started.invocation.order for each in group)
            if key not in told:
                told.add(key)
                yield _fact(gpu, group, differ)


def _groups(
    users: Sequence[_Placed], ends: Sequence[int]
) -> Iterator[tuple[list[_Placed], tuple[Vary, ...]]]:
    """Servers of one GPU that all run at the same time and want too much of it."""
    done: set[int] = set()
    for index, first in enumerate(users):
        if index in done:
            continue
        group = [first]
        for at in range(index + 1, len(users)):
            latest = group[-MAX_COMPARED:]
            if all(_beside(member.started, users[at].started, ends) for member in latest):
                group.append(users[at])
                done.add(at)
        if len(group) > 1 and sum(each.share for each in group) > _ALL:
            yield group, ()


def _copied(
    users: Sequence[_Placed], scene: Scene
) -> Iterator[tuple[list[_Placed], tuple[Vary, ...]]]:
    """Servers that have several copies running at the same time, all on the same GPU."""
    for each in users:
        where = each.started.invocation
        value = each.named.value if each.named is not None else Value()
        differ = set(copies(where, scene.walk, scene.shape, assumes=value.assumes))
        differ -= {HOST, ARRAY_TASK}
        alone = kept_apart(value.varies, differ) or value.since > begun(differ)
        if differ and not alone and 2 * each.share > _ALL:
            yield [each], tuple(differ)


def _beside(one: Started, other: Started, ends: Sequence[int]) -> bool:
    """Whether two servers run at the same time; a step waits for another one without overlap."""
    steps = [each for each in (one, other) if each.invocation.context.in_step]
    if len(steps) == 2 and not all(_overlaps(step) for step in steps):
        return False
    return together(one.invocation, other.invocation) and not is_restart(one, other, ends)


def _overlaps(started: Started) -> bool:
    return any(wrapper.given("--overlap", "-s") for wrapper in _steps(started))


def _steps(started: Started) -> list[Unwrapped]:
    return [each for each in started.invocation.context.wrappers if each.words[0] == "srun"]


# --- where one server runs -------------------------------------------------------------------


def _placed(started: Started, scene: Scene) -> _Placed | None:
    """A server with its GPUs; None where it isn't known which they are, or how much it takes."""
    count, share = needed(started), gpu_memory_utilization(started.server, started.candidates)
    if not isinstance(count, int) or count > MAX_GPUS or share is UNKNOWN:
        return None
    if not _is_here(started, scene):
        return None
    if started.has_plugin or started.server.arguments.last("--enable-sleep-mode") is not None:
        return None
    job = scene.request_of(started.invocation)
    named = list(listed(started))
    one = named[0] if named else None
    set_anew = one is not None and _is_set_anew(one.value)
    if len(named) > 1 or (one is not None and is_left_to_slurm(one, job)):
        return None
    if one is None or set_anew:
        gpus = _first(started, count, job)
    elif one.entries:
        gpus = one.gpus[:count]
    else:
        return None
    return _Placed(started, gpus, share, None if set_anew else one, set_anew) if gpus else None


def _is_here(started: Started, scene: Scene) -> bool:
    """Whether it surely runs on the machine where the script does, with what else runs there."""
    context = started.invocation.context
    if context.remote or context.uncalled or context.batch_job is not None:
        return False
    if context.container is not None and is_a(context.container.engine, Trait.DAEMON):
        return False
    return scene.shape.one_node or not context.in_step


def _first(started: Started, count: int, job: Request | None) -> tuple[str, ...]:
    """The first GPUs that a server sees to which the script names none.

    They are those with the job's first numbers, unless a file that can't be found, or whoever
    starts a script without a header, names others to all servers.
    """
    context, sourced = started.invocation.context, started.invocation.sourced
    if context.in_step and (on_node(job) is None or _has_its_own(started, job)):
        return ()
    beginning = f"{sourced}:" if sourced or job is None else ""
    return tuple(f"{beginning}{number}" for number in range(count))


def _has_its_own(started: Started, job: Request | None) -> bool:
    """Whether Slurm gives a server in a step GPUs of its own."""
    if job is None or job.asks.nodes != 1 or gpus_bound_to_task(job.given) is not None:
        return True
    given = [Given("srun", tuple(options_of(step))) for step in _steps(started)]
    return any(each.last(*GPU_OPTIONS, *BOUND_TO_TASK, *_BINDINGS) for each in given)


def _is_set_anew(value: Value) -> bool:
    """Whether srun sets a list of GPUs that the script gave it."""
    return any(isinstance(each, Unknown) and each.name in SET_ANEW for each in value.pieces)


# --- the fact --------------------------------------------------------------------------------


def _fact(gpu: str, group: Sequence[_Placed], differ: Collection[Vary]) -> SharedGpu:
    places = list(dict.fromkeys(each.started.place for each in group))
    words = [each.started.server.value("gpu_memory_utilization") for each in group]
    values = [word for word in words if word is not None]
    values += [each.named.value for each in group if each.named is not None]
    assumes = frozenset().union(*(value.assumes for value in values))
    shares = [f"{each.share:g}" for each in group]
    same = len(set(shares)) == 1
    return SharedGpu(
        location=group[-1].started.place,
        evidence={"gpu": Evidence((places[-1],), assumes), "servers": Evidence(tuple(places[:-1]))},
        count=len(group) if not differ else UNKNOWN,
        servers=servers_in_words(len(group), differ),
        gpu=gpu.rpartition(":")[2],
        shares=f"{shares[0]} each" if same else " and ".join(shares),
        set_anew=any(each.set_anew for each in group),
    )
