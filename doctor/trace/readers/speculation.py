"""Speculation: whether a server's drafter, method, split and release go together."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.base.record import Record
from doctor.knowledge import Knowledge
from doctor.knowledge.rows import Limit
from doctor.values.value import UNKNOWN, UnknownType
from doctor.vllm.releases import Candidates, in_words, whether, within
from doctor.vllm.rows import Row
from doctor.vllm.server import Server
from doctor.vllm.speculation_faults import METHODS_CHECKED

#: Methods that work with every model.
_FOR_ANY_MODEL = frozenset(
    {"ngram", "ngram_gpu", "suffix", "custom_class", "extract_hidden_states"}
)


class Pipelined(Record):
    """Releases that refuse a speculation because the model is split into a pipeline.

    ``releases`` are those, in words; ``counts`` tells whether the candidates are among them.
    """

    why: str
    releases: str
    counts: bool | UnknownType


def drafter_fits(server: Server, knowledge: Knowledge) -> bool | UnknownType:
    """Whether the drafter was trained for the model, as far as both are known."""
    model, drafter = server.model_name, server.speculation.drafter
    if not isinstance(model, str) or not isinstance(drafter, str):
        return UNKNOWN
    return knowledge.fits(model, drafter)


def method_fits(server: Server, knowledge: Knowledge) -> bool | UnknownType:
    """Whether the method is one that the drafter, or the model without one, is made for."""
    model, given = server.model_name, server.speculation
    method, drafter = given.method, given.drafter
    if not isinstance(method, str):
        return UNKNOWN
    if method in _FOR_ANY_MODEL:
        return True
    row = None
    if isinstance(drafter, str):
        row = knowledge.row("drafters", drafter)
    elif isinstance(model, str) and drafter is None:
        row = knowledge.row("targets", model)
    methods = row.get("methods") if row else None
    if methods is None or methods is UNKNOWN or not methods:
        return UNKNOWN
    return method in methods or (method == "mtp" and any(m.endswith("mtp") for m in methods))


def split_fits(server: Server) -> bool | UnknownType:
    """Whether the drafter is split over one GPU or over as many as the model."""
    size, whole = server.speculation.draft_tensor_parallel_size, server.tensor_parallel_size
    if size in (None, 1):
        return True
    return UNKNOWN if size is UNKNOWN or whole is UNKNOWN else size == whole


def method_refused(server: Server, found: Candidates, knowledge: Knowledge) -> str | None:
    """Why the pinned releases don't run the method, in a few words; None where they may."""
    written = server.speculation.written
    if found.pin is None or not found.pin.releases:
        return None
    tables, pinned = found.tables, found.pin.releases
    which = found.pin.exact or in_words(pinned, tables).removeprefix("vLLM ")
    row = tables.methods.get(written) if isinstance(written, str) else None
    checking = not pinned & tables.before(METHODS_CHECKED)
    if row is not None and checking and found.complete and not pinned & row.releases:
        return f"vLLM {which} does not know the method `{written}`, {_life(row)}"
    for limit in _limits(server, knowledge, pipelined=False):
        if whether(pinned, within(tables, limit.releases)) is True:
            return f"vLLM {which} does not run the method `{written}` here: {limit.breaks}"
    return None


def _life(row: Row) -> str:
    came, went = row.feature.added, row.feature.removed
    return f"which went with {went}" if went else f"which came with {came}"


def pipelined(server: Server, found: Candidates, knowledge: Knowledge) -> Pipelined | None:
    """What is known against a model in a pipeline with such a speculation; None for nothing."""
    size, tables = server.pipeline_parallel_size, found.tables
    if not isinstance(size, int) or size < 2:
        return None
    refusing, why = 0, ""
    for limit in _limits(server, knowledge, pipelined=True):
        refusing |= within(tables, limit.releases)
        why = why or limit.breaks
    counts = whether(found.likely, refusing) if refusing else False
    return Pipelined(why, in_words(refusing, tables), counts) if counts is not False else None


def _limits(server: Server, knowledge: Knowledge, *, pipelined: bool) -> Iterator[Limit]:
    method = server.speculation.method
    if isinstance(method, str):
        for limit in knowledge.limits_of(method, server.model_name):
            if limit.pipelined is pipelined:
                yield limit
