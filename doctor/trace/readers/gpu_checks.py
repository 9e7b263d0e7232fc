"""GPU checks: whether a job looks at its GPUs before it starts a server on them."""

from __future__ import annotations

import re

from doctor.base.regex import regex
from doctor.trace.machine.journal import Walk
from doctor.trace.programs.invocation import Invocation
from doctor.trace.readers.surroundings import Surroundings
from doctor.values.value import UNKNOWN, UnknownType

_LOOKS = regex(
    r"(?:nvidia|rocm|amd|xpu|hl|npu)-smi|nvtop|nvitop|gpustat|dcgmi|nvml|mem_get_info"
    r"|memory[._](?:used|free)|vllm-doctor node|doctor[./]\S* node",
    re.IGNORECASE,
)
#: What only a script for AMD's GPUs names.
_OF_AMD = regex(
    r"rocm|\b(?:HIP|ROCR|HSA|MIOPEN)_[A-Z]|/dev/kfd\b|(?<![a-z])amd(?![a-z0-9])"
    r"|(?<![a-z0-9])mi[1-4]\d\d[ax]?(?![a-z0-9])",
    re.IGNORECASE,
)


def looked(server: Invocation, around: Surroundings, first_look: float) -> bool | UnknownType:
    """Whether the job looks at its GPUs before the server; UNKNOWN where another script might."""
    context, walk = server.context, around.walk
    in_job = around.is_batch or context.batch_job is not None
    if not in_job or not walk.complete or context.uncalled or context.remote:
        return UNKNOWN
    if first_look < server.order:
        return True
    return UNKNOWN if walk.unread else False


def first_look(walk: Walk) -> float:
    """The moment at which the script first looks at its GPUs; for ever if it never does."""
    looks = (each.order for each in walk.invocations if _LOOKS.search(_words(each)))
    return min(looks, default=float("inf"))


def _words(invocation: Invocation) -> str:
    """The words of a program, and what it reads."""
    read = (invocation.input,) if invocation.input is not None else ()
    return " ".join(word.display for word in (*invocation.arguments, *read))


def on_amd(walk: Walk) -> bool:
    """Whether the script, or one that it includes, shows that its GPUs are AMD's."""
    lines = (line for source in walk.scripts.values() for line in source.text.split("\n"))
    read = (line for line in lines if line.startswith("#SBATCH") or line.lstrip()[:1] != "#")
    return any(_OF_AMD.search(line) for line in read)
