"""What a person decided, in ``decisions.yaml``: where the sources are silent, or not believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from renew.errors import RenewError

FILE = Path(__file__).parent / "decisions.yaml"
_CELLS = {
    "flags": ("deprecated", "replacement", "bounds", "against", "why"),
    "variables": ("deprecated", "replacement", "against", "why"),
    "recipes": ("tool-parsers", "reasoning-parsers", "why"),
}

Decisions = Mapping[str, Mapping[str, Mapping[str, Any]]]


def load(file: Path) -> Decisions:
    """The decisions; raises RenewError if the file isn't as it should be."""
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as problem:
        raise RenewError(f"{file} is not YAML: {problem}") from None
    decided = data if isinstance(data, dict) else {}
    for table, rows in decided.items():
        if table not in _CELLS or not isinstance(rows, dict):
            raise RenewError(f"{file}: {table!r} is none of {', '.join(_CELLS)}")
        for name, row in rows.items():
            if not isinstance(row, dict) or set(row) - set(_CELLS[table]):
                cells = ", ".join(_CELLS[table])
                raise RenewError(f"{file}: {name} may say {cells}, and nothing else")
    return decided


def apply(table: str, rows: dict[str, dict[str, Any]], decided: Decisions) -> Iterator[str]:
    """Put what was decided into the rows; yields a line for each that the sources contradict.

    ``against`` is what they said when it was decided: that needs no second decision.
    """
    for name, decision in decided.get(table, {}).items():
        row = rows.get(name)
        if row is None:
            yield f"{name}: decided, but no release has it"
            continue
        for cell in ("deprecated", "replacement", "bounds"):
            if cell not in decision:
                continue
            read, said = row.get(cell), decision[cell]
            if read not in (None, said, decision.get("against")):
                yield f"{name}: {cell} is {read} in the sources, {said} by decision"
            if said is None:
                row.pop(cell, None)
            else:
                row[cell] = said
