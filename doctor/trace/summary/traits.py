"""Traits: what a person wants to know of a server, each in a few words."""

from __future__ import annotations

from collections.abc import Mapping

from doctor.base.record import Record
from doctor.trace.programs.invocation import Context, Output
from doctor.trace.programs.options import Unwrapped
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a, places, sink
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
UNKNOWN_TEXT = "unknown"
#: Where a stream goes that nothing redirects.
OWN_OUTPUT = "the script's own output"


class Feature(Record):
    """One thing about a server, in words, and the words of the script that it was read from.

    ``text`` is empty where there is nothing to say.
    """

    text: str = ""
    values: tuple[Value, ...] = ()


def traits(started: Started) -> Mapping[str, Feature]:
    """All that is said of a server, by its name."""
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
        "releases": Feature(started.candidates.words.removeprefix("vLLM ")),
        "because": _because(started),
    }


def _model(started: Started) -> Feature:
    value = started.server.value("model")
    if value is not None:
        return Feature(value.display or UNKNOWN_TEXT, (value,))
    return Feature(UNKNOWN_TEXT if started.server.model is UNKNOWN else "none is given")


def _devices(started: Started) -> Feature:
    for name in _DEVICES:
        content = started.pick(name)
        if isinstance(content, Value):
            return Feature(content.display or "none", (content,))
    for wrapper in started.invocation.context.wrappers:
        for value in wrapper.values("--gpus", "--device") if _is_container(wrapper) else ():
            return Feature(value.display.removeprefix("nvidia.com/gpu=").strip("'\""), (value,))
    return Feature()


def _is_container(wrapper: Unwrapped) -> bool:
    return is_a(wrapper.words[0], Trait.DAEMON)


def _parallel(started: Started) -> Feature:
    words, values = [], []
    for short, attribute in _PARALLEL:
        value = started.server.value(attribute)
        if value is not None:
            words.append(f"{short} {value.display}")
            values.append(value)
    return Feature(" ".join(words), tuple(values))


def _port(started: Started) -> Feature:
    socket, value = started.server.value("uds"), started.server.value("port")
    if socket is not None:
        return Feature(f"socket {socket.display}", (socket,))
    if value is not None:
        return Feature(value.display, (value,))
    port: int | UnknownType = started.server.port
    return Feature(UNKNOWN_TEXT if port is UNKNOWN else f"{port} (default)")


def _memory(started: Started) -> Feature:
    cache = started.server.value("kv_cache_memory_bytes")
    if cache is not None:
        return Feature(f"{cache.display} for the KV cache", (cache,))
    value = started.server.value("gpu_memory_utilization")
    if value is not None:
        return Feature(value.display, (value,))
    share = defaults.gpu_memory_utilization(started.server, started.candidates)
    return Feature(UNKNOWN_TEXT if share is UNKNOWN else f"{share} (default)")


def _speculation(started: Started) -> Feature:
    found = started.server.speculation
    if found.on is False or (found.on is UNKNOWN and not found.given):
        return Feature()
    method = found.method if isinstance(found.method, str) else "by a method that is unknown"
    words = [method]
    if isinstance(found.drafter, str):
        words.append(f"with {found.drafter}")
    if isinstance(found.tokens, int):
        words.append(f"({found.tokens} tokens)")
    return Feature(" ".join(words), tuple(v for values in found.given.values() for v in values))


# --- where it runs ---------------------------------------------------------------------------


def _where(started: Started) -> Feature:
    context = started.invocation.context
    around = places(context)
    values = [value for place in around for value in place.values]
    words = [place.words for place in around]
    container = context.container
    if container is not None:
        image = container.image
        values += [image] if image is not None else []
        shown = f" {image.display}" if image is not None else ""
        words.append(f"in the container{shown} ({container.engine})")
    detached = any(wrapper.detached for wrapper in context.wrappers)
    if not detached and not {"terminal", "remote", "job"} & {place.kind for place in around}:
        words.append("in the background" if context.threads else "in the foreground")
    if context.uncalled:
        words.append("in a function that nothing here calls")
    return Feature(", ".join(words), tuple(values))


# --- what it writes --------------------------------------------------------------------------


def _cache(started: Started) -> Feature:
    if started.compiles is False:
        return Feature("none: it compiles nothing")
    root = caches.root_of(started)
    if root is None or root.sourced:
        return Feature(UNKNOWN_TEXT)
    notes = [root.set_by or "default"]
    if root.lost is not None:
        notes.append(_LOST[root.lost])
    words, values = [f"{root.folder.display} ({'; '.join(notes)})"], [root.folder]
    for name in _MORE_CACHES:
        content = started.pick(name)
        if isinstance(content, Value) and content.pieces:
            words.append(f"{name} {content.display}")
            values.append(content)
    return Feature("; ".join(words), tuple(values))


def _log(context: Context) -> Feature:
    values: list[Value] = []
    both = [_stream(context, descriptor, values) for descriptor in (1, 2)]
    if both[0] == both[1]:
        return Feature(both[0], tuple(values))
    return Feature(f"stdout {both[0]}; stderr {both[1]}", tuple(values))


def _stream(context: Context, descriptor: int, values: list[Value]) -> str:
    output = context.outputs.get(descriptor)
    if output is not None:
        return _output(output, values)
    elsewhere = sink(context, descriptor)
    if elsewhere is None:
        return OWN_OUTPUT
    values += [elsewhere.path] if elsewhere.path is not None else []
    return elsewhere.words


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


def _because(started: Started) -> Feature:
    """What says which releases these are."""
    found = started.candidates
    words = [found.pin.words] if found.pin else []
    words += [claim.words for claim in found.decisive]
    if not found.strict:
        return Feature(f"{' and '.join(words)} exclude one another")
    return Feature(", ".join(words))
