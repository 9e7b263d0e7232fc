"""Facts about the place that Slurm gave us on this node."""

from __future__ import annotations

from typing import ClassVar

from doctor.base.unknown import UnknownType
from doctor.facts.base import attribute
from doctor.facts.node.base import NodeFact


class ThisNode(NodeFact, kw_only=True):
    """The node by its name."""

    kind: ClassVar[str] = "this-node"


class JobPlace(NodeFact, kw_only=True):
    """Where we stand as Slurm sees it."""

    kind: ClassVar[str] = "job-place"

    job: str | None = attribute("the job's number, null outside a job")
    allocated: str | None = attribute("the job's nodes, folded: `gpu[01-02]`")
    first: str | None = attribute("the first of them")
    on_allocated_node: bool | UnknownType = attribute("whether this machine is one of them")


class OtherJobs(NodeFact, kw_only=True):
    """The other jobs on this node."""

    kind: ClassVar[str] = "other-jobs"

    count: int = attribute("how many there are")
    users: tuple[str, ...] = attribute("whose they are")
    own: int = attribute("how many of them are ours")
    jobs: tuple[str, ...] = attribute("their numbers")


class TimeLeft(NodeFact, kw_only=True):
    """How long this job may still run."""

    kind: ClassVar[str] = "time-left"

    minutes: float | UnknownType | None = attribute("the minutes left, null without a limit")


FACTS: tuple[type[NodeFact], ...] = (ThisNode, JobPlace, OtherJobs, TimeLeft)
