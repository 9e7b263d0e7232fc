"""Work done side by side, each piece in a disposable child, until a deadline.

A child may crash, or hang so that not even SIGKILL ends it: a process stuck in the kernel, in a
driver's ioctl or on a dead network file system, goes away only when the kernel lets it. So a
child is killed and left behind, and never waited for.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from doctor.base.errors import DoctorError
from doctor.base.orphans import end_with_parent

Work: TypeAlias = Callable[[], Any]
_Answer = TypeVar("_Answer")

#: How long a child that has closed its pipe may take to tell how it ended.
_ENDING = 0.2


class NoAnswerError(Exception):
    """A child has not answered; says why."""


@dataclass
class Child:
    """A process that leads a group of its own, and the pipe through which it answers."""

    pid: int
    pipe: int
    started: float
    told: bytearray = field(default_factory=bytearray)
    closed: bool = False

    def answer(self) -> Any:
        """What its work came to, if it has reported by now; a refusal is raised here."""
        if not self.closed:
            seconds = time.monotonic() - self.started
            raise NoAnswerError(f"no answer within {seconds:.1f} s; something hangs")
        try:
            done, answer = pickle.loads(self.told)
        except Exception:
            raise NoAnswerError(f"it ended before it could tell: {_end(self)}") from None
        if isinstance(answer, DoctorError):
            raise answer
        if not done:
            raise NoAnswerError(f"it failed ({answer}); please report it")
        return answer


def ask(work: Callable[[], _Answer], deadline: float, problem: str) -> _Answer:
    """What one piece of work comes to; if nothing, or too late, a refusal that says ``problem``."""
    with at_work([work]) as (child,):
        wait([child], deadline)
        try:
            answer: _Answer = child.answer()
        except NoAnswerError as reason:
            raise DoctorError(f"{problem}: {reason}") from None
    return answer


@contextmanager
def at_work(works: Iterable[Work]) -> Iterator[list[Child]]:
    """A child for each piece of work; afterwards none is left that a signal can end."""
    children: list[Child] = []
    try:
        for work in works:
            children.append(_fork(work))
        yield children
    finally:
        for child in children:
            _abandon(child)


def wait(children: Sequence[Child], deadline: float) -> None:
    """Listen to the children until all have reported, or the time (``time.monotonic``) is over."""
    waiting = {child.pipe: child for child in children if not child.closed}
    while waiting:
        readable = _readable(waiting, deadline - time.monotonic())
        if not readable:  # even those that had told all before we came to listen have been heard
            return
        for pipe in readable:
            part = os.read(pipe, 1 << 16)
            waiting[pipe].told += part
            if not part:
                waiting.pop(pipe).closed = True


# --- in the child --------------------------------------------------------------------------------


def _fork(work: Work) -> Child:
    pipe, end = os.pipe()
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        try:
            _live(work, end)
        finally:
            os._exit(1)  # whatever happens, nothing of the parent's goes on here
    os.close(end)
    return Child(pid, pipe, started)


def _live(work: Work, end: int) -> None:
    os.setpgid(0, 0)
    # Whoever ends the parent must not leave a child that holds a GPU.
    end_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    # A child that can't be ended must hold nothing that somebody waits for.
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    try:
        told = pickle.dumps((True, work()))
    except DoctorError as refusal:
        told = pickle.dumps((True, refusal))
    except Exception as error:
        told = pickle.dumps((False, f"{type(error).__name__}: {error}"))
    with open(end, "wb") as pipe:
        pipe.write(told)
    os._exit(0)


# --- in the parent -------------------------------------------------------------------------------


def _readable(waiting: Iterable[int], left: float) -> list[int]:
    poll = select.poll()
    for pipe in waiting:
        poll.register(pipe, select.POLLIN)
    return [pipe for pipe, _ in poll.poll(max(0.0, left) * 1000)]


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
