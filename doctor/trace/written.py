"""Written paths: what a script puts below folders that all users share, and under which name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from doctor.facts.base import Evidence
from doctor.facts.commands import WrittenPath
from doctor.trace.context import Invocation
from doctor.trace.people import logins
from doctor.trace.places import place_of
from doctor.trace.state import consistent
from doctor.trace.values import UNKNOWN, Value

_ALLOWED = re.compile(r"[ \t]*\|\|[ \t]*(?:true\b|:(?=[\s;]|$))")
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


def read(invocation: Invocation, shared_folders: Sequence[str]) -> Iterator[WrittenPath]:
    """The paths that one program, or its redirections and variables, write."""
    people = logins(invocation.origin.source.text)
    for how, path in _paths(invocation):
        place = place_of(path, shared_folders, invocation.context.container, people)
        if place is None or place.private or path.display.rstrip("/") == place.folder:
            continue
        location = path.location or invocation.origin.location
        yield WrittenPath(
            location=invocation.origin.location,
            evidence={"path": Evidence((location,), path.assumes)},
            path=place.shown,
            folder=place.folder,
            owned=UNKNOWN if place.owned is None else place.owned,
            how=how,
        )


def _may_fail(invocation: Invocation) -> bool:
    """Whether the script does without what a command makes: ``mkdir … || true``."""
    origin = invocation.origin
    return _ALLOWED.match(origin.source.text, origin.end) is not None


def _paths(invocation: Invocation) -> Iterator[tuple[str, Value]]:
    for output in dict.fromkeys(invocation.context.outputs.values()):
        if output.kind in ("file", "tee") and output.path is not None:
            yield "tee" if output.kind == "tee" else "redirection", output.path
    program = invocation.arguments[0].display.rpartition("/")[2]
    if program == "mkdir" and not _may_fail(invocation):
        for value in invocation.arguments[1:]:
            if not value.display.startswith("-"):
                yield "mkdir", value
    for name, alternatives in invocation.environment.items():
        if not (name.endswith(_FOLDER_VARIABLES) or name in _OTHER_VARIABLES):
            continue
        for content in alternatives:
            if isinstance(content, Value) and consistent(content.assumes, invocation.assumes):
                yield "variable", content
