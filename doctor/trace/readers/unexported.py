"""Unexported: variables for a server that the script sets and keeps to itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from doctor.base.regex import regex
from doctor.facts.base import Evidence
from doctor.facts.servers import KeptVariable
from doctor.shell.tree import Assignment, Simple
from doctor.shell.walk import commands
from doctor.trace.readers.scene import Scene
from doctor.trace.readers.servers import Started

#: Variables of the libraries below a server, which nobody needs for the script itself.
_OF_LIBRARIES = frozenset(
    "HF_HOME HF_HUB_CACHE HF_HUB_OFFLINE HF_HUB_ENABLE_HF_TRANSFER HF_TOKEN TRANSFORMERS_OFFLINE "
    "TRANSFORMERS_CACHE HUGGING_FACE_HUB_TOKEN TORCHINDUCTOR_CACHE_DIR TRITON_CACHE_DIR "
    "PYTORCH_CUDA_ALLOC_CONF NCCL_DEBUG NCCL_SOCKET_IFNAME NCCL_IB_DISABLE NCCL_P2P_DISABLE "
    "GLOO_SOCKET_IFNAME TOKENIZERS_PARALLELISM CUDA_DEVICE_ORDER".split()
)
_OURS = "VLLM_"
_DECLARES = frozenset({"declare", "typeset", "local", "readonly"})
#: An option of theirs that exports, or makes the name stand for another variable.
_EXPORTS = regex(r"-\w*[xn]")
#: What exports every variable that is set from there on.
_EXPORTS_ALL = regex(
    r"\bset[ \t]+(?:-\w*a|-o[ \t]+allexport)\b"
    r"|\b(?:export|declare[ \t]+-\w*x)[ \t]+[\"']?\$\{?!"
)


def read(scene: Scene) -> Iterator[KeptVariable]:
    """A fact for each variable that the script only sets before a server, and doesn't use."""
    texts = [*scene.texts]
    if not scene.started or any(map(_EXPORTS_ALL.search, texts)):
        return
    last = max(
        (each.invocation.origin.start for each in scene.started if _is_own(each, scene)), default=-1
    )
    told: set[str] = set()
    for assignment in _assignments(scene):
        name = assignment.name
        if name in told or assignment.span.start > last or not _is_read(name, scene):
            continue
        handed_on = any(
            name in each.environment or name in each.invocation.outer_environment
            for each in scene.started
        )
        if not handed_on and not any(_uses(text, name) for text in texts):
            told.add(name)
            start = assignment.span.start
            place = scene.source.location(start, start + len(name))
            yield KeptVariable(location=place, evidence={"name": Evidence((place,))}, name=name)


def _is_own(started: Started, scene: Scene) -> bool:
    return started.invocation.origin.source is scene.source


def _assignments(scene: Scene) -> Iterator[Assignment]:
    """The assignments of commands that do nothing else, and of declarations that don't export."""
    for command in commands(scene.script.body):
        if not isinstance(command, Simple):
            continue
        words = [word.literal or "" for word in command.words]
        if not command.arguments:
            yield from command.assignments
        elif words[:1] and words[0] in _DECLARES and not any(map(_EXPORTS.match, words[1:])):
            yield from (each for each in command.arguments if isinstance(each, Assignment))


def _is_read(name: str, scene: Scene) -> bool:
    """Whether a server reads it, in a release that may run here."""
    if not name.startswith(_OURS):
        return name in _OF_LIBRARIES
    row = scene.settings.tables.variables.get(name)
    return row is not None and any(row.releases & e.candidates.likely for e in scene.started)


def _uses(text: str, name: str) -> bool:
    """Whether a text does anything with a variable but set it."""
    return re.search(rf"(?<![\w]){name}(?!\w|\+?=)", text) is not None
