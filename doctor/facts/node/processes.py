"""Facts about processes and what they leave behind."""

from __future__ import annotations

from typing import ClassVar, Literal

from doctor.base.unknown import UnknownType
from doctor.facts.base import attribute
from doctor.facts.node.base import NodeFact


class LeftoverProcess(NodeFact, kw_only=True):
    """A process of one's own that serves models, or has a GPU open, outside this job."""

    kind: ClassVar[str] = "own-process"

    pid: int = attribute("its number")
    program: str = attribute("what runs: `vllm`, `VLLM::EngineCore`, `ray`, `python`")
    age: str | UnknownType = attribute("since when it runs: `3 h`")
    orphan: bool | UnknownType = attribute("whether no job, session or program is left above it")
    gpu_open: bool | UnknownType = attribute("whether it has a GPU open")

    @property
    def title(self) -> str:
        return f"{self.program} (pid {self.pid})"


class StuckProcess(NodeFact, kw_only=True):
    """A process that no signal ends: stuck in the kernel, or ended and not collected."""

    kind: ClassVar[str] = "stuck-process"

    pid: int = attribute("its number")
    program: str = attribute("what runs, or ran")
    user: str = attribute("whose it is")
    own: bool = attribute("whether it is ours")
    state: Literal["in-kernel", "zombie", "runs"] = attribute(
        "stuck in the kernel, ended and not collected, or neither"
    )
    parent: str = attribute("the process that started it: `bash (pid 12)`")


class SharedMemory(NodeFact, kw_only=True):
    """What we have in /dev/shm."""

    kind: ClassVar[str] = "shared-memory"

    leftovers: int | UnknownType = attribute("how many files of ours no process uses")
    size: float | UnknownType = attribute("how much they hold, in GiB")
    remove: str | None = attribute("the command that removes them, null if there are none", None)


FACTS: tuple[type[NodeFact], ...] = (LeftoverProcess, StuckProcess, SharedMemory)
