"""Processes on this node: whose they are, and what they belong to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import psutil

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.base.unknown import UNKNOWN, UnknownType

if TYPE_CHECKING:
    from doctor.node.probe import Situation

#: Programs that adopt the orphans of a node when they run as its first process.
_INITS = frozenset(
    {"systemd", "init", "tini", "dumb-init", "docker-init", "catatonit", "s6-svscan", "runit"}
)
#: The states of a process as the kernel writes them.
IN_KERNEL, ZOMBIE = "D", "Z"
_GPU_FILE = regex(r"/dev/nvidia(\d+|-caps/.+)")

Belongs = Literal["this-job", "own-leftover", "own-process", "another-user", "unseen"]


class Person(Record):
    """A process as people call it, and to what it belongs."""

    words: str
    belongs: Belongs


class Processes:
    """The processes that can be seen from here."""

    def __init__(self, situation: Situation) -> None:
        self.user = situation.user
        self.job = situation.environment.get("SLURM_JOB_ID")

    def person(self, pid: int) -> Person:
        """Who a process is."""
        try:
            process = psutil.Process(pid)
            words = f"{process.name()} (pid {pid}, {process.username()})"
            own = process.uids().real == self.user
        except psutil.Error:
            return Person(f"pid {pid}, which can't be seen from here", "unseen")
        return Person(words, self.belongs(process) if own else "another-user")

    def belongs(self, process: psutil.Process) -> Belongs:
        """What a process of our own belongs to."""
        if self.job is not None and self.job_of(process) == self.job:
            return "this-job"
        if process.pid in self.family:
            return "this-job"
        return "own-leftover" if self.orphan(process) is True else "own-process"

    @cached_property
    def family(self) -> frozenset[int]:
        """This process and those above it."""
        own = psutil.Process()
        return frozenset({own.pid, *(parent.pid for parent in own.parents())})

    def job_of(self, process: psutil.Process) -> str | None:
        """The number of the job that a process of our own was started in, if that can be seen."""
        try:
            job = process.environ().get("SLURM_JOB_ID")
            with open(f"/proc/{process.pid}/cgroup") as file:
                found = re.search(r"/job_(\d+)(?:/|$)", file.read(), re.MULTILINE)
        except (psutil.Error, OSError):
            return None
        return found[1] if found else job

    def orphan(self, process: psutil.Process) -> bool | UnknownType:
        """Whether nothing is left above a process of our own but what adopts orphans."""
        try:
            parent = process.parent()
            if parent is None or parent.pid == 1:
                return True if psutil.Process(1).name() in _INITS else UNKNOWN
            # A user's own systemd adopts orphans, and starts services.
            return UNKNOWN if parent.name() == "systemd" else False
        except psutil.Error:
            return UNKNOWN

    def own(self) -> Iterator[Glance]:
        """The processes of our own that have not ended."""
        return (each for each in glances() if each.user == self.user and each.state != ZOMBIE)


class Glance(Record):
    """What the kernel tells of any process, at once and without touching its memory."""

    pid: int
    program: str
    state: str
    parent: int
    user: int


def glances() -> Iterator[Glance]:
    """All processes that can be seen from here; a node has thousands, so it must be quick."""
    for pid in psutil.pids():
        if (found := glance(pid)) is not None:
            yield found


def glance(pid: int) -> Glance | None:
    """One process, or None if it has gone."""
    try:
        with open(f"/proc/{pid}/stat", errors="replace") as file:
            before, _, after = file.read().rpartition(")")
        user = os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None
    state, parent, *_ = after.split()
    return Glance(pid, before.partition("(")[2], state, int(parent), user)


def gpu_open(pid: int) -> bool | UnknownType:
    """Whether a process of our own has a GPU's device file open."""
    try:
        return any(_GPU_FILE.fullmatch(path) for path in open_files(pid))
    except OSError:
        return UNKNOWN


def open_files(pid: int) -> list[str]:
    """The files that a process of our own has open."""
    return [_target(pid, name) for name in os.listdir(f"/proc/{pid}/fd")]


def _target(pid: int, name: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/fd/{name}")
    except FileNotFoundError:  # closed meanwhile
        return ""
