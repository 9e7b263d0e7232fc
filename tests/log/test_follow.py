"""`vllm-doctor log --follow`: what is new in a log that grows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doctor.log.follow import Growing
from doctor.log.signatures import load

from .test_log import MEMORY, READY, START, WRAPPED

FULL = "OSError: [Errno 28] No space left on device: '/scratch'\n"


@contextmanager
def followed(log: Path) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-m", "doctor", "log", "--follow", str(log)]
    command = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        yield command
    finally:
        if command.poll() is None:
            command.send_signal(signal.SIGINT)
        command.communicate(timeout=30)


def line_with(text: str, command: subprocess.Popen[str]) -> str:
    assert command.stdout is not None
    for line in command.stdout:
        if text in line:
            return line
    raise AssertionError(f"the output ends without {text!r}")


def test_each_problem_is_told_when_it_comes(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text(START)
    with followed(log) as command:
        with log.open("a") as server:
            server.write(MEMORY + "\n")
            server.flush()
            assert f"{log}:3:1: error[VL101]" in line_with("VL101", command)
            server.write(WRAPPED + FULL)
            server.flush()
            assert f"{log}:6:1: error[VL214]" in line_with("VL214", command)
        os.kill(command.pid, signal.SIGINT)
        assert command.wait(timeout=30) == 1


def test_a_log_that_is_written_anew(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    growing = Growing(str(log), load())
    assert not growing.read(), "it is not there yet"
    log.write_text(START + MEMORY + "\n")
    assert growing.read()
    assert growing.account.stretches[-1].seen
    log.write_text(START)
    assert growing.read()
    assert not growing.account.stretches[-1].seen
    assert not growing.read(), "nothing is new"


def test_half_a_line_waits_for_the_rest(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    growing = Growing(str(log), load())
    log.write_text(START + READY + MEMORY[:30])
    growing.read()
    assert not growing.account.stretches[-1].seen
    with log.open("a") as server:
        server.write(MEMORY[30:])
    growing.read(to_the_end=True)
    assert growing.account.stretches[-1].seen
