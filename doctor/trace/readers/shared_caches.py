"""Shared caches: servers of one engine that write one compile cache at the same time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from doctor.base.bounds import MAX_COMPARED
from doctor.diagnostic import Location
from doctor.facts.base import Evidence
from doctor.facts.relations import SharedCache
from doctor.trace.domain.state import Content
from doctor.trace.programs.table import passes
from doctor.trace.readers import mentions
from doctor.trace.readers.caches import Root, root_of
from doctor.trace.readers.concurrency import (
    JobShape,
    begun,
    copies,
    kept_apart,
    servers_in_words,
    together,
)
from doctor.trace.readers.restarts import endings, is_restart
from doctor.trace.readers.scene import Scene
from doctor.trace.readers.servers import Started
from doctor.values.value import ARRAY_TASK, HOST, JOB, UNKNOWN, USER, UnknownType, Value, Vary
from doctor.vllm.tables import Tables

#: Variables that people set to keep caches apart, though vLLM's own cache is elsewhere.
_MEANT_TO_ISOLATE = (
    "TORCHINDUCTOR_CACHE_DIR",
    "TRITON_CACHE_DIR",
    "TRITON_HOME",
    "VLLM_CACHE_DIR",
    "VLLM_CACHE",
    "VLLM_TORCH_COMPILE_CACHE",
    "VLLM_TORCH_COMPILE_CACHE_DIR",
    "TORCH_COMPILE_CACHE_DIR",
    "TORCHINDUCTOR_CACHE",
)


def shared(scene: Scene) -> Iterator[SharedCache]:
    """The caches that several servers of one engine write at the same time."""
    walk, job = scene.walk, scene.shape
    if walk.truncated:
        return
    candidates = [s for s in scene.started if s.engine is not None and s.compiles is not False]
    candidates = [s for s in candidates if not s.is_part and not s.has_plugin]
    ends = endings(walk)
    roots = [root_of(each) for each in candidates]
    done: set[int] = set()
    for index, (first, root) in enumerate(zip(candidates, roots, strict=True)):
        if index in done or root is None:
            continue
        group = [first]
        for at in range(index + 1, len(candidates)):
            other, latest = candidates[at], group[-MAX_COMPARED:]
            if any(is_restart(member, other, ends) for member in latest):
                done.add(at)  # it takes the first one's place
            elif _is_same(root, roots[at]) and all(_share(each, other) for each in latest):
                group.append(other)
                done.add(at)
        differ = set(copies(first.invocation, walk, job, True, root.folder.assumes))
        if root.lost in ("memory", "node-local"):
            differ -= {HOST, ARRAY_TASK}
        since = max(root.folder.since, first.engine.since if first.engine else 0)
        if kept_apart(root.varies, differ) or since > begun(differ):
            differ = set()
        if len(group) > 1 or differ:
            fact = _fact(group, root, differ, job)
            yield _with_mention(fact, mentions.mentioned(walk), first.candidates.tables)


def _with_mention(
    fact: SharedCache, mention: mentions.Mention | None, tables: Tables
) -> SharedCache:
    """The fact with the release that the project names, if it names one."""
    if mention is None:
        return fact
    if not mention.first:
        releases, words = frozenset([mention.release]), f"vLLM {mention.release}"
    else:
        releases = frozenset(tables.names(tables.since(mention.release)))
        words = f"vLLM {mention.release} or later"
    return replace(fact, named_releases=releases, named=words, named_at=mention.where)


def _is_same(root: Root, other: Root | None) -> bool:
    """Whether two servers' caches surely lie in one folder."""
    return (
        other is not None
        and other.folder.identity == root.folder.identity
        and root.varies == other.varies
        and not other.varies - {USER, JOB, ARRAY_TASK}
    )


def _share(one: Started, other: Started) -> bool:
    """Whether two servers whose caches lie in one folder write the same there."""
    return one.engine == other.engine and together(one.invocation, other.invocation, settled=True)


def _fact(
    group: Sequence[Started], root: Root, differ: Collection[Vary], job: JobShape
) -> SharedCache:
    first = group[0]
    place = root.folder.location if root.set_by is not None else None
    attempt = _attempt(group, root, differ)
    places = [s.place for s in group]
    if ARRAY_TASK in differ and job.array_place is not None:
        places.append(job.array_place)
    servers = Evidence(tuple(dict.fromkeys(places)))
    cache = Evidence((place or first.place,), root.folder.assumes)
    evidence = {"cache": cache, "servers": servers}
    variable = fault = None
    if attempt is not None:
        variable, fault, at = attempt
        if at is not None:
            evidence["isolated_by"] = Evidence((at,))
    return SharedCache(
        location=first.place,
        evidence=evidence,
        count=len(group) if not differ else UNKNOWN,
        servers=servers_in_words(len(group), differ),
        cache=root.folder.display,
        set_by=root.set_by,
        isolated_by=variable,
        isolation_fault=fault,
        devices_differ=_is_apart(_devices(group), differ),
        compiles=UNKNOWN if root.sourced else _all(s.compiles for s in group),
        releases=frozenset.intersection(*(s.releases for s in group)) or first.releases,
    )


def _devices(group: Sequence[Started]) -> list[Value | None]:
    """The numbers of their GPUs that a flag gives the servers."""
    flags = (each.server.arguments.last("--device-ids") for each in group)
    return [flag.value if flag is not None else None for flag in flags]


def _attempt(
    group: Sequence[Started], root: Root, differ: Collection[Vary]
) -> tuple[str, str, Location | None] | None:
    """A variable that was to keep the caches apart, why it doesn't, and where it is set."""
    if root.set_by is not None and root.varies != root.folder.varies:
        return root.set_by, "it holds the same for all of them", root.folder.location
    for outside, names in ((False, _MEANT_TO_ISOLATE), (True, ("VLLM_CACHE_ROOT",))):
        for name in names:
            contents = [s.pick(name, outside) for s in group]
            if not _is_apart(contents, differ):
                continue
            first = contents[0]
            place = first.location if isinstance(first, Value) else None
            fault = _kept_out(group[0], name) if outside else _FAULTS.get(name, _NOT_READ)
            return name, fault, place
    return None


def _kept_out(started: Started, name: str) -> str:
    """That a variable doesn't come through what surrounds the server, and how it would."""
    passed = passes(started.invocation.context, name)
    return f"it never reaches the server{f' (give it with {passed})' if passed else ''}"


_NOT_READ = "vLLM reads no such variable for its compile cache"
_FAULTS = dict.fromkeys(
    ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "TRITON_HOME"),
    "it does not move vLLM's own compile cache",
)


def _is_apart(contents: Sequence[Content | None], differ: Collection[Vary]) -> bool:
    values = [content for content in contents if isinstance(content, Value)]
    if len(values) < len(contents):
        return False
    if len(values) > 1 and len({value.display for value in values}) == len(values):
        return True
    return bool(differ) and kept_apart(values[0].varies, differ)


def _all(truths: Iterator[bool | UnknownType]) -> bool | UnknownType:
    found = list(truths)
    if any(truth is False for truth in found):
        return False
    return UNKNOWN if any(truth is UNKNOWN for truth in found) else True
