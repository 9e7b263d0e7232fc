"""Facts about what a script needs of the node."""

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
