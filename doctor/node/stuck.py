"""The probe of processes that no signal ends.

It reads only what the kernel tells without touching the process's memory, so that it doesn't
hang where they do.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import cache

import psutil

from doctor.facts.node.processes import StuckProcess
from doctor.node.probe import Probe, Situation
from doctor.node.processes import IN_KERNEL, ZOMBIE, Glance, glance, glances
from doctor.node.tmp_folders import user_name

#: How long a process must not have run at all, in seconds, to count as stuck.
_STILL = 0.4
_KERNEL_THREADS = 2


def look(situation: Situation) -> Iterator[StuckProcess]:
    """Processes that stand still in the kernel, and our own that ended and nobody collected."""
    before = [each for each in glances() if _may_be_stuck(each, situation.user)]
    switches = {each.pid: _switches(each.pid) for each in before if each.state == IN_KERNEL}
    if before:
        time.sleep(_STILL)
    name, parent = cache(user_name), cache(_parent)
    for each in before:
        if glance(each.pid) == each and _switches_of(each) == switches.get(each.pid):
            yield StuckProcess(
                pid=each.pid,
                program=each.program,
                user=name(each.user),
                own=each.user == situation.user,
                state="zombie" if each.state == ZOMBIE else "in-kernel",
                parent=parent(each.parent),
            )


def _may_be_stuck(process: Glance, user: int) -> bool:
    if process.state == ZOMBIE:
        # Other probes that have ended are no zombies to tell of.
        return process.user == user and process.parent != os.getppid()
    kernel = _KERNEL_THREADS in (process.pid, process.parent)
    return process.state == IN_KERNEL and not kernel


def _switches_of(process: Glance) -> int | None:
    return _switches(process.pid) if process.state == IN_KERNEL else None


def _switches(pid: int) -> int | None:
    """How often a process has run so far."""
    try:
        return sum(psutil.Process(pid).num_ctx_switches())
    except psutil.Error:
        return None


def _parent(pid: int) -> str:
    found = glance(pid)
    return f"{found.program} (pid {pid})" if found else "nobody"


PROBE = Probe("stuck processes", (StuckProcess,), look)
