"""Facts about the node that we stand on, one module a subject."""

from __future__ import annotations

from collections.abc import Mapping

from doctor.facts.node.base import NodeFact
from doctor.facts.node.folders import Quota, ServerFolder, SocketFolder, Space, TmpFolder
from doctor.facts.node.gpus import Gpu, GpuGrant, GpuMix
from doctor.facts.node.links import (
    AllReduce,
    PeerConnection,
    PeerDifference,
    PeerInterface,
    PeerName,
    PeerProxy,
)
from doctor.facts.node.needs import ModelFit, Need
from doctor.facts.node.processes import LeftoverProcess, SharedMemory, StuckProcess
from doctor.facts.node.slurm import JobPlace, OtherJobs, ThisNode, TimeLeft
from doctor.facts.node.world import (
    Clock,
    Compiler,
    HostName,
    InstalledVllm,
    Limit,
    Port,
    Surroundings,
)

__all__ = [
    "NODE_FACTS",
    "AllReduce",
    "Clock",
    "Compiler",
    "Gpu",
    "GpuGrant",
    "GpuMix",
    "HostName",
    "InstalledVllm",
    "JobPlace",
    "LeftoverProcess",
    "Limit",
    "ModelFit",
    "Need",
    "NodeFact",
    "OtherJobs",
    "PeerConnection",
    "PeerDifference",
    "PeerInterface",
    "PeerName",
    "PeerProxy",
    "Port",
    "Quota",
    "ServerFolder",
    "SharedMemory",
    "SocketFolder",
    "Space",
    "StuckProcess",
    "Surroundings",
    "ThisNode",
    "TimeLeft",
    "TmpFolder",
]

#: Every kind of fact about a node.
NODE_FACTS: Mapping[str, type[NodeFact]] = {
    fact.kind: fact
    for fact in (
        Gpu,
        GpuGrant,
        GpuMix,
        LeftoverProcess,
        StuckProcess,
        SharedMemory,
        TmpFolder,
        ServerFolder,
        Space,
        SocketFolder,
        Quota,
        ThisNode,
        JobPlace,
        OtherJobs,
        TimeLeft,
        Surroundings,
        InstalledVllm,
        Compiler,
        Limit,
        Port,
        HostName,
        Clock,
        Need,
        ModelFit,
        PeerName,
        PeerInterface,
        PeerConnection,
        PeerDifference,
        PeerProxy,
        AllReduce,
    )
}
