"""A trace as JSON: an array with an object for each script.

    {"filename": "serve.sh",
     "facts": [{"kind": "launch",
                "filename": …, "location": {"row", "column"}, "end_location": {"row", "column"},
                "attributes": {"model": "openai/gpt-oss-120b", "releases": ["0.10.1", …], …},
                "origins": {"model": {"places": [{"filename", "location", "end_location"}, …],
                                      "assumptions": ["MODEL is left at its default"]}, …}},
               …],
     "servers": [{"filename": …, "location": …, "end_location": …,
                  "count": 4, "how-many": "4 at once",
                  "traits": {"model": ["openai/gpt-oss-120b", …], "port": ["8000", …], …},
                  "conditions": ["MODEL is left at its default", …],
                  "otherwise": [{"trait": "port", "text": "$PORT", "conditions": [
                                 "PORT is given"]}, …]}, …]}

``servers`` are the rows of the text's table, a trait having a text for each copy; ``facts`` are
what rules go by.

An attribute that can't be known is ``{"unknown": true}``, one that is known to be absent is null,
and a set is a sorted list. Rows and columns count from 1, columns in characters, the end is
exclusive. A place has the key ``within`` too where it only runs what is meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from doctor.diagnostic import Location, Position
from doctor.facts.base import Evidence, Fact
from doctor.trace import Traced
from doctor.trace.summary.summary import Row, rows
from doctor.values.value import UNKNOWN

_NO_ATTRIBUTES = frozenset({"location", "evidence"})


def render(traces: Sequence[Traced]) -> Iterator[str]:
    """The array's lines: one for each fact, and one for each server."""
    yield "["
    for index, traced in enumerate(traces):
        yield f'  {{"filename": {json.dumps(traced.source.filename)}, "facts": ['
        last = len(traced.facts) - 1
        for at, fact in enumerate(traced.facts):
            yield "    " + json.dumps(_fact(fact)) + ("," if at < last else "")
        yield '   ], "servers": ['
        found = [json.dumps(_server(row)) for row in rows(traced)]
        yield from ("    " + line + "," for line in found[:-1])
        yield from ("    " + line for line in found[-1:])
        yield "  ]}" + ("," if index < len(traces) - 1 else "")
    yield "]"


def _fact(fact: Fact) -> dict[str, Any]:
    names = [field.name for field in fields(fact) if field.name not in _NO_ATTRIBUTES]
    return {
        "kind": fact.kind,
        **_place(fact.location),
        "attributes": {_hyphenated(name): _value(getattr(fact, name)) for name in names},
        "origins": {
            _hyphenated(name): _origin(evidence)
            for name, evidence in fact.evidence.items()
            if name in names
        },
    }


def _server(row: Row) -> dict[str, Any]:
    return {
        **_place(row.place),
        "count": row.count,
        "how-many": row.how_many,
        "runs": list(row.runs),
        "traits": {name: list(texts) for name, texts in row.traits.items()},
        "conditions": list(row.conditions),
        "otherwise": [
            {"trait": o.trait, "text": o.text, "conditions": list(o.conditions)}
            for o in row.otherwise
        ],
    }


def _hyphenated(name: str) -> str:
    return name.replace("_", "-")


def _value(value: Any) -> Any:
    if value is UNKNOWN:
        return {"unknown": True}
    if isinstance(value, (frozenset, set)):
        return sorted(value, key=_naturally)
    return value


def _naturally(text: str) -> list[tuple[int, str]]:
    """A key that sorts 0.9.0 before 0.10.0, and node9 before node10."""
    parts = re.split(r"(\d+)", text)
    return [(len(part) if part.isdecimal() else -1, part) for part in parts]


def _origin(evidence: Evidence) -> dict[str, Any]:
    return {
        "places": [_place(location) for location in evidence.locations],
        "assumptions": sorted({assumption.words for assumption in evidence.assumes}),
    }


def _place(location: Location) -> dict[str, Any]:
    within = {"within": location.within} if location.within else {}
    return {
        "filename": location.filename,
        "location": _position(location.start),
        "end_location": _position(location.end),
        **within,
    }


def _position(position: Position) -> dict[str, int]:
    return {"row": position.row, "column": position.column}
