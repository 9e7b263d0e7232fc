"""Facts about the GPUs of an allocation. Memory is in GiB."""

from __future__ import annotations

from typing import ClassVar, Literal

from doctor.base.unknown import UnknownType
from doctor.facts.base import attribute
from doctor.facts.node.base import NodeFact


class Gpu(NodeFact, kw_only=True):
    """A GPU of this allocation, or a MIG device."""

    kind: ClassVar[str] = "gpu"

    gpu: str = attribute("how to call it: `GPU 3`, `MIG device 0 of GPU 3`")
    uuid: str | UnknownType = attribute("its UUID")
    model: str | UnknownType = attribute("its name, such as `NVIDIA H100 80GB HBM3`")
    mig: bool | UnknownType = attribute("whether it is a MIG device, or its GPU is cut into some")
    compute: float | UnknownType = attribute("its compute capability, such as 9.0")

    total: float | UnknownType = attribute("its memory, without what the driver keeps for itself")
    free: float | UnknownType = attribute("how much of that is free")
    held: float | UnknownType = attribute("how much of it is taken")
    held_by: (
        Literal["nobody", "this-job", "own-leftover", "own-process", "another-user", "unseen"]
        | UnknownType
    ) = attribute(
        "who holds the most of it: a process of this job (or session), one of our own that "
        "belongs to none, another one of our own, another user's, or one that can't be seen "
        "from here"
    )
    holders: tuple[str, ...] | UnknownType = attribute(
        "who holds it, the most first: `python (pid 4711, alice)`"
    )
    own_pids: str | None = attribute(
        "the numbers of our own leftover processes that hold it, with blanks between them", None
    )
    share: float = attribute("the share of the memory that vLLM is to take")
    needed: float | UnknownType = attribute("how much that is")
    lacking: float | UnknownType = attribute("how much of that is not free; 0 if all is")

    lost: bool | UnknownType = attribute("whether the driver has lost it")
    ecc_errors: int | UnknownType | None = attribute(
        "uncorrectable memory errors since the driver was loaded, null where it has no ECC"
    )
    row_remapping: Literal["fine", "pending", "failed"] | UnknownType | None = attribute(
        "whether broken rows of its memory wait for a reset, or could not be replaced; null where "
        "it replaces none"
    )
    recovery: str | UnknownType | None = attribute(
        "what the driver wants done with it, `a reset`, `a reboot of the node`; null for nothing"
    )
    ailments: str | None = attribute("what of this is wrong, in words; null for nothing", None)
    throttled_by: str | UnknownType | None = attribute("what slows it down, null for nothing")
    pcie_width: int | UnknownType | None = attribute("PCIe lanes in use")
    pcie_lanes_lost: int | UnknownType | None = attribute("PCIe lanes that it has beyond these")
    pcie_generation: int | UnknownType | None = attribute("the PCIe generation in use")
    pcie_generations_lost: int | UnknownType | None = attribute(
        "by how much that is below what is possible, null where it may just save power"
    )
    nvlinks: int | UnknownType | None = attribute("its NVLinks, null where it has none")
    nvlinks_down: int | UnknownType | None = attribute("how many of them are down")
    link_faults: str | None = attribute("what of this is wrong, in words; null for nothing", None)

    @property
    def title(self) -> str:
        return self.gpu


class GpuMix(NodeFact, kw_only=True):
    """The GPUs of this allocation, side by side."""

    kind: ClassVar[str] = "gpus"

    count: int = attribute("how many there are")
    models: frozenset[str] = attribute("their models, as far as they tell")
    differ: bool | UnknownType = attribute("whether they differ in model or in size of memory")
    order_known: bool = attribute(
        "whether the numbers in CUDA_VISIBLE_DEVICES surely mean what they mean to nvidia-smi"
    )


class GpuGrant(NodeFact, kw_only=True):
    """How many GPUs Slurm granted on this node, and how many there are."""

    kind: ClassVar[str] = "gpu-grant"

    granted: int | UnknownType = attribute("how many there should be")
    granted_by: str = attribute("the variable that says so: `SLURM_GPUS_ON_NODE`")
    present: int | UnknownType = attribute("how many GPUs this node shows us")
    visible: int | UnknownType = attribute("how many of them a server would see")
    differs: bool | UnknownType = attribute("whether these are not as many")
    narrowed: bool | UnknownType = attribute(
        "whether CUDA_VISIBLE_DEVICES names fewer of those that are there than were granted"
    )
    unset: bool | UnknownType = attribute(
        "whether more than were granted are visible, since nothing names those that were"
    )
    unfound: str | None = attribute(
        "what CUDA_VISIBLE_DEVICES names and this node doesn't have, null for nothing", None
    )


FACTS: tuple[type[NodeFact], ...] = (Gpu, GpuMix, GpuGrant)
