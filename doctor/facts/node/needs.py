"""Facts about what a script needs of the node, and whether its models fit there."""

from __future__ import annotations

from typing import ClassVar, Literal

from doctor.base.unknown import UnknownType
from doctor.facts.base import attribute
from doctor.facts.node.base import NodeFact


class Need(NodeFact, kw_only=True):
    """One thing that a script needs of the node it runs on."""

    kind: ClassVar[str] = "need"

    aspect: Literal["gpus", "memory", "port", "release", "folder", "node"] = attribute(
        "what it is about"
    )
    whose: str = attribute("what needs it: `Line 18`, `The job`")
    needs: str = attribute("what it needs: `8 GPUs`, `port 8000`")
    has: str = attribute("what there is: `4 GPUs`", "")
    met: bool | UnknownType = attribute("whether that is enough")


class ModelFit(NodeFact, kw_only=True):
    """A model that a script serves, compared with the memory of this node's GPUs."""

    kind: ClassVar[str] = "model-fit"

    whose: str = attribute("what serves it: `Line 18`")
    weights: float = attribute("the least GiB that its weights take")
    gpus: int = attribute("how many GPUs the server takes")
    memory: float | UnknownType = attribute("the GiB that so many of this node's GPUs have at most")
    share: float = attribute("the share of it that the server takes")
    room: float | UnknownType = attribute("the GiB that this makes")
    fits: bool | UnknownType = attribute("whether the weights have room there")


FACTS: tuple[type[NodeFact], ...] = (Need, ModelFit)
