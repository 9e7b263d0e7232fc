"""Devices: how many GPUs a server needs, and how many whatever surrounds it gives it."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.base.numbers import whole_number
from doctor.base.record import Record
from doctor.diagnostic import Location
from doctor.facts.base import Evidence
from doctor.slurm.gpus import BOUND_TO_TASK, GPU_OPTIONS, gpus_bound_to_task, gpus_of_task
from doctor.slurm.options import Given, Option
from doctor.slurm.table import find_letter, find_long
from doctor.trace.programs.options import Unwrapped
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.trace.readers.jobs import Request
from doctor.trace.readers.scene import Scene, is_light
from doctor.trace.readers.servers import Started
from doctor.trace.readers.visible import CUDA, VISIBLE, Listed, listed
from doctor.values.value import UNKNOWN, UnknownType, Value
from doctor.vllm.releases import whether

#: From here on vLLM reads the GPUs' UUIDs (vllm#41848); before, numbers only.
_READS_UUIDS = "0.24.0"
#: Flags with which an engine has more or other processes than its sizes say.
_OTHER_SHAPES = (
    "--prefill-context-parallel-size",
    "--data-parallel-backend",
    "--data-parallel-hybrid-lb",
    "--data-parallel-start-rank",
    "--headless",
    "--device",
)


class Limit(Record):
    """At most so many GPUs, and what says so, in a few words and at its place."""

    count: int
    words: str
    evidence: Evidence


class Gpus(Record):
    """The GPUs that a server needs, and what it is given.

    ``limit`` is the tightest of what limits it; ``uuid`` a GPU that is named by its UUID,
    ``reads_uuids`` whether its release takes that.
    """

    needed: int | UnknownType
    limit: Limit | None
    uuid: Value | None
    reads_uuids: bool | UnknownType

    @property
    def lacking(self) -> int | UnknownType:
        """How many more it needs than it is given."""
        if self.needed is UNKNOWN or self.limit is None:
            return UNKNOWN
        return max(0, self.needed - self.limit.count)


def gpus(started: Started, scene: Scene) -> Gpus:
    """The GPUs that a server needs, and those that it may use."""
    job = scene.request_of(started.invocation)
    since = started.candidates.tables.since(_READS_UUIDS)
    return Gpus(
        needed(started),
        _tightest(started, scene),
        _uuid(started, job),
        whether(started.candidates.likely, since),
    )


def needed(started: Started) -> int | UnknownType:
    """The GPUs that a server needs on each node that it runs on."""
    server = started.server
    if any(flag.name in _OTHER_SHAPES for flag in server.arguments.flags):
        return UNKNOWN
    if "VLLM_TARGET_DEVICE" in started.environment:
        return UNKNOWN
    copies: int | UnknownType | None = server.data_parallel_size_local
    if copies is None:
        copies = server.data_parallel_size if server.data_parallel_rank is None else 1
    nodes = server.nnodes
    sizes = (server.tensor_parallel_size, server.pipeline_parallel_size, copies, nodes)
    if any(not isinstance(size, int) or size < 1 for size in sizes):
        return UNKNOWN
    tensor, pipeline, copies, nodes = (size for size in sizes if isinstance(size, int))
    if nodes > 1 and copies > 1:
        return UNKNOWN
    return -(-tensor * pipeline // nodes) * copies


# --- the GPUs that are named ------------------------------------------------------------------


def on_node(job: Request | None) -> int | None:
    """How many GPUs a job has on each node at most; None where that can't be known."""
    if job is None or job.asks.exclusive is not False:
        return None
    counts = (job.asks.gpus_per_node, job.asks.gpus)
    return next((count for count in counts if isinstance(count, int)), None)


def _uuid(started: Started, job: Request | None) -> Value | None:
    """The first GPU that CUDA's variable names by its UUID."""
    cuda = (each for each in listed(started) if each.words == f"`{CUDA}`")
    return next((each.uuid for each in cuda if not is_left_to_slurm(each, job)), None)


def is_left_to_slurm(listed: Listed, job: Request | None) -> bool:
    """Whether a list only counts where its variable is not set, as it is in a job with GPUs."""
    in_job = job is not None and job.asks.asks_gpus is not False
    return in_job and any(each.default_of in VISIBLE for each in listed.value.assumes)


# --- what limits it --------------------------------------------------------------------------


def _tightest(started: Started, scene: Scene) -> Limit | None:
    limits = [limit for limit in _limits(started, scene) if limit is not None]
    return min(limits, key=lambda limit: limit.count, default=None)


def _limits(started: Started, scene: Scene) -> Iterator[Limit | None]:
    context = started.invocation.context
    job = scene.request_of(started.invocation)
    if context.uncalled:
        return
    if not gathers_nodes(started, scene, job):
        yield from _of_surroundings(started, job)
        yield _of_job(job, one_node=True)
    elif "RAY_ADDRESS" not in started.environment:
        yield _of_job(job)


def gathers_nodes(started: Started, scene: Scene, job: Request | None) -> bool:
    """Whether the engine may use GPUs that another process or node holds.

    On several nodes that may be the work of any program that the script starts before it.
    """
    backend = started.server.distributed_executor_backend
    if backend not in (None, "mp", "uni") or scene.names_ray:
        return True
    if job is None or job.asks.nodes in (None, 1) or started.server.nnodes != 1:
        return False
    before = (o for o in scene.invocations if o.order < started.invocation.order)
    walk = scene.walk
    return not walk.complete or bool(walk.unread) or not all(map(is_light, before))


def _of_job(job: Request | None, one_node: bool = False) -> Limit | None:
    """What the server's job has, or its node; whole nodes have all their GPUs, however many are
    named.
    """
    if job is None or job.asks.exclusive is not False:
        return None
    several = job.asks.nodes not in (None, 1)
    count = job.asks.gpus_per_node if one_node and several else job.asks.gpus
    if not isinstance(count, int):
        return None
    words = "its node" if one_node and several else "the job"
    return Limit(count, words, of_option(job.asks.evidence["gpus"][0]))


def of_option(option: Option) -> Evidence:
    """Where an option's value stands, else the option."""
    words = (option.value, option.word)
    place = next((place for word in words if word and (place := word.location)), None)
    assumes = option.value.assumes if option.value is not None else frozenset()
    return Evidence((place,) if place is not None else (), assumes)


def _of_surroundings(started: Started, job: Request | None) -> Iterator[Limit | None]:
    for each in listed(started):
        if each.entries and not is_left_to_slurm(each, job):
            yield Limit(len(set(each.gpus)), each.words, _of_value(each.value))
    for wrapper in started.invocation.context.wrappers:
        if is_a(wrapper.words[0], Trait.DAEMON):
            for value in wrapper.values("--gpus")[-1:]:
                if count := whole_number((value.text or "").strip("\"'")):
                    yield Limit(count, "the container", _of_value(value))
        elif wrapper.words[0] in ("srun", "salloc"):
            yield _of_step(wrapper, job)


def _of_value(value: Value) -> Evidence:
    place: Location | None = value.location
    return Evidence((place,) if place is not None else (), value.assumes)


def _of_step(wrapper: Unwrapped, job: Request | None) -> Limit | None:
    """What a task of an srun or salloc may use; outside a job it may get whole nodes."""
    program = wrapper.words[0]
    given = Given(program, tuple(options_of(wrapper)))
    count = gpus_of_task(given)
    own_binding = given.last("gpu-bind", "tres-bind") is not None
    if program == "srun" and count is None and job is not None and not own_binding:
        count, given = gpus_bound_to_task(job.given), job.given
    if not isinstance(count, int) or (job is None and given.last("exclusive") is not None):
        return None
    names = (*BOUND_TO_TASK, *GPU_OPTIONS)
    option = next(o for name in names if (o := given.last(name)) is not None)
    return Limit(count, f"`{program}`", of_option(option))


def options_of(wrapper: Unwrapped) -> Iterator[Option]:
    """The options of an srun, salloc or sbatch around a command, as Slurm reads them."""
    program = wrapper.words[0]
    for name, value in wrapper.options:
        long = name.startswith("--")
        spec = find_long(program, name[2:]) if long else find_letter(program, name[1:])
        if spec is not None:
            yield Option(spec.name, value, value)
