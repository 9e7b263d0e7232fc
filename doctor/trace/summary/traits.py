"""Traits: what a person wants to know of a server, each in a few words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from doctor.base.record import Record
from doctor.trace.programs.invocation import JOB_NODES, JOB_TASKS, Context, Output
from doctor.trace.programs.wrappers import Unwrapped
from doctor.trace.readers import caches
from doctor.trace.readers.servers import Started
from doctor.values.value import UNKNOWN, UnknownType, Value
from doctor.vllm import defaults

_DEVICES = (
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "ASCEND_RT_VISIBLE_DEVICES",
)
_PARALLEL = (
    ("TP", "tensor_parallel_size"),
    ("PP", "pipeline_parallel_size"),
    ("DP", "data_parallel_size"),
)
#: Other caches of compiled code, which are told where the script sets them.
_MORE_CACHES = ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "FLASHINFER_WORKSPACE_BASE")
_LOST = {
    "memory": "in memory, lost with the job",
    "node-local": "on the node",
    "job": "another one for each job",
}
_STEP_SIZES = (
    ("node", "nodes", ("-N", "--nodes")),
    ("task", "tasks", ("-n", "--ntasks")),
    ("task a node", "tasks a node", ("--ntasks-per-node", "--tasks-per-node")),
)
UNKNOWN_TEXT = "unknown"
#: Where a stream goes that nothing redirects.
OWN_OUTPUT = "the script's own output"


class Trait(Record):
    """One thing about a server, in words, and the words of the script that it was read from.

    ``text`` is empty where there is nothing to say.
    """

    text: str = ""
    values: tuple[Value, ...] = ()


def traits(started: Started) -> Mapping[str, Trait]:
    """All that is told of a server, by its name."""
    return {
        "model": _model(started),
        "devices": _devices(started),
        "parallel": _parallel(started),
        "port": _port(started),
        "memory": _memory(started),
        "speculation": _speculation(started),
        "where": _where(started),
        "cache": _cache(started),
        "log": _log(started.invocation.context),
        "releases": Trait(started.candidates.words.removeprefix("vLLM ")),
        "because": _because(started),
    }


def _model(started: Started) -> Trait:
    value = started.server.value("model")
    if value is not None:
        return Trait(value.display or UNKNOWN_TEXT, (value,))
    return Trait(UNKNOWN_TEXT if started.server.model is UNKNOWN else "none is given")


def _devices(started: Started) -> Trait:
    for name in _DEVICES:
        content = started.pick(name)
        if isinstance(content, Value):
            return Trait(content.display or "none", (content,))
    for wrapper in started.invocation.context.wrappers:
        for value in wrapper.values("--gpus", "--device") if _is_docker(wrapper) else ():
            return Trait(value.display.removeprefix("nvidia.com/gpu=").strip("'\""), (value,))
    return Trait()


def _is_docker(wrapper: Unwrapped) -> bool:
    return wrapper.words[-1] == "run" and wrapper.words[0] in ("docker", "podman", "nerdctl")


def _parallel(started: Started) -> Trait:
    words, values = [], []
    for short, attribute in _PARALLEL:
        value = started.server.value(attribute)
        if value is not None:
            words.append(f"{short} {value.display}")
            values.append(value)
    return Trait(" ".join(words), tuple(values))


def _port(started: Started) -> Trait:
    socket, value = started.server.value("uds"), started.server.value("port")
    if socket is not None:
        return Trait(f"socket {socket.display}", (socket,))
    if value is not None:
        return Trait(value.display, (value,))
    port: int | UnknownType = started.server.port
    return Trait(UNKNOWN_TEXT if port is UNKNOWN else f"{port} (default)")


def _memory(started: Started) -> Trait:
    cache = started.server.value("kv_cache_memory_bytes")
    if cache is not None:
        return Trait(f"{cache.display} for the KV cache", (cache,))
    value = started.server.value("gpu_memory_utilization")
    if value is not None:
        return Trait(value.display, (value,))
    share = defaults.gpu_memory_utilization(started.server, started.candidates)
    return Trait(UNKNOWN_TEXT if share is UNKNOWN else f"{share} (default)")


def _speculation(started: Started) -> Trait:
    found = started.server.speculation
    if found.on is False or (found.on is UNKNOWN and not found.given):
        return Trait()
    method = found.method if isinstance(found.method, str) else "by a method that is unknown"
    words = [method]
    if isinstance(found.drafter, str):
        words.append(f"with {found.drafter}")
    if isinstance(found.tokens, int):
        words.append(f"({found.tokens} tokens)")
    return Trait(" ".join(words), tuple(v for values in found.given.values() for v in values))


# --- where it runs ---------------------------------------------------------------------------


def _where(started: Started) -> Trait:
    context = started.invocation.context
    values: list[Value] = []
    words = list(_around(context, values))
    container = context.container
    if container is not None:
        image = container.image
        values += [image] if image is not None else []
        shown = f" {image.display}" if image is not None else ""
        words.append(f"in the container{shown} ({container.engine})")
    if not {"detached", "ssh", "sbatch"} & {_kind(wrapper) for wrapper in context.wrappers}:
        words.append("in the background" if context.threads else "in the foreground")
    if context.uncalled:
        words.append("in a function that nothing here calls")
    return Trait(", ".join(words), tuple(values))


def _kind(wrapper: Unwrapped) -> str:
    if wrapper.words[0] in ("tmux", "screen"):
        return "detached"
    return "detached" if wrapper.detached else wrapper.words[0]


def _around(context: Context, values: list[Value]) -> Iterator[str]:
    for wrapper in context.wrappers:
        match wrapper.words[0]:
            case "srun":
                yield _step(wrapper, context, values)
            case "sbatch":
                yield "in a job that the script submits"
            case "salloc":
                yield "in an allocation of its own (salloc)"
            case "ssh":
                values += wrapper.operands
                yield "on " + " ".join(value.display for value in wrapper.operands) + " (ssh)"
            case "ray":
                yield "by Ray, on a node of its cluster (ray job submit)"
            case "tmux" | "screen":
                yield f"in {wrapper.words[0]}"
            case "mpirun" | "mpiexec":
                count = [value.display for value in wrapper.values("-n", "-np", "--np")]
                yield f"by {wrapper.words[0]}" + (f", {count[-1]} processes" if count else "")
            case "timeout":
                limit = " ".join(value.display for value in wrapper.operands)
                yield f"for {limit} at most (timeout)"


def _step(wrapper: Unwrapped, context: Context, values: list[Value]) -> str:
    """An srun step: of how many nodes and tasks, as its options or its job say."""
    found = []
    for one, many, names in _STEP_SIZES:
        for count in wrapper.values(*names)[-1:]:
            values.append(count)
            found.append(f"{count.display} {one if count.text == '1' else many}")
    if not found and context.copies & {JOB_TASKS, JOB_NODES}:
        found.append("as many tasks as the job has")
    for nodes in wrapper.values("-w", "--nodelist")[-1:]:
        values.append(nodes)
        found.append(f"on {nodes.display}")
    return f"in an srun step ({', '.join(found)})" if found else "in an srun step"


# --- what it writes --------------------------------------------------------------------------


def _cache(started: Started) -> Trait:
    if started.compiles is False:
        return Trait("none: it compiles nothing")
    root = caches.root_of(started)
    if root is None or root.sourced:
        return Trait(UNKNOWN_TEXT)
    notes = [root.set_by or "default"]
    if root.lost is not None:
        notes.append(_LOST[root.lost])
    words, values = [f"{root.folder.display} ({'; '.join(notes)})"], [root.folder]
    for name in _MORE_CACHES:
        content = started.pick(name)
        if isinstance(content, Value) and content.pieces:
            words.append(f"{name} {content.display}")
            values.append(content)
    return Trait("; ".join(words), tuple(values))


def _log(context: Context) -> Trait:
    values: list[Value] = []
    both = [_stream(context, descriptor, values) for descriptor in (1, 2)]
    if both[0] == both[1]:
        return Trait(both[0], tuple(values))
    return Trait(f"stdout {both[0]}; stderr {both[1]}", tuple(values))


def _stream(context: Context, descriptor: int, values: list[Value]) -> str:
    output = context.outputs.get(descriptor)
    if output is not None:
        return _output(output, values)
    for wrapper in reversed(context.wrappers):
        if wrapper.words[0] == "srun":
            stdout = wrapper.values("-o", "--output")
            given = wrapper.values("-e", "--error") if descriptor == 2 else stdout
            if given := given or stdout:
                values.append(given[-1])
                return given[-1].display
        if wrapper.words[0] in ("tmux", "screen"):
            return f"the {wrapper.words[0]} window only"
        if _is_docker(wrapper) and wrapper.detached:
            return f"the container's log ({wrapper.words[0]} logs)"
    return OWN_OUTPUT


def _output(output: Output, values: list[Value]) -> str:
    values += [output.path] if output.path is not None else []
    path = output.path.display if output.path is not None else ""
    match output.kind:
        case "file":
            return f"{path} (appended)" if output.append else path
        case "tee":
            return f"{path} (tee)"
        case "null":
            return "thrown away"
    return "another program"


# --- releases --------------------------------------------------------------------------------


def _because(started: Started) -> Trait:
    """What says which releases these are."""
    found = started.candidates
    words = [f"pinned by {found.pin.words}"] if found.pin else []
    words += [claim.words for claim in found.decisive]
    if not found.strict:
        return Trait(f"{' and '.join(words)} exclude one another")
    return Trait(", ".join(words))
