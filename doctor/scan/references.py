"""What rules read of the knowledge, and what of that nobody tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from doctor.base.errors import DoctorError, nearest
from doctor.knowledge import TABLES, Knowledge
from doctor.rulebook import Rule


def wrong_references(rules: Sequence[Rule], knowledge: Knowledge) -> Iterator[DoctorError]:
    """An error for each setting, table or column that a rule reads and that does not exist.

    Such a rule would be silent for ever: to it the value is unknown.
    """
    known = [*knowledge.references]
    for rule in rules:
        paths = sorted({reference.path for reference in rule.references})
        for path in paths:
            if path.startswith(("$kb.", "$site.")) and path not in known:
                told = f"which no page tells{nearest(path, known)}"
                yield _error(rule, path, f"{rule.code} reads {path}, {told}")
        for name, look_up in rule.look_ups:
            columns = TABLES.get(look_up.table)
            if columns is None:
                told = f"the table {look_up.table!r}, which does not exist"
                near = nearest(look_up.table, list(TABLES))
                yield _error(rule, look_up.table, f"{rule.code} reads {told}{near}")
                continue
            for path in paths:
                root, _, column = path.partition(".")
                if root == f"${name}" and column not in columns:
                    near = nearest(column, list(columns))
                    told = f"{path}, and {look_up.table} has no such column{near}"
                    yield _error(rule, path, f"{rule.code} reads {told}")


def line_of(word: str, path: Path) -> int:
    """The first line that holds the word."""
    lines = path.read_text("utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if word in line), 1)


def _error(rule: Rule, word: str, message: str) -> DoctorError:
    return DoctorError(message, str(rule.path), line_of(word, rule.path))
