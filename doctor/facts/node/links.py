"""Facts about what lies between the nodes of an allocation; ``at`` are the nodes concerned."""

from __future__ import annotations

from typing import ClassVar, Literal

from doctor.base.unknown import UnknownType
from doctor.facts.base import attribute
from doctor.facts.node.base import NodeFact


class PeerName(NodeFact, kw_only=True):
    """A node's name as other nodes resolve it."""

    kind: ClassVar[str] = "peer-name"

    at: str = attribute("the nodes that look it up")
    peer: str = attribute("the nodes whose names they are")
    resolves: bool | UnknownType = attribute("whether they have an address")
    loopback: bool | UnknownType = attribute("whether that address leads back to who looks it up")


class PeerInterface(NodeFact, kw_only=True):
    """The network interfaces that a variable chooses."""

    kind: ClassVar[str] = "peer-interface"

    at: str = attribute("the nodes where it does")
    variable: Literal["NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME", "VLLM_HOST_IP"] = attribute(
        "the variable"
    )
    value: str = attribute("its value")
    fits: bool = attribute("whether there is such an interface, or address, and it is up")
    chosen: str = attribute("the interfaces that it chooses", "")
    differs: bool = attribute("whether other nodes choose other ones", False)


class PeerConnection(NodeFact, kw_only=True):
    """TCP connections between nodes, on ports that vLLM, Ray and NCCL take."""

    kind: ClassVar[str] = "peer-connection"

    at: str = attribute("the nodes that connect")
    peer: str = attribute("the nodes that they connect to")
    ports: str = attribute("the ports: `6379, 29501`")
    works: bool | UnknownType = attribute("whether a connection comes about")
    problem: str = attribute("why it doesn't", "")


class PeerDifference(NodeFact, kw_only=True):
    """Something that should be the same on all nodes."""

    kind: ClassVar[str] = "peer-difference"

    aspect: Literal["driver", "vllm", "python", "clock", "file-system"] = attribute(
        "what it is about"
    )
    what: str = attribute("what is compared: `the driver`, `the file system of /home/a/.cache`")
    differs: bool | UnknownType = attribute("whether it isn't the same on all nodes")
    values: str = attribute("what it is where: `gpu[01-03]: 580.65; gpu04: 535.104`", "")


class PeerProxy(NodeFact, kw_only=True):
    """A proxy that requests from node to node would go through."""

    kind: ClassVar[str] = "peer-proxy"

    at: str = attribute("the nodes that use it")
    variable: str | None = attribute("the variable that names it, null where none does")
    hosts: str = attribute("the nodes that no_proxy doesn't name", "")


class AllReduce(NodeFact, kw_only=True):
    """One small all-reduce over all GPUs, by the environment's own torch."""

    kind: ClassVar[str] = "all-reduce"

    ranks: int | UnknownType = attribute("how many processes took part, one a GPU")
    works: bool | UnknownType = attribute("whether all of them came through")
    silent: str = attribute("the ranks that did not, and how far they came", "")
    problem: str = attribute("what went wrong", "")
    bandwidth: float | UnknownType = attribute("bytes on the bus in a second, in 10^9")


#: What is looked at between two nodes and more.
LINK_FACTS: tuple[type[NodeFact], ...] = (
    PeerName,
    PeerInterface,
    PeerConnection,
    PeerDifference,
    PeerProxy,
)


FACTS: tuple[type[NodeFact], ...] = (
    PeerName,
    PeerInterface,
    PeerConnection,
    PeerDifference,
    PeerProxy,
    AllReduce,
)
