"""The probe of one's own processes that an earlier job or session left behind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

import psutil

from doctor.base.regex import regex
from doctor.facts.node.processes import LeftoverProcess
from doctor.node.probe import Probe, Situation
from doctor.node.processes import IN_KERNEL, Processes, gpu_open

#: What a server's processes are called: their titles, programs and Python modules.
_TITLE = regex(r"(?:VLLM::|ray::)\S*|raylet|gcs_server|EngineCore\S*")
_PROGRAM = regex(r"vllm|ray|raylet|gcs_server|ray-(?:dashboard|log-monitor)")
_MODULE = regex(r"vllm(?:\.[\w.]+)?")


def look(situation: Situation) -> Iterator[LeftoverProcess]:
    """Our own processes that serve models or have a GPU open, and don't belong to this job."""
    processes = Processes(situation)
    for each in processes.own():
        if each.state == IN_KERNEL:
            continue  # told as stuck; to ask more of it may hang
        try:
            process = psutil.Process(each.pid)
            serves, holds = _serves(process), gpu_open(process.pid)
            if (serves is None and holds is not True) or processes.belongs(process) == "this-job":
                continue
            yield LeftoverProcess(
                pid=process.pid,
                program=serves or process.name(),
                age=_age(time.time() - process.create_time()),
                orphan=processes.orphan(process),
                gpu_open=holds,
                reasons={
                    "orphan": "what runs above it may have started or adopted it",
                    "gpu_open": "its open files can't be seen",
                },
            )
        except psutil.Error:
            continue  # it ended, or became somebody else's


def _serves(process: psutil.Process) -> str | None:
    """What a process is called if it is a part of a server, else None."""
    words: list[str] = process.cmdline() or [process.name()]
    title = _TITLE.match(words[0])
    if title:
        return title[0]
    names = [word.rpartition("/")[2] for word in words[:2]]
    for name in names:
        if _PROGRAM.fullmatch(name):
            return name
    for flag, module in pairwise(words):
        if flag == "-m" and _MODULE.fullmatch(module):
            return module
    return None


def _age(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


PROBE = Probe("leftovers", (LeftoverProcess,), look)
