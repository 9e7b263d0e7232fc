"""A GPU as one cell of a picture: a letter, and what it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from doctor.cluster.node_report import Object

#: What is held on a GPU that nobody uses, in GiB at most: by the driver, a monitor, a display.
_IDLE = 1.0


class Cell(Enum):
    """What a GPU's cell shows: its letter, what that means, and a style."""

    FREE = ("·", "free", "good")
    JOB = ("J", "this job's", "info")
    LEFTOVER = ("L", "your own leftover's", "error")
    OWN = ("M", "another process of yours", "warning")
    OTHER = ("U", "another user's", "error")
    UNSEEN = ("H", "held by what can't be seen", "error")
    ILL = ("X", "ill or lost", "error")
    UNKNOWN = ("?", "unknown", "unknown")

    @property
    def letter(self) -> str:
        return self.value[0]

    @property
    def words(self) -> str:
        return self.value[1]

    @property
    def style(self) -> str:
        return self.value[2]


_HOLDERS: Mapping[object, Cell] = {
    "nobody": Cell.FREE,
    "this-job": Cell.JOB,
    "own-leftover": Cell.LEFTOVER,
    "own-process": Cell.OWN,
    "another-user": Cell.OTHER,
    "unseen": Cell.UNSEEN,
}


def cell(gpu: Object) -> Cell:
    """The cell of a GPU as a node reported it."""
    if gpu.get("lost") or gpu.get("ailments"):
        return Cell.ILL
    held = gpu.get("held")
    if held is None:
        return Cell.UNKNOWN
    return Cell.FREE if held <= _IDLE else _HOLDERS.get(gpu.get("held_by"), Cell.UNKNOWN)
