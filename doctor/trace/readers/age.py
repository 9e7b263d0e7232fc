"""Age: whether the release that is pinned is too old for the model that it is to serve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doctor.base.record import Record
from doctor.facts.servers import Lack
from doctor.knowledge import Knowledge
from doctor.vllm.releases import Candidates
from doctor.vllm.server import Server

#: What says in which release a thing came, by columns of the table of models.
_COLUMNS: tuple[tuple[str, Lack], ...] = (
    ("first-release", "architecture"),
    ("for-tool-calls", "tool-parser"),
)


class Need(Record):
    """The first release with what a pinned one lacks: ``architecture`` or ``tool-parser``."""

    release: str
    what: Lack


def needed(server: Server, found: Candidates, knowledge: Knowledge) -> Need | None:
    """What the pinned release lacks for the model; None without a pin, or where it has all."""
    model = server.model_name
    row = knowledge.row("families", model) if isinstance(model, str) else None
    if found.pin is None or not found.pin.releases or not row:
        return None
    for column, what in _COLUMNS:
        first = row[column]
        if what == "tool-parser" and not _parser_is_wrong(server, found, row):
            continue
        if isinstance(first, str) and not found.pin.releases & found.tables.since(first):
            return Need(first, what)
    return None


def _parser_is_wrong(server: Server, found: Candidates, row: Mapping[str, Any]) -> bool:
    """Whether tools are to be called with a parser of the pinned release that is for others.

    A right parser that the release doesn't have yet is a fault of its own, and so is a name
    that no release knows.
    """
    parser, right = server.tool_call_parser, row["right-parsers"]
    if server.enable_auto_tool_choice is not True or not isinstance(right, frozenset):
        return False
    if not isinstance(parser, str) or server.tool_parser_plugin is not None:
        return False
    return parser not in right and parser in found.tables.tool_parsers
