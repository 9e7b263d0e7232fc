"""Probes run side by side, each in a disposable child, until a deadline that all share.

A probe may crash, or hang so that not even SIGKILL ends it: a process stuck in the kernel, in a
driver's ioctl or on a dead network file system, goes away only when the kernel lets it. So a
child is killed and left behind, and never waited for.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from doctor.node.probe import Gap, NotHereError, Probe, Sighting, Situation, UnseenError

#: How long a child that has closed its pipe may take to tell how it ended.
_ENDING = 0.2


@dataclass
class Child:
    """A probe at work: its process, which leads a group of its own, and the pipe to it."""

    probe: Probe
    pid: int
    pipe: int
    started: float
    told: bytearray = field(default_factory=bytearray)


@contextmanager
def at_work(probes: Iterable[Probe], situation: Situation) -> Iterator[list[Child]]:
    """The probes, each in a child of its own; afterwards none is left that a signal can end."""
    sys.stdout.flush()
    sys.stderr.flush()
    children: list[Child] = []
    try:
        for probe in probes:
            children.append(_fork(probe, situation))
        yield children
    finally:
        for child in children:
            _abandon(child)


def collect(children: Sequence[Child], deadline: float) -> Iterator[Sighting]:
    """What the probes tell until the deadline (of ``time.monotonic``), in the order they do."""
    waiting = {child.pipe: child for child in children}
    while waiting:
        readable = _readable(waiting, deadline - time.monotonic())
        if not readable:  # even those that had told all before we came to look have been read
            break
        for pipe in readable:
            part = os.read(pipe, 1 << 16)
            waiting[pipe].told += part
            if not part:
                yield _sighting(waiting.pop(pipe))
    for child in waiting.values():
        yield _silent(child)


# --- in the child --------------------------------------------------------------------------------


def _fork(probe: Probe, situation: Situation) -> Child:
    pipe, end = os.pipe()
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        try:
            _live(probe, situation, end)
        finally:
            os._exit(1)  # whatever happens, nothing of the parent's goes on here
    os.close(end)
    return Child(probe, pid, pipe, started)


def _live(probe: Probe, situation: Situation, end: int) -> None:
    os.setpgid(0, 0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    # A child that can't be ended must hold nothing that somebody waits for.
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    with open(end, "wb") as pipe:
        pickle.dump(_look(probe, situation), pipe)
    os._exit(0)


def _look(probe: Probe, situation: Situation) -> list[Any]:
    try:
        return list(probe.look(situation))
    except NotHereError as reason:
        return [Gap(kind, str(reason), applies=False) for kind in probe.kinds]
    except UnseenError as reason:
        return _all_unknown(probe, str(reason))
    except Exception as error:
        problem = f"its probe failed ({type(error).__name__}: {error}); please report it"
        return _all_unknown(probe, problem)


# --- in the parent -------------------------------------------------------------------------------


def _readable(waiting: Iterable[int], left: float) -> list[int]:
    poll = select.poll()
    for pipe in waiting:
        poll.register(pipe, select.POLLIN)
    return [pipe for pipe, _ in poll.poll(max(0.0, left) * 1000)]


def _sighting(child: Child) -> Sighting:
    """What a child told that has closed its pipe."""
    seconds = time.monotonic() - child.started
    try:
        told = pickle.loads(child.told)
    except Exception:  # it ended before it had told all
        told = _all_unknown(child.probe, f"its probe ended before it could tell: {_end(child)}")
    facts = tuple(each for each in told if not isinstance(each, Gap))
    gaps = tuple(each for each in told if isinstance(each, Gap))
    return Sighting(child.probe, facts, gaps, seconds)


def _silent(child: Child) -> Sighting:
    seconds = time.monotonic() - child.started
    reason = f"no answer within {seconds:.1f} s; something hangs"
    return Sighting(child.probe, (), tuple(_all_unknown(child.probe, reason)), seconds)


def _all_unknown(probe: Probe, reason: str) -> list[Gap]:
    return [Gap(kind, reason) for kind in probe.kinds]


def _end(child: Child) -> str:
    """How a child ended, in words."""
    until = time.monotonic() + _ENDING
    while time.monotonic() < until:
        ended = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is not None:
            if ended.si_code == os.CLD_EXITED:
                return f"exit code {ended.si_status}"
            return signal.Signals(ended.si_status).name
        time.sleep(0.005)
    return "it still runs"


def _abandon(child: Child) -> None:
    """End what is left of a child and of what it started, without waiting for it."""
    os.close(child.pipe)
    for kill in (os.killpg, os.kill):
        try:
            kill(child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    os.waitpid(child.pid, os.WNOHANG)
