"""Devices: how many GPUs a server needs, and how many whatever surrounds it gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from doctor.base.numbers import whole_number
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.diagnostic import Location
from doctor.facts.base import Evidence
from doctor.facts.servers import Launch
from doctor.slurm.gpus import GPU_OPTIONS, gpus_of_task
from doctor.slurm.options import Given, Option
from doctor.slurm.table import find_letter, find_long
from doctor.trace.programs.options import Unwrapped
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.trace.readers.jobs import Request
from doctor.trace.readers.servers import Started
from doctor.values.assumption import Assumption
from doctor.values.value import UNKNOWN, UnknownType, Value

VISIBLE = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")
_DEVICE = regex(r"\d+|(?:GPU|MIG)-[\w-]+")
#: Flags with which an engine has more or other processes than its sizes say.
_OTHER_SHAPES = (
    "--prefill-context-parallel-size",
    "--data-parallel-backend",
    "--data-parallel-hybrid-lb",
    "--data-parallel-start-rank",
    "--headless",
    "--device",
)
#: Ray brings the GPUs of other nodes together; it may have been started by another script.
_RAY = regex(r"(?<![a-z])ray(?![a-z])", re.IGNORECASE)


class Limit(Record):
    """At most so many GPUs, and what says so, in a few words and at its place."""

    count: int
    words: str
    evidence: Evidence


_SIZES = ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size")


def told(launch: Launch, started: Started, job: Request | None) -> Launch:
    """The fact about a server with the GPUs that it needs, and those that it may use.

    ``job`` is the one that the script itself is.
    """
    needs, limit = needed(started), _tightest(started, job)
    sizes = [launch.evidence.get(name, Evidence()) for name in _SIZES]
    places = tuple(place for each in sizes for place in each.locations)
    assumes = frozenset[Assumption]().union(*(each.assumes for each in sizes))
    evidence = {**launch.evidence, "gpus_needed": Evidence(places, assumes)}
    evidence["gpus_lacking"] = evidence["gpus_needed"]
    if limit is not None:
        evidence["gpus_given"] = limit.evidence
    return replace(
        launch,
        evidence=evidence,
        gpus_needed=needs,
        gpus_given=limit.count if limit is not None else None,
        gpus_given_by=limit.words if limit is not None else "nothing",
        gpus_lacking=_lacking(needs, limit),
    )


def _lacking(needs: int | UnknownType, limit: Limit | None) -> int | UnknownType:
    if needs is UNKNOWN or limit is None:
        return UNKNOWN
    return max(0, needs - limit.count)


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


# --- what limits it --------------------------------------------------------------------------


def _tightest(started: Started, job: Request | None) -> Limit | None:
    limits = [limit for limit in _limits(started, job) if limit is not None]
    return min(limits, key=lambda limit: limit.count, default=None)


def _limits(started: Started, job: Request | None) -> Iterator[Limit | None]:
    context = started.invocation.context
    own = job if context.batch_job is None and not context.remote else None
    if context.uncalled:
        return
    if not _gathers_nodes(started, own):
        yield from _of_surroundings(started, own is not None)
    elif "RAY_ADDRESS" in started.environment:
        return
    yield _of_job(own)


def _gathers_nodes(started: Started, job: Request | None) -> bool:
    """Whether the engine may use GPUs that another process or node holds."""
    server = started.server
    backend = server.distributed_executor_backend
    several = job is not None and job.asks.nodes not in (None, 1) and server.nnodes == 1
    return (
        several or backend in ("ray", UNKNOWN) or _names_ray(started.invocation.origin.source.text)
    )


@lru_cache(maxsize=8)  # asked for each server of a script
def _names_ray(text: str) -> bool:
    return _RAY.search(text) is not None


def _of_job(job: Request | None) -> Limit | None:
    """What the script's own job has; whole nodes have all their GPUs, however many are named."""
    if job is None or job.asks.exclusive is not False or not isinstance(job.asks.gpus, int):
        return None
    option = job.asks.evidence["gpus"][0]
    return Limit(job.asks.gpus, "the job", _of_option(option))


def _of_option(option: Option) -> Evidence:
    places = [value.location for value in (option.value, option.word) if value is not None]
    assumes = option.value.assumes if option.value is not None else frozenset()
    return Evidence(tuple(place for place in places if place is not None), assumes)


def _of_surroundings(started: Started, in_job: bool) -> Iterator[Limit | None]:
    for name in VISIBLE:
        content = started.pick(name)
        if isinstance(content, Value):
            yield _of_list(content, f"`{name}`")
    for wrapper in started.invocation.context.wrappers:
        if is_a(wrapper.words[0], Trait.DAEMON):
            for value in wrapper.values("--gpus")[-1:]:
                yield _of_docker(value)
        elif wrapper.words[0] in ("srun", "salloc"):
            yield _of_step(wrapper, in_job)


def _of_list(value: Value, words: str) -> Limit | None:
    items = [item.strip() for item in (value.text or "").split(",")]
    if not all(_DEVICE.fullmatch(item) for item in items):
        return None
    return Limit(len(set(items)), words, _of_value(value))


def _of_docker(value: Value) -> Limit | None:
    text = (value.text or "").strip("\"'")
    if count := whole_number(text):
        return Limit(count, "the container", _of_value(value))
    if text.startswith("device="):
        found = _of_list(value.slice(value.display.index("=") + 1), "the container")
        listed = text.removeprefix("device=").split(",")
        if found is None and all(_DEVICE.fullmatch(item.strip()) for item in listed):
            return Limit(len(set(listed)), "the container", _of_value(value))
        return found
    return None


def _of_value(value: Value) -> Evidence:
    place: Location | None = value.location
    return Evidence((place,) if place is not None else (), value.assumes)


def _of_step(wrapper: Unwrapped, in_job: bool) -> Limit | None:
    """What an srun or salloc asks for itself; outside a job it may get whole nodes."""
    program = wrapper.words[0]
    given = Given(program, tuple(_options(program, wrapper)))
    count = gpus_of_task(given)
    if not isinstance(count, int) or (not in_job and given.last("exclusive") is not None):
        return None
    option = next(o for name in GPU_OPTIONS if (o := given.last(name)) is not None)
    return Limit(count, f"`{program}`", _of_option(option))


def _options(program: str, wrapper: Unwrapped) -> Iterator[Option]:
    for name, value in wrapper.options:
        long = name.startswith("--")
        spec = find_long(program, name[2:]) if long else find_letter(program, name[1:])
        if spec is not None:
            yield Option(spec.name, value, value)
