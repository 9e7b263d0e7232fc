"""The facts in force, and where each comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from doctor.base.data import data_folder
from doctor.knowledge import Knowledge, fold
from doctor.knowledge.nodes import union

_TITLES = {
    "bad_nodes": "Bad nodes",
    "shared_folders": "Folders that all users of a node share",
    "broken_releases": "Broken releases",
    "pairings": "Models and their drafters",
    "images": "Images, and the release in them",
    "limits": "Ways to speculate, and the releases that don't run them",
    "gpu_types": "Types of GPUs, and the most memory that one has",
    "families": "Models and their parsers",
    "migrations": "Options that are gone, and what to write instead",
    "settings": "Settings",
}


def tables(knowledge: Knowledge) -> Mapping[str, Sequence[Any]]:
    """The rows of each table; what wins stands first."""
    return {
        "bad_nodes": knowledge.bad_nodes.lists,
        "shared_folders": knowledge.shared_folders,
        "broken_releases": knowledge.broken_versions,
        "pairings": knowledge.all_pairings,
        "images": knowledge.images,
        "limits": knowledge.limits,
        "gpu_types": knowledge.gpu_types,
        "families": knowledge.all_families,
        "migrations": knowledge.migrations,
        "settings": list(knowledge.settings.values()),
    }


def as_json(knowledge: Knowledge) -> Iterator[str]:
    """An object of tables; a row has its cells, and ``filename``, ``line`` and ``site``."""
    described = {name: [_cells(row) for row in rows] for name, rows in tables(knowledge).items()}
    yield from json.dumps(described, indent=1).splitlines()


def _cells(row: Any) -> dict[str, Any]:
    cells = {each.name: getattr(row, each.name) for each in fields(row) if each.name != "place"}
    return {**cells, **vars(row.place)}


def as_text(knowledge: Knowledge) -> Iterator[str]:
    """Under the title of each table a line for each row, with its place at the end."""
    for name, rows in tables(knowledge).items():
        yield _TITLES[name]
        told = [(_SENTENCES[name](row), row.place) for row in rows]
        width = min(70, max((len(sentence) for sentence, _ in told), default=0))
        yield from (f"  {sentence:<{width}}  {place.told}" for sentence, place in told)
        if not told:
            yield "  none"
        yield ""
    newest = knowledge.releases.newest
    date = (knowledge.releases.details(newest) or {}).get("date", "an unknown day")
    yield f"The newest release of vLLM that is known is {newest}, of {date}."
    yield f"What is built in lies in {data_folder('kb')}."


def _bad_nodes(row: Any) -> str:
    names = fold(union((hosts, row.place) for hosts in row.hostlists)) or "none"
    return f"{names} (as of {row.as_of})" if row.as_of else names


def _broken_release(row: Any) -> str:
    whom = f", for {row.whom}" if row.whom else ""
    return f"{row.releases.removeprefix('==')}: {row.breaks or 'broken'}{whom}"


def _pairing(row: Any) -> str:
    methods = f" ({', '.join(row.methods)})" if row.methods else ""
    old = f", superseded by {row.superseded_by}" if row.superseded_by else ""
    return f"{row.target}: {row.drafter or 'built in'}{methods}{old}"


def _limit(row: Any) -> str:
    whose = f" for {', '.join(row.models)}" if row.models else ""
    split = " in a pipeline" if row.pipelined else ""
    return f"{', '.join(row.methods)}{whose}{split}: not in {row.releases.removeprefix('==')}"


def _family(row: Any) -> str:
    told = {
        "tools": " or ".join(filter(None, (row.tool_parser, *row.also_right))),
        "reasoning": " or ".join(
            filter(None, (row.reasoning_parser, *row.also_right_for_reasoning))
        ),
        "since": row.for_tool_calls or row.first_release,
    }
    said = ", ".join(f"{what} {value}" for what, value in told.items() if value)
    return f"{', '.join(row.models)}: {said or 'nothing known'}"


def _migration(row: Any) -> str:
    since = f" (since {row.since})" if row.since else ""
    return f"{row.old}: {row.new or 'nothing'}{since}{'' if row.same else ', not quite the same'}"


_SENTENCES: Mapping[str, Any] = {
    "bad_nodes": _bad_nodes,
    "shared_folders": lambda row: row.path,
    "broken_releases": _broken_release,
    "pairings": _pairing,
    "images": lambda row: f"{row.name}: {row.release}",
    "limits": _limit,
    "gpu_types": lambda row: f"{', '.join(row.names)}: {row.memory} GiB",
    "families": _family,
    "migrations": _migration,
    "settings": lambda row: f"{row.page}.{row.name} = {row.value}",
}
