"""Facts about the node that we stand on, one module a subject."""

from __future__ import annotations

from collections.abc import Mapping

from doctor.facts.node import folders, gpus, links, needs, processes, slurm, world
from doctor.facts.node.base import NodeFact

#: Every kind of fact about a node.
NODE_FACTS: Mapping[str, type[NodeFact]] = {
    fact.kind: fact
    for fact in (
        *gpus.FACTS,
        *processes.FACTS,
        *folders.FACTS,
        *slurm.FACTS,
        *world.FACTS,
        *needs.FACTS,
        *links.FACTS,
    )
}
