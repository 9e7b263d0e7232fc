"""GPU checks: whether a job looks at its GPUs before it starts a server on them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from doctor.base.regex import regex
from doctor.trace.machine.journal import Walk
from doctor.trace.programs.invocation import Invocation
from doctor.trace.readers.scene import Scene
from doctor.values.value import UNKNOWN, UnknownType, Value

_LOOKS = regex(
    r"(?:nvidia|rocm|amd|xpu|hl|npu)-smi|nvtop|nvitop|gpustat|dcgmi|nvml|mem_get_info"
    r"|memory[._](?:used|free)|vllm-doctor node|doctor[./]\S* node",
    re.IGNORECASE,
)
_SMI = regex(r"(?:nvidia|rocm|amd)-smi")
#: What such a program shows, or does, without a word about who holds which memory.
_SHOWS_NO_USE = regex(
    r"-L|--list-gpus|-h|--help|-pm|--persistence-mode|-pl|--power-limit|-c|--compute-mode|-ac|-lgc"
    r"|-mig|topo|nvlink|mig|--?version|--showproductname|--showid|--showtopo\w*|--showhw"
    r"|--showdriverversion|--showuniqueid|list|static|topology|firmware"
)
_QUERY = regex(r"--query-gpu(?:=(?P<fields>.*))?")
#: The parts of a whole query that are asked for: `-q -d MEMORY,PIDS`.
_DISPLAY = regex(r"(?:-d|--display)(?:=(?P<parts>.*))?")
_PARTS_OF_USE = regex(r"MEMORY|UTILIZATION|PIDS|ACCOUNTING|COMPUTE|\0", re.IGNORECASE)
#: The fields of a query that tell what a GPU is used for; of an unknown field one can't say.
_USE = regex(r"memory[._](?:used|free)|utilization|pstate|\0")
#: Programs that only speak of another one.
_ONLY_NAME = regex(r"(?:echo|printf|which|type|hash|module)\b|command -[vV]")
#: What only a script for AMD's GPUs names.
_OF_AMD = regex(
    r"rocm|\b(?:HIP|ROCR|HSA|MIOPEN)_[A-Z]|/dev/kfd\b|(?<![a-z])amd(?![a-z0-9])"
    r"|(?<![a-z0-9])mi[1-4]\d\d[ax]?(?![a-z0-9])",
    re.IGNORECASE,
)


def looked(server: Invocation, scene: Scene, first_look: float) -> bool | UnknownType:
    """Whether the job looks at its GPUs before the server; UNKNOWN where another script might."""
    context, walk = server.context, scene.walk
    in_job = scene.is_batch or context.batch_job is not None
    if not in_job or not walk.complete or context.uncalled or context.remote:
        return UNKNOWN
    if first_look < server.order:
        return True
    return UNKNOWN if walk.unread else False


def first_look(walk: Walk) -> float:
    """The moment at which the script first looks at its GPUs; for ever if it never does."""
    looks = (each.order for each in walk.invocations if each.arguments and _is_look(each))
    return min(looks, default=float("inf"))


def _is_look(invocation: Invocation) -> bool:
    """Whether a program shows how much of the GPUs' memory is taken, or who takes it."""
    if _ONLY_NAME.match(" ".join(word.display for word in invocation.outer[:2])):
        return False
    if _SMI.fullmatch(invocation.program):
        return not _shows_no_use(invocation.arguments[1:])
    return _LOOKS.search(_words(invocation)) is not None


def _shows_no_use(options: Sequence[Value]) -> bool:
    """Whether an ``nvidia-smi`` with these options lists GPUs, or asks for fields, but no use."""
    for option, following in pairwise((*options, Value())):
        query = _QUERY.fullmatch(option.shadow)
        if query is not None:
            fields = query["fields"] if query["fields"] is not None else following.shadow
            return not _USE.search(fields)
        display = _DISPLAY.fullmatch(option.shadow)
        if display is not None:
            return not _PARTS_OF_USE.search(display["parts"] or following.shadow)
    return any(_SHOWS_NO_USE.fullmatch(option.shadow) for option in options)


def _words(invocation: Invocation) -> str:
    """The words of a program, and what it reads."""
    read = (invocation.input,) if invocation.input is not None else ()
    return " ".join(word.display for word in (*invocation.arguments, *read))


def on_amd(walk: Walk) -> bool:
    """Whether the script, or one that it includes, shows that its GPUs are AMD's."""
    lines = (line for source in walk.scripts.values() for line in source.text.split("\n"))
    read = (line for line in lines if line.startswith("#SBATCH") or line.lstrip()[:1] != "#")
    return any(_OF_AMD.search(line) for line in read)
