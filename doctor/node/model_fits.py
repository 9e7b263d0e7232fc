"""Whether the models that a script serves fit into the memory of this node's GPUs.

What the weights take is known at the least, and of GPUs that differ the largest count, so that one
that doesn't fit by this sum surely doesn't.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from doctor.facts.node.needs import ModelFit
from doctor.facts.servers import Launch
from doctor.node.needs import ELSEWHERE, Here, named
from doctor.trace import Traced
from doctor.trace.summary.summary import rows


def model_fits(traced: Traced, here: Here) -> Iterator[ModelFit]:
    """The models whose weights are known, each with the GPUs that its server takes."""
    for row in rows(traced):
        if not ELSEWHERE.isdisjoint(row.runs):
            continue
        launches = [f for f in traced.facts if isinstance(f, Launch) and f.location == row.place]
        sums = {(each.weights, each.gpus_needed, each.most_memory_share) for each in launches}
        if len(sums) != 1:  # which of them runs can't be known
            continue
        weights, gpus, share = sums.pop()
        if weights is not None and isinstance(gpus, int) and isinstance(share, float):
            known = ModelFit(whose=named(row), weights=weights, gpus=gpus, share=share)
            yield from _beside(known, here)


def _beside(known: ModelFit, here: Here) -> Iterator[ModelFit]:
    """The fact with what this node has; none where it has too few GPUs, which another fact says."""
    if here.gpus is None:
        yield replace(known, reasons={"fits": here.why})
        return
    if len(here.gpus) < known.gpus:
        return
    sizes = [gpu.total for gpu in here.gpus if isinstance(gpu.total, float)]
    if len(sizes) < len(here.gpus):
        yield replace(known, reasons={"fits": "a GPU doesn't tell its memory"})
        return
    memory = sum(sorted(sizes)[-known.gpus :])
    room = memory * known.share
    yield replace(known, memory=round(memory, 1), room=round(room, 1), fits=known.weights <= room)
