"""Written paths: what a script puts below folders that all users share, and under which name."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import pairwise

from doctor.base.regex import regex
from doctor.facts.base import Evidence
from doctor.facts.commands import Means, WrittenPath
from doctor.trace.domain.environment import SCRATCH
from doctor.trace.programs.containers import CONTAINER_PREFIXES
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.options import names, read_options
from doctor.trace.programs.wrappers import unwrap
from doctor.trace.readers.leftovers import Cleared
from doctor.trace.readers.people import logins
from doctor.trace.readers.places import place_of
from doctor.trace.readers.scene import Scene
from doctor.values.assumption import consistent
from doctor.values.value import UNKNOWN, Value
from doctor.vllm.program import recognise

_ALLOWED = regex(r"[ \t]*\|\|[ \t]*(?:true\b|:(?=[\s;]|$))")
#: Variables that name a folder or file which the programs started then write.
_FOLDER_VARIABLES = ("_CACHE_DIR", "_CACHE_ROOT", "_CACHE_HOME", "_CACHE_PATH", "_CACHE")
_OTHER_VARIABLES = frozenset(
    [
        "TMPDIR",
        "HF_HOME",
        "TRITON_HOME",
        "RAY_TMPDIR",
        "VLLM_RPC_BASE_PATH",
        "XDG_RUNTIME_DIR",
        "FLASHINFER_WORKSPACE_BASE",
        "TORCH_EXTENSIONS_DIR",
        "PYTORCH_KERNEL_CACHE_PATH",
    ]
)
#: Options of `ray start` that take a value before its folder.
_OF_RAY = names(
    "temp-dir port address node-ip-address num-cpus num-gpus dashboard-host dashboard-port "
    "resources object-store-memory node-name ray-client-server-port"
)
#: Programs that may keep something there; what others make of their variables nobody knows.
_KEEPERS = regex(r"python[\d.]*|vllm|ray|torchrun|accelerate|deepspeed|mktemp|.*\.py")


def read(scene: Scene) -> Iterator[WrittenPath]:
    """The paths that programs, or their redirections and variables, write on a machine of many."""
    elsewhere = scene.reaches_slurm_by_ssh
    invocations = [i for i in scene.invocations if i.context.remote or not elsewhere]
    cleared = Cleared.of(scene.walk, scene.requests)
    contained = frozenset(
        name
        for invocation in invocations
        for name, path in _variables(invocation)
        if _is_containers_own(path, invocation)
    )
    begun: dict[Evidence, int] = {}
    unowned: set[str] = set()
    for invocation in invocations:
        for how, path in _paths(invocation, contained):
            for fact in _written(invocation, how, path, scene.shared_folders):
                if not unowned.isdisjoint(_above(fact.path)):
                    continue  # the folder's name has to change, and not this one's, too
                if fact.owned is False:
                    unowned.add(fact.path.rstrip("/"))
                since = begun.setdefault(fact.evidence["path"], invocation.order)
                gone = cleared.holds(fact.path, since)
                yield replace(fact, met_by_others=False if gone else UNKNOWN)


def _above(path: str) -> Iterator[str]:
    """The folders that a path lies in."""
    parts = path.rstrip("/").split("/")
    return ("/".join(parts[:count]) for count in range(2, len(parts)))


def _written(
    invocation: Invocation, how: Means, path: Value, shared_folders: tuple[str, ...]
) -> Iterator[WrittenPath]:
    people = logins(invocation.origin.source.text)
    place = place_of(path, shared_folders, invocation.context.container, people)
    if place is None or place.private or path.display.rstrip("/") == place.folder:
        return
    location = path.location or invocation.origin.location
    yield WrittenPath(
        location=invocation.origin.location,
        evidence={"path": Evidence((location,), path.assumes)},
        path=place.shown,
        folder=place.folder,
        owned=UNKNOWN if place.owned is None else place.owned,
        in_place_of=_in_place_of(path),
        how=how,
    )


def _in_place_of(path: Value) -> str | None:
    """The site's variable that the path's text stands in for: ``${LOCAL_SCRATCH:-/tmp}/x``."""
    defaults = (assumed.default_of for assumed in path.assumes)
    return next((name for name in defaults if name in SCRATCH), None)


def _may_fail(invocation: Invocation) -> bool:
    """Whether the script does without what a command makes: ``mkdir … || true``."""
    origin = invocation.origin
    return _ALLOWED.match(origin.source.text, origin.end) is not None


def _paths(invocation: Invocation, contained: Collection[str]) -> Iterator[tuple[Means, Value]]:
    """How a program writes, and where; ``contained`` are variables meant for containers."""
    for output in dict.fromkeys(invocation.context.outputs.values()):
        if output.kind in ("file", "tee") and output.path is not None:
            yield "tee" if output.kind == "tee" else "redirection", output.path
    if invocation.program == "mkdir" and not _may_fail(invocation):
        for value in invocation.arguments[1:]:
            if not value.display.startswith("-"):
                yield "mkdir", value
    for value in (*_sockets(invocation), *_of_ray(invocation)):
        yield "option", value
    # Of a wrapper it is the program inside that uses its variables.
    if _KEEPERS.fullmatch(invocation.program) and unwrap(invocation.arguments) is None:
        for name, path in _variables(invocation):
            if name not in contained:
                yield "variable", path


def _sockets(invocation: Invocation) -> Iterator[Value]:
    """The sockets that a server listens at, ``--uds``."""
    words = invocation.arguments
    if recognise(words) is None:
        return
    for word, following in pairwise(words):
        if word.text == "--uds":
            yield following
    for word in words:
        if word.prefix.startswith("--uds="):
            yield word.slice(len("--uds="))


def _of_ray(invocation: Invocation) -> Iterator[Value]:
    """The folder for the sessions of a cluster that is started here, ``ray start --temp-dir``."""
    words = invocation.arguments
    if invocation.program == "ray" and len(words) > 1 and words[1].text == "start":
        options, _ = read_options(words[2:], "", _OF_RAY)
        yield from (value for name, value in options if name == "--temp-dir" and value is not None)


def _variables(invocation: Invocation) -> Iterator[tuple[str, Value]]:
    """The variables that say where a program writes."""
    for name in invocation.environment:
        if not (name.endswith(_FOLDER_VARIABLES) or name in _OTHER_VARIABLES):
            continue
        if name.startswith(CONTAINER_PREFIXES):
            continue
        for content in invocation.environment[name]:
            if isinstance(content, Value) and consistent(content.assumes, invocation.assumes):
                yield name, content


def _is_containers_own(path: Value, invocation: Invocation) -> bool:
    """Whether a program in a container sees something else than the host there."""
    container = invocation.context.container
    outside = container.outside(path) if container is not None else path
    return outside is None or outside.display != path.display
