"""Facts about what a server needs of the node other than GPUs and folders. Memory is in GiB."""

from __future__ import annotations

from typing import ClassVar, Literal

from doctor.base.unknown import UnknownType
from doctor.facts.base import attribute
from doctor.facts.node.base import NodeFact


class Surroundings(NodeFact, kw_only=True):
    """The Python environment that `vllm` and `python` on the PATH belong to."""

    kind: ClassVar[str] = "environment"

    python: str | None = attribute("its interpreter, null if there is none")
    has_vllm: bool | UnknownType = attribute("whether vLLM is installed there")


class InstalledVllm(NodeFact, kw_only=True):
    """The vLLM that is installed there."""

    kind: ClassVar[str] = "installed-vllm"

    version: str = attribute("its release")
    python: str = attribute("the interpreter of its environment")
    cuda: float | UnknownType = attribute("the CUDA that it was built for, such as 12.8")
    driver: float | UnknownType = attribute("NVIDIA's driver here, such as 535.104")


class Compiler(NodeFact, kw_only=True):
    """The C compiler with which Triton builds its launchers."""

    kind: ClassVar[str] = "compiler"

    path: str | None = attribute("the compiler, null if there is none")
    named_by: str | None = attribute("the variable that names it, null for the PATH")
    works: bool | UnknownType = attribute("whether it compiles a small program")
    has_python_headers: bool | UnknownType = attribute(
        "whether Python.h of the environment's Python is there"
    )
    problem: str | None = attribute("what the compiler said", None)


class Limit(NodeFact, kw_only=True):
    """A limit that this session, job or container sets."""

    kind: ClassVar[str] = "limit"

    limit: Literal["open-files", "locked-memory", "memory", "shared-memory"] = attribute(
        "what is limited"
    )
    value: float | UnknownType | None = attribute("how much of it there is, null for no limit")
    several_nodes: bool = attribute("whether the job has several nodes", False)
    rdma: bool = attribute("whether the node has InfiniBand or the like", False)


class Port(NodeFact, kw_only=True):
    """A port that a server would listen on."""

    kind: ClassVar[str] = "port"

    port: int = attribute("its number")
    variable: str | None = attribute("the variable that names it, null for the default", None)
    taken: bool | UnknownType = attribute("whether somebody listens there")
    taken_by: str | None = attribute("who does: `python (pid 4711)`, `a process of alice`")


class HostName(NodeFact, kw_only=True):
    """The machine's own name."""

    kind: ClassVar[str] = "host-name"

    host: str = attribute("the name")
    resolves: bool | UnknownType = attribute("whether it has an address")
    loopback: bool | UnknownType = attribute("whether that is only one that other nodes can't use")
    several_nodes: bool = attribute("whether the job has several nodes", False)


class Clock(NodeFact, kw_only=True):
    """The machine's clock."""

    kind: ClassVar[str] = "clock"

    synchronised: bool | UnknownType = attribute("whether something keeps it right")
    behind: float | None = attribute(
        "by how many seconds it is behind the start of this job, as Slurm's controller has it; "
        "null outside a job"
    )


FACTS: tuple[type[NodeFact], ...] = (
    Surroundings,
    InstalledVllm,
    Compiler,
    Limit,
    Port,
    HostName,
    Clock,
)
