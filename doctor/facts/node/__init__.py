"""Facts about the node that we stand on, one module a subject."""

from __future__ import annotations

from collections.abc import Mapping

from doctor.facts.node.base import NodeFact
from doctor.facts.node.gpus import Gpu, GpuGrant, GpuMix
from doctor.facts.node.processes import LeftoverProcess, SharedMemory, StuckProcess

__all__ = [
    "NODE_FACTS",
    "Gpu",
    "GpuGrant",
    "GpuMix",
    "LeftoverProcess",
    "NodeFact",
    "SharedMemory",
    "StuckProcess",
]

#: Every kind of fact about a node.
NODE_FACTS: Mapping[str, type[NodeFact]] = {
    fact.kind: fact for fact in (Gpu, GpuGrant, GpuMix, LeftoverProcess, StuckProcess, SharedMemory)
}
