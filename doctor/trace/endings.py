"""Endings: servers in the background of a batch script that ends while they run."""

from __future__ import annotations

import re

from doctor.trace.context import Invocation
from doctor.trace.interpreter import Walk
from doctor.trace.values import UNKNOWN, UnknownType
from doctor.trace.wrappers import unwrap

#: Programs that end by themselves and at once.
QUICK = frozenset(
    "awk basename cat chmod conda cp cut date deactivate df dirname disown du echo env export "
    "free grep head hostname hostnamectl id jobs ln ls lscpu mkdir module mv nvidia-smi pgrep "
    "printenv printf ps pwd rm rocm-smi sed sort squeue tee touch tr ulimit umask uname wc which "
    "whoami sleep".split()
)
#: Words of a shell that may hold a script up without starting a program.
_MAY_BLOCK = re.compile(
    r"\b(while|until|read|select|exec|fg|wait|source|coproc|eval|trap|infinity|inf)\b|^[ \t]*\. ",
    re.MULTILINE,
)
_LONGEST_SLEEP = 120
_SECONDS = re.compile(r"(\d+(?:\.\d*)?)([smhd]?)")


def ends_with_job(server: Invocation, walk: Walk, in_batch_script: bool) -> bool | UnknownType:
    """Whether the batch script ends while the server runs; UNKNOWN where something may wait."""
    context = server.context
    if not in_batch_script or context.batch_job is not None or not context.threads:
        return False
    outside = context.remote or any(wrapper.detached for wrapper in context.wrappers)
    if walk.truncated or context.uncalled or outside or context.container is not None:
        return UNKNOWN
    if _MAY_BLOCK.search(_code(server.origin.source.text)):
        return UNKNOWN
    started = [each for each in walk.invocations if each.arguments and not each.context.threads]
    later = [each for each in started if each.order > server.order]
    return True if all(_is_quick(invocation) for invocation in later) else UNKNOWN


def _code(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))


def _is_quick(invocation: Invocation) -> bool:
    name = invocation.arguments[0].display.rpartition("/")[2]
    if name == "sleep":
        return _sleeps(invocation) <= _LONGEST_SLEEP
    if any(
        word.text in ("-f", "-F", "--follow", "-l", "-lms") for word in invocation.arguments[1:]
    ):
        return name in ("rm", "cp", "mv", "pgrep", "ls", "hostname", "cut", "wc", "ln", "ps", "awk")
    return name in QUICK or (name != "srun" and unwrap(invocation.arguments) is not None)


def _sleeps(invocation: Invocation) -> float:
    total = 0.0
    for word in invocation.arguments[1:]:
        match = _SECONDS.fullmatch(word.text or "")
        if match is None:
            return float("inf")
        total += float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
    return total
