"""The nodes of a job sent to meet each other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from doctor.cluster import steps
from doctor.cluster.addresses import addresses
from doctor.cluster.links.compare import compare
from doctor.cluster.links.meeting import PORTS, chosen_port
from doctor.facts.node.base import NodeFact
from doctor.node.probe import Gap

#: How long nodes wait for each other, and for what they tell of themselves, in seconds.
MEETING, TELLING = 6.0, 6.0


def look(job: str, nodes: Sequence[str]) -> list[NodeFact | Gap]:
    """The facts about what lies between these nodes, two at least."""
    where = addresses(nodes)
    words = [
        "node-meet",
        f"--nodes={','.join(f'{node}={where[node]}' for node in nodes)}",
        f"--ports={','.join(map(str, (*PORTS, chosen_port(job))))}",
        f"--seconds={MEETING}",
    ]
    portraits: dict[str, dict[str, Any]] = {}
    silent: dict[str, str] = {}
    ended_steps = steps.on_each(job, nodes, words, MEETING + TELLING, at_once=len(nodes))
    for node, ended in ended_steps:
        try:
            portraits[node] = dict(json.loads(ended.output))
        except (ValueError, TypeError):
            silent[node] = ended.last_words or "it said nothing about what lies between the nodes"
    return list(compare({node: portraits[node] for node in sorted(portraits)}, silent))
