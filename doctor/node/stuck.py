"""The probe of processes that no signal ends.

It reads only what the kernel tells without touching the process's memory, so that it doesn't
hang where they do.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import psutil

from doctor.facts.node import StuckProcess
from doctor.node.probe import Probe, Situation

#: How long a process must not have run at all, in seconds, to count as stuck.
_STILL = 0.4
_KERNEL_THREADS = 2


def look(situation: Situation) -> Iterator[StuckProcess]:
    """Processes that stand still in the kernel, and our own that ended and nobody collected."""
    before = [(process, state) for process in psutil.process_iter() if (state := _state(process))]
    if before:
        time.sleep(_STILL)
    for process, state in before:
        try:
            own, parent = process.uids().real == situation.user, process.parent()
            if _state(process) != state or (state[0] == "zombie" and not own):
                continue
            yield StuckProcess(
                pid=process.pid,
                program=process.name(),
                user=process.username(),
                own=own,
                state="zombie" if state[0] == "zombie" else "in-kernel",
                parent=f"{parent.name()} (pid {parent.pid})" if parent else "nobody",
            )
        except psutil.Error:
            continue


def _state(process: psutil.Process) -> tuple[str, int] | None:
    """Whether a process is stuck, and how often it has run so far; None if it is not."""
    try:
        status = process.status()
        if status == psutil.STATUS_ZOMBIE:
            # Other probes that have ended are no zombies to tell of.
            return None if process.ppid() == os.getppid() else ("zombie", 0)
        if status != psutil.STATUS_DISK_SLEEP or _KERNEL_THREADS in (process.pid, process.ppid()):
            return None
        return "in-kernel", sum(process.num_ctx_switches())
    except psutil.Error:
        return None


PROBE = Probe("stuck processes", (StuckProcess,), look)
