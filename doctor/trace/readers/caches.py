"""Caches: where a server keeps what it compiled, and whether that lasts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from doctor.base.record import Record
from doctor.facts.base import Evidence
from doctor.facts.relations import CacheFolder, Lost, LostInside
from doctor.trace.domain.state import Missing
from doctor.trace.machine.journal import Walk
from doctor.trace.programs.containers import EVERYTHING
from doctor.trace.programs.invocation import Invocation
from doctor.trace.readers.concurrency import copies, kept_apart
from doctor.trace.readers.devices import needed, on_node
from doctor.trace.readers.scene import Scene
from doctor.trace.readers.servers import Started
from doctor.values.value import (
    HOST,
    JOB,
    RANDOM,
    TASK,
    UNKNOWN,
    Unknown,
    UnknownType,
    Value,
    Vary,
    known,
    moment,
)

_MEMORY = ("/dev/shm",)
_LOCAL = ("/tmp", "/var/tmp", "/scratch/local", "/local_scratch", "/localscratch")
_LOCAL_VARIABLES = frozenset({"$TMPDIR", "$SLURM_TMPDIR", "$LOCAL_SCRATCH", "$LOCALSCRATCH"})
#: Where clusters keep homes, and what all nodes see.
_NETWORK = ("/home/", "/nfs/", "/lustre/", "/gpfs/", "/beegfs/", "/ceph/", "/shared/")
_NETWORK_VARIABLES = frozenset({"$HOME", "~", "$SLURM_SUBMIT_DIR"})
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


class Root(Record):
    """The folder below which a server's compile cache lies.

    ``set_by`` is the variable that puts it there, None for the default; ``lost`` says why what
    lies there does not last, None where it does. ``varies`` is between what it differs.
    ``sourced`` tells that a file which can't be found may have put it elsewhere.
    """

    folder: Value
    set_by: str | None
    lost: Lost | None
    varies: frozenset[Vary] = frozenset()
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
            return Root(Value((given,)), None, None, given.varies, sourced=True)
        if isinstance(content, Value) and content.pieces:
            return _root(content + known(below), variable, started)
        if content is not None and not isinstance(content, (Value, Missing)):
            return None
    return _root(_home(started) + known("/.cache/vllm"), None, started)


def _home(started: Started) -> Value:
    """The home folder that a server sees: in a container that has all for itself root's."""
    container = started.invocation.context.container
    if container is not None and container.private == EVERYTHING:
        return known("/root")
    return Value((Unknown("~", frozenset({"user"})),))


def _root(folder: Value, set_by: str | None, started: Started) -> Root | None:
    container = started.invocation.context.container
    outside = folder if container is None else container.outside(folder)
    if outside is None:
        return None
    one_place = frozenset({HOST, TASK}) if _is_written_outside_steps(set_by, started) else ()
    return Root(outside, set_by, lost(outside), outside.varies.difference(one_place))


def _is_written_outside_steps(variable: str | None, started: Started) -> bool:
    """Whether it is the script that expands a variable's value, once, and no task of a step."""
    where = started.invocation
    if where.context.remote or variable is None:
        return False
    if not where.context.in_step:
        return True
    around = any(word.display.rpartition("/")[2] == "srun" for word in where.outer)
    inside, outside = started.pick(variable), started.pick(variable, outside=True)
    return around and isinstance(inside, Value) and inside == outside


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
        yield from scene.spared("the caches", partial(_folders, each, scene))


def _folders(started: Started, scene: Scene) -> Iterator[CacheFolder]:
    """The variables that say where a server's caches lie."""
    walk = scene.walk
    root = root_of(started)
    decided_by = root.set_by if root is not None else None
    if root is None and _has_own_home(started):
        yield _by_default(started, "~/.cache/vllm", "container")
    elif root is not None and root.set_by is None and _is_mounted(started):
        yield _by_default(started, root.folder.display, root.lost)
    nodes = HOST in copies(started.invocation, walk, scene.shape) or _spans(started, scene)
    for variable in dict.fromkeys([decided_by, *_JUST_IN_TIME]):
        content = started.pick(variable) if variable is not None else None
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
            one_node=scene.shape.one_node,
            on_network=UNKNOWN if outside is None else on_network(outside),
            compiles=started.compiles is not False,
            releases=started.releases,
        )


def _has_own_home(started: Started) -> bool:
    """Whether the default cache lies in a home that only the container has.

    The home of a container that has everything for itself may be a volume that lasts.
    """
    container = started.invocation.context.container
    if container is None or container.private == EVERYTHING:
        return False
    own = container.outside(known("$HOME/.cache/vllm")) is None
    return own and not any(map(started.pick, ("VLLM_CACHE_ROOT", "XDG_CACHE_HOME", "HOME")))


def _is_mounted(started: Started) -> bool:
    """Whether a mount shows another folder of the host where the cache lies by default."""
    container = started.invocation.context.container
    if container is None:
        return False
    home = _home(started) + known("/.cache/vllm")
    outside = container.outside(home)
    return outside is not None and outside.display != home.display


def _by_default(started: Started, path: str, lost: LostInside | None) -> CacheFolder:
    return CacheFolder(
        location=started.invocation.origin.location,
        variable="",
        path=path,
        lost=lost,
        decides=True,
        on_network=False,
        compiles=started.compiles is not False,
    )


def _spans(started: Started, scene: Scene) -> bool:
    """Whether Ray's workers of one server run on several nodes: it needs more GPUs than one has.

    Without a backend vLLM takes Ray then, up to the releases that ask for one or for `--nnodes`
    (config/parallel.py).
    """
    count, here = needed(started), on_node(scene.request_of(started.invocation))
    backend, flags = started.server.distributed_executor_backend, started.server.arguments.flags
    by_default = backend is None and scene.names_ray and all(f.name != "--nnodes" for f in flags)
    if not (backend == "ray" or by_default) or not scene.shape.nodes:
        return False
    return isinstance(count, int) and here is not None and count > here


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
