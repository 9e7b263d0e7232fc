"""Disposable children: whatever their work does, the parent goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import psutil
import pytest

from doctor.node.children import NoAnswerError, at_work, wait

#: More than any of the works here takes on a busy machine.
_PATIENCE = 60.0


def _asked(*works: Callable[[], Any], patience: float = _PATIENCE) -> list[Any]:
    """The answer of each piece of work, or why there is none."""
    with at_work(works) as children:
        wait(children, time.monotonic() + patience)
        return [_answer(child) for child in children]


def _answer(child: Any) -> Any:
    try:
        return child.answer()
    except NoAnswerError as reason:
        return str(reason)


def _hang() -> NoReturn:
    while True:
        time.sleep(_PATIENCE)


def _raise() -> NoReturn:
    raise ValueError("no such thing")


def test_answers_come_in_the_order_of_the_works() -> None:
    assert _asked(lambda: 1, lambda: {"a": None}, lambda: "x") == [1, {"a": None}, "x"]


def test_an_answer_that_no_pipe_holds() -> None:
    (answer,) = _asked(lambda: "x" * (4 << 20))
    assert len(answer) == 4 << 20


def test_a_fault_is_an_answer_too() -> None:
    assert _asked(_raise, lambda: 1) == [
        "it failed (ValueError: no such thing); please report it",
        1,
    ]


def test_an_answer_that_cannot_be_sent() -> None:
    (reason,) = _asked(lambda: lambda: 1)
    assert reason.startswith("it failed (")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_crash(number: signal.Signals) -> None:
    (reason,) = _asked(lambda: os.kill(os.getpid(), number))
    assert reason == f"it ended before it could tell: {number.name}"


def test_an_exit() -> None:
    (reason,) = _asked(lambda: os._exit(3))
    assert reason == "it ended before it could tell: exit code 3"


def test_a_hang_costs_the_others_nothing() -> None:
    with at_work([_hang, lambda: 1]) as (hanging, other):
        wait([other], time.monotonic() + _PATIENCE)
        wait([hanging], time.monotonic() + 0.1)
        assert other.answer() == 1
        assert "something hangs" in _answer(hanging)


def test_what_came_before_anybody_listened_counts() -> None:
    with at_work([lambda: 1]) as children:
        _until_zombie(children[0].pid)
        wait(children, time.monotonic() - 1)
        assert children[0].answer() == 1


def test_nothing_is_left_of_what_hangs(tmp_path: Path) -> None:
    told = tmp_path / "pid"

    def start_another() -> None:
        started = subprocess.Popen(["sleep", "600"])
        told.with_suffix(".new").write_text(str(started.pid))
        told.with_suffix(".new").rename(told)
        _hang()

    with at_work([start_another]) as (child,):
        while not told.exists():
            time.sleep(0.01)
    pids = (child.pid, int(told.read_text()))
    while any(_runs(pid) for pid in pids):  # the test hangs if one is left
        time.sleep(0.01)


def test_nothing_is_left_when_the_parent_is_killed() -> None:
    ready, told = os.pipe()

    def work_that_tells() -> NoReturn:
        os.write(told, str(os.getpid()).encode())
        _hang()

    parent = os.fork()
    if parent == 0:
        with at_work([work_that_tells]) as children:
            wait(children, time.monotonic() + _PATIENCE)
        os._exit(0)
    child = int(os.read(ready, 100))
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    while _runs(child):  # the test hangs if it is left
        time.sleep(0.01)


def test_a_child_holds_none_of_our_streams() -> None:
    def streams() -> set[str]:
        return {os.readlink(f"/proc/self/fd/{number}") for number in range(3)}

    assert _asked(streams) == [{os.devnull}]


def _until_zombie(pid: int) -> None:
    while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
