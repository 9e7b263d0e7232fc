"""What an all-reduce came to, by its ranks' reports: the rank that kept the others waiting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doctor.base.record import Record
from doctor.base.unknown import UNKNOWN
from doctor.facts.node.links import AllReduce
from doctor.node.bounds import first

#: The stages of a rank in their order.
_STAGES = (
    "starting Python",
    "importing torch",
    "opening its GPU",
    "joining the others",
    "in the all-reduce",
    "done",
)
_NO_TORCH = "No module named 'torch'"


class Place(Record):
    """Where a rank runs."""

    node: str
    gpu: str


def outcome(
    places: Mapping[int, Place], told: Mapping[int, Mapping[str, Any]], seconds: float
) -> AllReduce:
    """The fact; a rank that reported nothing is silent."""
    count = len(places)
    failed = {rank: each["failed"] for rank, each in told.items() if "failed" in each}
    if any(_NO_TORCH in reason for reason in failed.values()):
        why = "the environment on the PATH has no torch"
        reasons = dict.fromkeys(("works", "bandwidth"), why)
        return AllReduce(ranks=count, works=UNKNOWN, reasons=reasons)
    if all(rank in told and told[rank]["stage"] == "done" for rank in places):
        slowest = min(told[rank]["bandwidth"] for rank in places)
        return AllReduce(ranks=count, works=True, bandwidth=round(slowest, 1))
    blamed = _blamed(places, told)
    words = [f"{_name(rank, places)} {blamed[rank]}" for rank in sorted(blamed)]
    problem = next(iter(failed.values()), f"not finished within {seconds:.0f} s")
    return AllReduce(
        ranks=count, works=False, bandwidth=0, silent="; ".join(first(words)), problem=problem
    )


def _blamed(places: Mapping[int, Place], told: Mapping[int, Mapping[str, Any]]) -> dict[int, str]:
    """The ranks that keep the others waiting, the surest sign first, and what they do."""
    silent = {rank: "said nothing" for rank in places if rank not in told}
    dead = {r: f"ended while {e['stage']}" for r, e in told.items() if e.get("ended")}
    failed = {
        r: f"failed while {e['stage']}: {e['failed']}" for r, e in told.items() if "failed" in e
    }
    still = {r: f"is stuck while {e['stage']}" for r, e in told.items() if e.get("still")}
    sure = silent or {**dead, **failed} or still
    if sure:
        return sure
    least = min(_STAGES.index(each["stage"]) for each in told.values())
    behind = {r: f"is {e['stage']}" for r, e in told.items() if _STAGES.index(e["stage"]) == least}
    if len(behind) == len(places):
        return {min(places): f"is {_STAGES[least]}, as all the others are"}
    return behind


def _name(rank: int, places: Mapping[int, Place]) -> str:
    return f"rank {rank} ({places[rank].node}, {places[rank].gpu})"
