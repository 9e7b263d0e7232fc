"""The ranks of one node, started and listened to until they are done or the time is over."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.node.surroundings import interpreter

_RANK = Path(__file__).with_name("rank.py")
#: How long it may be since a process that runs told that it does, in seconds.
_STILL = 2.5


class Share(Record):
    """Which ranks are this node's, of how many, and where all of them meet."""

    first: int
    count: int
    world: int
    master: str
    port: int

    @property
    def words(self) -> str:
        """It as one word of a command line."""
        return f"{self.first}:{self.count}:{self.world}:{self.port}:{self.master}"

    @classmethod
    def of(cls, words: str) -> Share:
        """What ``words`` wrote."""
        first, count, world, port, master = words.split(":", 4)
        return cls(int(first), int(count), int(world), master, int(port))


@dataclass
class _Rank:
    process: subprocess.Popen[bytes]
    text: bytes = b""
    heard: float = field(default_factory=time.monotonic)
    stage: str = "starting Python"
    told: dict[str, Any] = field(default_factory=dict)

    def hear(self, part: bytes) -> None:
        """Take in what it wrote; other libraries write as well."""
        self.heard = time.monotonic()
        *lines, self.text = (self.text + part).split(b"\n")
        for line in lines:
            with suppress(ValueError, AttributeError):
                told = json.loads(line)
                self.stage = told.pop("stage", self.stage)
                self.told |= told


def run(share: Share, seconds: float, environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """How far each rank came: its ``stage``, whether it ``still`` stands, what it measured."""
    python = interpreter(environment.get("PATH", ""))
    if python is None:
        raise DoctorError("there is no Python on the PATH, and so no torch")
    ranks = {
        share.first + local: _start(python, share, local, environment)
        for local in range(share.count)
    }
    try:
        _listen(ranks, time.monotonic() + seconds)
        now = time.monotonic()
        return {str(rank): _outcome(each, now) for rank, each in ranks.items()}
    finally:
        for each in ranks.values():
            with suppress(ProcessLookupError):
                os.killpg(each.process.pid, signal.SIGKILL)


def _start(python: str, share: Share, local: int, environment: Mapping[str, str]) -> _Rank:
    own = {
        "RANK": str(share.first + local),
        "WORLD_SIZE": str(share.world),
        "LOCAL_RANK": str(local),
        "MASTER_ADDR": share.master,
        "MASTER_PORT": str(share.port),
    }
    process = subprocess.Popen(
        [python, "-c", _RANK.read_text("utf-8")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environment, **own},
        start_new_session=True,
    )
    return _Rank(process)


def _listen(ranks: Mapping[int, _Rank], deadline: float) -> None:
    """Listen until all have ended, or the time is over."""
    poll = select.poll()
    pipes = {each.process.stdout.fileno(): each for each in ranks.values() if each.process.stdout}
    for pipe in pipes:
        poll.register(pipe, select.POLLIN)
    left = len(pipes)
    while left and time.monotonic() < deadline:
        for pipe, _ in poll.poll(100):
            part = os.read(pipe, 1 << 16)
            if part:
                pipes[pipe].hear(part)
            else:
                poll.unregister(pipe)
                left -= 1


def _outcome(rank: _Rank, now: float) -> dict[str, Any]:
    done = rank.stage == "done"
    ended = not done and rank.process.poll() is not None
    still = not done and not ended and now - rank.heard > _STILL
    return {"stage": rank.stage, "still": still, "ended": ended, **rank.told}
