"""What the servers and the job of a script need, compared with what a node has.

Only what is surely needed counts: what the script leaves open, or starts elsewhere, is passed
over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from doctor.base.numbers import whole_number
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.base.unknown import UNKNOWN
from doctor.facts.jobs import Allocation
from doctor.facts.node.gpus import Gpu
from doctor.facts.node.needs import Need
from doctor.facts.relations import CacheFolder
from doctor.facts.servers import Launch
from doctor.node.folder import HANGS, look
from doctor.node.ports import look_at
from doctor.trace import Traced
from doctor.trace.summary.summary import Row, rows

#: Places that are on another machine.
ELSEWHERE = frozenset({"remote", "job", "allocation"})
#: What gives a script an environment other than the one that we are in.
_OWN_ENVIRONMENT = regex(
    r"\b(?:activate|module\s+load|ml\s|conda|mamba|uv\s+run|uvx|pixi|pip\s+install)\b|--container"
)
#: More than any node has: a number beyond it is no count of GPUs.
_MOST_GPUS = 1024
_REFERENCE = regex(r"\$\{(\w+)\}|\$(\w+)")


class Here(Record):
    """This node; ``gpus`` are None, for ``why``, where they can't be seen."""

    node: str
    environment: Mapping[str, str]
    gpus: Sequence[Gpu] | None
    why: str
    vllm: str | None


def needs(traced: Traced, here: Here) -> Iterator[Need]:
    """What the script needs."""
    allocations = [f for f in traced.facts if isinstance(f, Allocation) and f.by == "header"]
    for allocation in allocations[:1]:
        yield from _of_job(allocation, here)
    single = all(allocation.nodes in (None, 1) for allocation in allocations)
    for row in rows(traced):
        if ELSEWHERE.isdisjoint(row.runs):
            yield from _of_server(row, traced, here, single)


def _of_job(allocation: Allocation, here: Here) -> Iterator[Need]:
    count = allocation.gpus_per_node
    if isinstance(count, int):
        yield _gpus("The job", count, here)
    excluded, requested = allocation.excluded, allocation.requested
    if isinstance(excluded, frozenset) and here.node in excluded:
        yield Need(aspect="node", whose="The job", needs="another node: it excludes", met=False)
    elif isinstance(requested, frozenset) and requested and here.node not in requested:
        yield Need(aspect="node", whose="The job", needs="its own nodes, and not", met=False)


def _of_server(row: Row, traced: Traced, here: Here, single: bool) -> Iterator[Need]:
    launches = [f for f in traced.facts if isinstance(f, Launch) and f.location == row.place]
    caches = [f for f in traced.facts if isinstance(f, CacheFolder) and f.location == row.place]
    container = "container" in row.runs
    whose = named(row)
    devices = _devices(row, launches, single)
    if devices:
        yield _gpus(whose, max(devices) + 1, here)
        yield from _memory(whose, devices, row, launches, here)
    yield from _ports(whose, row)
    if not container:
        if not _OWN_ENVIRONMENT.search(traced.source.text):
            yield from _release(whose, launches, here)
        paths = [each.path for each in caches]
        paths += [each.log.rpartition("/")[0] for each in launches if each.log]
        yield from _folders(whose, paths, here)


def named(row: Row) -> str:
    """A server's line, and the conditions on which it runs."""
    condition = f" (if {' and '.join(row.conditions)})" if row.conditions else ""
    return f"Line {row.place.start.row}{condition}"


# --- GPUs -----------------------------------------------------------------------------------


def _devices(row: Row, launches: Sequence[Launch], single: bool) -> list[int]:
    """The GPUs that a server's copies use, by their places; none if that can't be known."""
    given = [text.split(",") for text in row.traits["devices"] if text]
    if given:
        places = {whole_number(word.strip()) for words in given for word in words}
        return sorted(place for place in places if place is not None) if None not in places else []
    sizes = {launch.tensor_parallel_size for launch in launches}
    size = sizes.pop() if len(sizes) == 1 else UNKNOWN
    stages = row.servers[0].server.pipeline_parallel_size
    if not single or not isinstance(size, int) or not isinstance(stages, int):
        return []
    if size * stages > _MOST_GPUS:
        return []
    return list(range(size * stages))


def _gpus(whose: str, count: int, here: Here) -> Need:
    """The need of so many GPUs."""
    words = _count(count)
    if here.gpus is None:
        return Need(aspect="gpus", whose=whose, needs=words, reasons={"met": here.why})
    has = len(here.gpus)
    return Need(aspect="gpus", whose=whose, needs=words, has=_count(has), met=has >= count)


def _count(gpus: int) -> str:
    return f"{gpus or 'no'} GPU{'' if gpus == 1 else 's'}"


def _memory(
    whose: str, devices: Sequence[int], row: Row, launches: Sequence[Launch], here: Here
) -> Iterator[Need]:
    """The need of a share of each GPU's memory."""
    shares = {launch.memory_share for launch in launches}
    share = shares.pop() if len(shares) == 1 else UNKNOWN
    by_size = any(each.server.value("kv_cache_memory_bytes") is not None for each in row.servers)
    if not isinstance(share, (int, float)) or by_size or not here.gpus:
        return
    for gpu in (here.gpus[place] for place in devices if place < len(here.gpus)):
        words = f"{share:g} of the memory of {gpu.gpu}"
        if gpu.free is UNKNOWN or gpu.total is UNKNOWN:
            reason = gpu.reasons.get("free", f"{gpu.gpu} doesn't tell its memory")
            yield Need(aspect="memory", whose=whose, needs=words, reasons={"met": reason})
            continue
        has = f"{gpu.free:g} of {gpu.total:g} GiB are free"
        enough = gpu.free >= share * gpu.total
        yield Need(aspect="memory", whose=whose, needs=words, has=has, met=enough)


# --- ports, releases, folders ---------------------------------------------------------------


def _ports(whose: str, row: Row) -> Iterator[Need]:
    servers = (each.server for each in row.servers if each.server.uds is None)
    for number in dict.fromkeys(server.port for server in servers):
        if not isinstance(number, int) or not 0 < number < 1 << 16:
            continue
        port = look_at(number)
        met = UNKNOWN if port.taken is UNKNOWN else port.taken is False
        has = f"taken by {port.taken_by}" if port.taken_by else "taken"
        yield Need(
            aspect="port",
            whose=whose,
            needs=f"port {number}",
            has=has,
            met=met,
            reasons={"met": port.reasons["taken"]},
        )


def _release(whose: str, launches: Sequence[Launch], here: Here) -> Iterator[Need]:
    if here.vllm is None:
        return
    for launch in launches[:1]:
        if not isinstance(launch.releases, frozenset) or not launch.releases:
            continue
        first = launch.needs_release
        words = f"vLLM {first} or later" if first else _releases(launch.releases)
        yield Need(
            aspect="release",
            whose=whose,
            needs=words,
            has=f"vLLM {here.vllm}",
            met=here.vllm.partition("+")[0] in launch.releases,
        )


def _releases(names: frozenset[str]) -> str:
    from packaging.version import Version

    ordered = sorted(names, key=Version)
    return f"vLLM {ordered[0]}" + (f" to {ordered[-1]}" if len(ordered) > 1 else "")


def _folders(whose: str, paths: Sequence[str], here: Here) -> Iterator[Need]:
    known = [path for path in (_expanded(path, here.environment) for path in paths) if path]
    seen = look(dict.fromkeys(known))
    for path in dict.fromkeys(known):
        words = f"to write {path}"
        if path not in seen:
            reasons = {"met": HANGS.format(path)}
            yield Need(aspect="folder", whose=whose, needs=words, reasons=reasons)
            continue
        blocked = seen[path].blocked_at
        has = f"you may not write {blocked}" if blocked else ""
        yield Need(aspect="folder", whose=whose, needs=words, has=has, met=blocked is None)


def _expanded(path: str, environment: Mapping[str, str]) -> str | None:
    """A path with its variables, if all are set here; None if it isn't known or is relative."""
    home = environment.get("HOME", "")
    path = f"{home}{path[1:]}" if path == "~" or path.startswith("~/") else path
    path = _REFERENCE.sub(lambda found: environment.get(found[1] or found[2], "$"), path)
    return path if path.startswith("/") and not re.search(r"[$*?<>{}]", path) else None
