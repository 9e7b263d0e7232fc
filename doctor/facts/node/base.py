"""What every fact about a node has: which node, and why attributes are unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar

from doctor.base.unknown import UnknownType
from doctor.diagnostic import Location, Position
from doctor.facts.base import Fact, attribute

_NOWHERE = Location("", Position(1, 1), Position(1, 1))


class NodeFact(Fact, kw_only=True):
    """Something seen on a node.

    ``reasons`` tells of attributes that are unknown why they are.
    """

    about: ClassVar[str] = "node"

    location: Location = _NOWHERE
    reasons: Mapping[str, str] = field(default_factory=dict, compare=False)
    node: str | UnknownType = attribute("the node's name")
    exclude: str | UnknownType | None = attribute(
        "what to give `--exclude` so that a job keeps off this node and the known bad ones; null "
        "where Slurm may not know this machine"
    )
    allocate: str | UnknownType | None = attribute(
        "the `salloc` line that asks for what this job has, elsewhere; null outside a job"
    )

    @property
    def title(self) -> str:
        """What it is about, where there are several of its kind: `GPU 3`."""
        return ""
