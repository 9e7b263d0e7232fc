"""Logs: where a server's standard output and standard error go."""

from __future__ import annotations

from collections.abc import Mapping

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.diagnostic import Location
from doctor.facts.servers import Goes
from doctor.trace.programs.invocation import Context, Invocation
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a, sink
from doctor.trace.readers.scene import Scene
from doctor.values.value import UNKNOWN, UnknownType

_LATE = regex(r"2>&1[ \t\\\n]+1?>>?[ \t]*[^&>\s]")
_STREAMS = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/", "/dev/tty")


class Outputs(Record):
    """Where a server's two outputs go, in words of the fact ``launch``.

    ``place`` is where that is written; ``log`` the file that takes the first, as written;
    ``kept`` tells whether it can be read later; ``joined_late`` that ``2>&1`` stands before it.
    """

    stdout: Goes
    stderr: Goes
    place: Location
    log: str | None
    kept: bool | UnknownType
    joined_late: bool


def outputs(server: Invocation, scene: Scene) -> Outputs:
    """Where the outputs of a server go."""
    context = server.context
    own: Goes = "job" if scene.in_job or context.batch_job is not None else "caller"
    goes = {descriptor: _goes(context, descriptor, own) for descriptor in (1, 2)}
    goes = _with_joined_errors(context, goes, own)
    output = context.outputs.get(1)
    origin = output.origin if output is not None else None
    is_file = output is not None and output.path is not None and goes[1] in ("file", "tee")
    return Outputs(
        goes[1],
        goes[2],
        origin.location if origin is not None else _program(server),
        output.path.display if is_file and output is not None and output.path is not None else None,
        _kept(server, goes, scene),
        _LATE.search(_written(server)) is not None,
    )


def _kept(server: Invocation, goes: Mapping[int, Goes], scene: Scene) -> bool | UnknownType:
    """Whether the output can be read later, as it can't from a window or /dev/null alone."""
    if set(goes.values()) <= {"file", "tee", "job"}:
        return True
    if not set(goes.values()) <= {"window", "null"}:
        return UNKNOWN
    configured = "VLLM_LOGGING_CONFIG_PATH" in server.environment
    wrappers = server.context.wrappers
    recorded = any(w.words[0] == "screen" and w.given("-L", "-Logfile") for w in wrappers)
    piped = any(
        word.display in ("pipe-pane", "pipep")
        for other in scene.invocations
        for word in other.arguments[1:2]
    )
    return UNKNOWN if configured or recorded or piped else False


def _program(server: Invocation) -> Location:
    return server.arguments[0].location or server.origin.location


def _written(server: Invocation) -> str:
    origin = server.origin
    return origin.source.text[origin.start : origin.end]


def _goes(context: Context, descriptor: int, own: Goes) -> Goes:
    output = context.outputs.get(descriptor)
    if output is not None:
        shown = output.path.display if output.path is not None else ""
        return own if shown.startswith(_STREAMS) else output.kind
    elsewhere = sink(context, descriptor)
    return own if elsewhere is None else elsewhere.kind


def _with_joined_errors(context: Context, goes: Mapping[int, Goes], own: Goes) -> dict[int, Goes]:
    """A terminal joins the two outputs: docker's ``-t``, and nohup's on a terminal."""
    joined = dict(goes)
    if 2 in context.outputs or goes[2] != own:
        return joined
    for wrapper in context.wrappers:
        terminal = is_a(wrapper.words[0], Trait.DAEMON) and wrapper.given("-t", "--tty", "-it")
        if terminal or (wrapper.words[0] == "nohup" and own == "caller"):
            joined[2] = goes[1]
    return joined
