"""Allocations: what a script asks Slurm for, and whether it takes all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace

from doctor.diagnostic import Location
from doctor.facts.base import Evidence
from doctor.facts.jobs import Allocation
from doctor.slurm.options import Option
from doctor.trace.readers import idle
from doctor.trace.readers.jobs import Request
from doctor.trace.readers.scene import Scene


def read(scene: Scene) -> Iterator[Allocation]:
    """The requests for nodes, that of the script's own header with its idle GPUs."""
    found = [_fact(request) for request in scene.requests]
    families = frozenset(
        family
        for fact in found
        for names in (fact.excluded, fact.requested, fact.meant)
        if isinstance(names, frozenset)
        for family in (re.sub(r"\d+$", "", name) for name in names)
    )
    for request, fact in zip(scene.requests, found, strict=True):
        fact = replace(
            fact,
            named_families=families,
            names_nodes=bool(families),
            names_vllm=scene.names_vllm,
        )
        yield _with_idle_gpus(fact, scene) if request is scene.request else fact


def _with_idle_gpus(allocation: Allocation, scene: Scene) -> Allocation:
    """The request of the script's own header with how many of its GPUs no server takes."""
    used = idle.used(scene)
    if not isinstance(used, int) or not isinstance(allocation.gpus, int):
        return allocation
    servers = Evidence(tuple(dict.fromkeys(each.place for each in scene.started)))
    return replace(
        allocation,
        evidence={**allocation.evidence, "gpus_used": servers},
        gpus_used=used,
        gpus_unused=max(0, allocation.gpus - used),
    )


def _fact(request: Request) -> Allocation:
    asks = request.asks
    evidence = {name: _evidence(options) for name, options in asks.evidence.items()}
    names = {field.name for field in fields(Allocation)} & {f.name for f in fields(asks)}
    attributes = {name: getattr(asks, name) for name in names if name != "evidence"}
    return Allocation(location=request.location, evidence=evidence, **attributes)


def _evidence(options: Sequence[Option]) -> Evidence:
    places = [_place(option) for option in reversed(options)]
    assumes = [value.assumes for option in options for value in (option.value,) if value]
    return Evidence(
        tuple(place for place in places if place is not None),
        frozenset().union(*assumes),
    )


def _place(option: Option) -> Location | None:
    """The option with its value where they stand side by side; else the value."""
    word = option.word.location if option.word is not None else None
    value = option.value.location if option.value is not None else None
    if word is None or value is None:
        return word or value
    if word.filename == value.filename and 0 <= value.start.offset - word.end.offset <= 1:
        return word._replace(end=value.end)
    return value
