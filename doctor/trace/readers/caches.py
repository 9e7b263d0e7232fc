"""Caches: where a server keeps what it compiled, whether that lasts, and who else writes it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial

from doctor.base.bounds import MAX_COMPARED
from doctor.base.record import Record
from doctor.diagnostic import Location
from doctor.facts.base import Evidence
from doctor.facts.relations import CacheFolder, Lost, SharedCache
from doctor.trace.domain.state import Content, Missing
from doctor.trace.machine.journal import Walk
from doctor.trace.programs.invocation import Invocation
from doctor.trace.readers import mentions
from doctor.trace.readers.concurrency import JobShape, begun, copies, kept_apart, together
from doctor.trace.readers.restarts import endings, is_restart
from doctor.trace.readers.scene import Scene
from doctor.trace.readers.servers import Started
from doctor.values.value import (
    ARRAY_TASK,
    HOST,
    JOB,
    RANDOM,
    TASK,
    UNKNOWN,
    USER,
    Iteration,
    Unknown,
    UnknownType,
    Value,
    Vary,
    known,
    moment,
)
from doctor.vllm.tables import Tables

_MEMORY = ("/dev/shm",)
_LOCAL = ("/tmp", "/var/tmp", "/scratch/local", "/local_scratch", "/localscratch")
_LOCAL_VARIABLES = frozenset({"$TMPDIR", "$SLURM_TMPDIR", "$LOCAL_SCRATCH", "$LOCALSCRATCH"})
#: Where clusters keep homes, and what all nodes see.
_NETWORK = ("/home/", "/nfs/", "/lustre/", "/gpfs/", "/beegfs/", "/ceph/", "/shared/")
_NETWORK_VARIABLES = frozenset({"$HOME", "~"})
#: Programs that copy folders, and those that pack them.
_COPIERS = frozenset("cp mv rsync scp rclone".split())
_PACKERS = frozenset("tar zip".split())
#: Variables that say where code lies which is compiled while a server runs.
_JUST_IN_TIME = (
    "TORCHINDUCTOR_CACHE_DIR",
    "TRITON_CACHE_DIR",
    "TRITON_HOME",
    "FLASHINFER_WORKSPACE_BASE",
)
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


class Root(Record):
    """The folder below which a server's compile cache lies.

    ``set_by`` is the variable that puts it there, None for the default; ``lost`` says why what
    lies there does not last, None where it does. ``sourced`` tells that a file which can't be
    found may have put it elsewhere.
    """

    folder: Value
    set_by: str | None
    lost: Lost | None
    sourced: bool = False


def root_of(started: Started) -> Root | None:
    """Where a server keeps its compile cache; None if that can't be known.

    ``VLLM_CACHE_ROOT`` decides, else ``XDG_CACHE_HOME/vllm``, else ``~/.cache/vllm`` (vllm/envs.py
    in all releases).
    """
    for variable, below in (
        ("VLLM_CACHE_ROOT", ""),
        ("XDG_CACHE_HOME", "/vllm"),
        ("HOME", "/.cache/vllm"),
    ):
        content = started.pick(variable)
        if isinstance(content, Missing) and content.inherited:
            content = None
        if content is None and started.invocation.sourced and variable != "HOME":
            given = moment(f"${variable}", started.invocation.sourced)
            return Root(Value((given,)), None, None, sourced=True)
        if isinstance(content, Value) and content.pieces:
            return _root(content + known(below), variable, started)
        if content is not None and not isinstance(content, (Value, Missing)):
            return None
    home = Value((Unknown("~", frozenset({"user"})),))
    return _root(home + known("/.cache/vllm"), None, started)


def _root(folder: Value, set_by: str | None, started: Started) -> Root | None:
    container = started.invocation.context.container
    outside = folder if container is None else container.outside(folder)
    if container is not None and set_by is None:
        outside = None if "/" in container.private else folder
    return None if outside is None else Root(outside, set_by, lost(outside))


def lost(folder: Value) -> Lost | None:
    """Why a folder does not last: it is in memory, on the node, or the job's own."""
    if folder.prefix.startswith(_MEMORY):
        return "memory"
    first = folder.pieces[0] if folder.pieces else None
    if isinstance(first, Unknown) and first.name in _LOCAL_VARIABLES:
        return "node-local"
    if any(folder.prefix == f or folder.prefix.startswith(f + "/") for f in _LOCAL):
        return "node-local"
    return "job" if folder.varies & {JOB, RANDOM} else None


# --- the caches of one server ----------------------------------------------------------------


def folders(scene: Scene) -> Iterator[CacheFolder]:
    """The folders in which the servers keep what they compiled, as far as variables say."""
    for each in scene.started:
        yield from scene.spared("the caches", partial(_folders, each, scene.walk, scene.shape))


def _folders(started: Started, walk: Walk, job: JobShape) -> Iterator[CacheFolder]:
    """The variables that say where a server's caches lie."""
    root = root_of(started)
    decided_by = root.set_by if root is not None else None
    nodes = HOST in copies(started.invocation, walk, job)
    for variable in dict.fromkeys([decided_by, *_JUST_IN_TIME]):
        content = started.pick(variable) if variable is not None and variable != "HOME" else None
        if not isinstance(content, Value) or not content.pieces:
            continue
        container = started.invocation.context.container
        outside = content if container is None else container.outside(content)
        place = content.location or started.invocation.origin.location
        yield CacheFolder(
            location=started.invocation.origin.location,
            evidence={"path": Evidence((place,), content.assumes)},
            variable=variable or "",
            path=content.display,
            lost=UNKNOWN if outside is None or _is_kept(outside, walk) else lost(outside),
            decides=variable == decided_by,
            just_in_time=variable in _JUST_IN_TIME and variable != decided_by,
            nodes_write=nodes and not kept_apart(content.varies, {HOST, TASK}),
            on_network=UNKNOWN if outside is None else on_network(outside),
            compiles=started.compiles is not False,
        )


def _is_kept(folder: Value, walk: Walk) -> bool:
    """Whether the script copies or packs a folder, or one around it, so that it may last."""
    shown = f"{folder.display}/"
    copied = (w.display.rstrip("/.*") for each in walk.invocations for w in _copied(each))
    return any(each and shown.startswith(f"{each}/") for each in copied)


def _copied(invocation: Invocation) -> tuple[Value, ...]:
    """What a program copies: all its words but the last, which is where to; of a pack all."""
    if invocation.program in _PACKERS:
        return invocation.arguments[1:]
    return invocation.arguments[1:-1] if invocation.program in _COPIERS else ()


def on_network(folder: Value) -> bool | UnknownType:
    """Whether a folder surely lies on storage that all nodes see."""
    first = folder.pieces[0] if folder.pieces else None
    if isinstance(first, Unknown) and first.name in _NETWORK_VARIABLES:
        return True
    known_root = any(folder.prefix.startswith(root) for root in _NETWORK)
    return True if known_root else UNKNOWN


# --- shared caches ---------------------------------------------------------------------------


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
        alone = kept_apart(root.folder.varies, differ) or since > begun(differ)
        if len(group) > 1 or (differ and not alone):
            fact = _fact(group, root, differ if len(group) == 1 else (), job)
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
        and not other.folder.varies - {USER, JOB, ARRAY_TASK}
    )


def _share(one: Started, other: Started) -> bool:
    """Whether two servers whose caches lie in one folder write the same there."""
    return one.engine == other.engine and together(one.invocation, other.invocation, settled=True)


def _fact(
    group: Sequence[Started], root: Root, differ: Collection[Vary], job: JobShape
) -> SharedCache:
    first = group[0]
    place = root.folder.location if root.set_by is not None else None
    attempt = _attempt(group, differ)
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
        servers=_words(group, differ),
        cache=root.folder.display,
        set_by=root.set_by,
        isolated_by=variable,
        isolation_fault=fault,
        compiles=UNKNOWN if root.sourced else _all(s.compiles for s in group),
        releases=frozenset.intersection(*(s.releases for s in group)) or first.releases,
    )


def _words(group: Sequence[Started], differ: Collection[Vary]) -> str:
    return servers_in_words(len(group), differ)


def servers_in_words(count: int, differ: Collection[Vary]) -> str:
    """``4 servers``, or which copies of one server are meant."""
    if not differ:
        return f"{count} servers"
    if ARRAY_TASK in differ:
        return "the servers of all array tasks"
    if any(isinstance(kind, Iteration) for kind in differ):
        return "the servers of all the loop's turns"
    return "the servers of all tasks of the step"


def _attempt(
    group: Sequence[Started], differ: Collection[Vary]
) -> tuple[str, str, Location | None] | None:
    """A variable that was to keep the caches apart, why it doesn't, and where it is set."""
    for outside, names in ((False, _MEANT_TO_ISOLATE), (True, ("VLLM_CACHE_ROOT",))):
        for name in names:
            contents = [s.pick(name, outside) for s in group]
            if not _is_apart(contents, differ):
                continue
            first = contents[0]
            place = first.location if isinstance(first, Value) else None
            fault = "never reaches the server" if outside else _FAULTS.get(name, _NOT_READ)
            return name, fault, place
    return None


_NOT_READ = "is no variable that vLLM reads for its compile cache"
_FAULTS = {
    "TORCHINDUCTOR_CACHE_DIR": "does not move vLLM's own compile cache",
    "TRITON_CACHE_DIR": "does not move vLLM's own compile cache",
    "TRITON_HOME": "does not move vLLM's own compile cache",
}


def _is_apart(contents: Sequence[Content | None], differ: Collection[Vary]) -> bool:
    values = [content for content in contents if isinstance(content, Value)]
    if len(values) < len(contents):
        return False
    if differ:
        return kept_apart(values[0].varies, differ)
    return len({value.display for value in values}) == len(values)


def _all(truths: Iterator[bool | UnknownType]) -> bool | UnknownType:
    found = list(truths)
    if any(truth is False for truth in found):
        return False
    return UNKNOWN if any(truth is UNKNOWN for truth in found) else True
