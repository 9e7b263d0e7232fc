"""Facts about what servers write and bind: their caches, and those that they share."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from doctor.base.unknown import UnknownType
from doctor.facts.base import Fact, attribute

Lost: TypeAlias = Literal["memory", "node-local", "job"]
LostInside: TypeAlias = Literal["memory", "node-local", "job", "container"]


class CacheFolder(Fact, kw_only=True):
    """A variable that says where a server keeps what it compiled."""

    kind: ClassVar[str] = "cache"

    variable: str = attribute(
        "the variable: `VLLM_CACHE_ROOT`, `TRITON_CACHE_DIR`, …; empty for the default"
    )
    just_in_time: bool = attribute(
        "whether code compiled while the server runs lies there: by inductor, Triton, FlashInfer",
        False,
    )
    path: str = attribute("the folder, unknowns by their names")
    lost: LostInside | UnknownType | None = attribute(
        "why the folder does not last: `node-local`, `memory`, `job`, `container` (its home is the "
        "container's own), or null where it does"
    )
    decides: bool | UnknownType = attribute(
        "whether the server's compiled code lies there in all candidate releases"
    )
    nodes_write: bool | UnknownType = attribute(
        "whether servers on several nodes of one job write it at the same time", False
    )
    one_node: bool = attribute("whether a job's header surely asks for one node", False)
    on_network: bool | UnknownType = attribute(
        "whether it lies on storage that nodes share: a home, or a file system named for that"
    )
    compiles: bool = attribute("false where the server surely compiles nothing", True)
    releases: frozenset[str] | UnknownType = attribute("the releases that could run the server")


class SocketPath(Fact, kw_only=True):
    """A path at which a server makes a Unix socket."""

    kind: ClassVar[str] = "socket"

    set_by: str = attribute("what says so: `TMPDIR`, `VLLM_RPC_BASE_PATH` or `--uds`")
    path: str = attribute("the socket's folder, of `--uds` the socket; unknowns by their names")
    length: int = attribute("how many bytes the whole path has at least")


class SharedCache(Fact, kw_only=True):
    """Servers of one engine that run at the same time and write one compile cache."""

    kind: ClassVar[str] = "shared-cache"

    count: int | UnknownType = attribute("how many servers there are")
    servers: str = attribute("the servers in a few words: `4 servers`, `all tasks of the step`")
    cache: str = attribute("the folder, unknowns by their names")
    set_by: str | None = attribute("the variable that puts it there, null for the default", None)
    isolated_by: str | None = attribute(
        "a variable that differs between the servers and yet does not keep their caches apart",
        None,
    )
    isolation_fault: str | None = attribute("why it does not, in a few words", None)
    compiles: bool | UnknownType = attribute("whether the servers compile at all")
    devices_differ: bool = attribute(
        "whether they see their GPUs under different numbers (`--device-ids`), while code that is "
        "compiled for one can't be loaded on another",
        False,
    )
    releases: frozenset[str] | UnknownType = attribute("the releases that could run them")
    named_releases: frozenset[str] | UnknownType = attribute(
        "the releases that the script's comments and names, the scripts that set up near it, or "
        "the requirements of its project speak of, though nothing pins them"
    )
    named: str | UnknownType = attribute("the same in words: `vLLM 0.19.1`, `vLLM 0.19 or later`")
    named_at: str | UnknownType = attribute("where that stands: `line 3`, `README.md, line 12`")


class SharedGpu(Fact, kw_only=True):
    """Servers that run at the same time and want more memory of one GPU than there is."""

    kind: ClassVar[str] = "shared-gpu"

    count: int | UnknownType = attribute("how many servers there are")
    servers: str = attribute("the servers in a few words: `4 servers`, `all tasks of the step`")
    gpu: str = attribute("the GPU, by its number among the job's or by its UUID")
    shares: str = attribute("the shares of its memory that they want: `0.9 each`, `0.6 and 0.5`")
    set_anew: bool = attribute(
        "whether the script chooses GPUs for srun, which sets them anew in each step", False
    )


class MissingGpus(Fact, kw_only=True):
    """GPUs that a variable names for a server, or for another program, and that its job hasn't."""

    kind: ClassVar[str] = "missing-gpus"

    gpus: str = attribute("their numbers: `2, 3`")
    program: str = attribute("the program, `vllm` for a server")


class InnerPorts(Fact, kw_only=True):
    """A `VLLM_PORT` that servers on one machine have in common, or that is a server's own port."""

    kind: ClassVar[str] = "inner-ports"

    count: int = attribute("how many servers begin to look for inner ports there")
    servers: str = attribute("the servers in a few words: `4 servers`")
    base: str = attribute("the port, unknowns by their names")


class SharedPort(Fact, kw_only=True):
    """Servers on one machine that run at the same time and listen on one port."""

    kind: ClassVar[str] = "shared-port"

    count: int | UnknownType = attribute("how many servers there are")
    servers: str = attribute("the servers in a few words: `4 servers`, `all tasks of the step`")
    port: str = attribute("the port, unknowns by their names")
    is_default: bool = attribute("whether it is the default, no port being given", False)


FACTS: tuple[type[Fact], ...] = (
    CacheFolder,
    SocketPath,
    SharedCache,
    SharedGpu,
    MissingGpus,
    InnerPorts,
    SharedPort,
)
