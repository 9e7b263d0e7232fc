"""What rules look up of a cluster: how much of a partition is bad, and why nodes are recorded."""

from __future__ import annotations

from typing import TypedDict

from doctor.knowledge.rows import BadNodes
from doctor.slurm.conf import Cluster

#: As many recorded nodes are told of in one sentence.
_MOST_NODES = 2

PartitionRow = TypedDict(
    "PartitionRow",
    {
        "nodes": int,
        "bad": int,  # how many of them are on the list of bad nodes
        "mostly-bad": bool,
    },
)


class RecordedRow(TypedDict):
    because: str


def partition_row(names: str, bad: frozenset[str], cluster: Cluster | None) -> PartitionRow | None:
    """The partition, or those joined by commas; None if nobody knows its nodes."""
    found = [cluster.nodes_of(name) for name in names.split(",")] if cluster else [None]
    known = [each for each in found if each is not None]
    if len(known) < len(found):
        return None
    nodes = frozenset[str]().union(*known)
    count = len(nodes & bad)
    return {"nodes": len(nodes), "bad": count, "mostly-bad": 2 * count > len(nodes)}


def recorded_row(names: str, bad: BadNodes) -> RecordedRow | None:
    """The nodes, joined by commas, that the register has; None if it has none of them."""
    wanted = set(names.split(","))
    recorded = [each for each in bad.lists if each.because and wanted & set(each.hostlists)]
    if not recorded:
        return None
    told = [each.because or "" for each in recorded[:_MOST_NODES]]
    if more := len(recorded) - len(told):
        told.append(f"{more} more are recorded")
    return {"because": "; ".join(told)}
