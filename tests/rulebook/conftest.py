"""Rules written in a test, over facts made by hand and knowledge that is a dictionary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from doctor.diagnostic import Diagnostic, Location, Source
from doctor.facts.base import Fact
from doctor.rulebook import check, read
from doctor.values.value import UNKNOWN

TEXT = Source("script.sh", "".join(f"line {row}\n" for row in range(1, 100)))


def line(row: int, filename: str = "script.sh") -> Location:
    """The place of a whole row."""
    start = 7 * (row - 1)
    return Source(filename, TEXT.text).location(start, start + 6)


@dataclass
class Table:
    """Knowledge for a test."""

    values: Mapping[str, object] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Mapping[str, object]]] = field(default_factory=dict)

    def lookup(self, dotted: str) -> object:
        return self.values.get(dotted, UNKNOWN)

    def row(self, table: str, key: str) -> Mapping[str, object] | None:
        return self.tables.get(table, {}).get(key)


RULE = """\
code: XY123
name: a-rule
lesson: null
fact: allocation
severity: warning
examples: []
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a rule file; the keys of ``RULE`` need not be repeated."""

    def write(text: str, name: str = "rule.yaml", whole: bool = False) -> Path:
        given = {row.partition(":")[0] for row in text.splitlines()}
        defaults = {"when": "when: {}", "message": 'message: "said"'}
        lines = [] if whole else [r for r in RULE.splitlines() if r.partition(":")[0] not in given]
        lines += [] if whole else [row for key, row in defaults.items() if key not in given]
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{row}\n" for row in lines) + text)
        return path

    return write


@pytest.fixture
def apply(write: Callable[..., Path]) -> Callable[..., list[Diagnostic]]:
    """What a rule says of some facts."""

    def apply(text: str, *facts: Fact, knowledge: Table | None = None) -> list[Diagnostic]:
        return check(facts, read([write(text)]), knowledge or Table())

    return apply
