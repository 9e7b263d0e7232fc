"""What is in force, setting by setting, and which line of which file says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from doctor.base.record import Record
from doctor.config.config import ADDING, Config, Exclusion, FileIgnores
from doctor.config.text import line_of, text_of


class Setting(Record):
    """A key, or a row of a table (`severity.VD711`), with its value as plain data."""

    key: str
    value: Any
    filename: str
    line: int | None


def settings(layers: Iterable[Config]) -> list[Setting]:
    """The settings of files, the weakest first: of each those that no later one takes back."""
    found: dict[tuple[str, ...], Setting] = {}
    for layer in layers:
        text = text_of(Path(layer.filename)) if layer.filename else ""
        for place, setting in _said(layer, text):
            found.pop(place, None)  # the order is that of the files
            found[place] = setting
    return list(found.values())


def _said(layer: Config, text: str) -> Iterator[tuple[tuple[str, ...], Setting]]:
    """What one file says; of two settings of one place the later one counts."""
    name = layer.filename or ""
    for field in layer.given:
        key, value = field.replace("_", "-"), getattr(layer, field)
        for row, words in _rows(value):
            said = Setting(f"{key}.{_quoted(row)}", _plain(words), name, line_of(row, text))
            yield (field, row, name if field in ADDING else ""), said
        if not _rows(value):
            place = (field, name) if field in ADDING else (field,)
            yield place, Setting(key, _plain(value), name, line_of(key, text))


def _rows(value: Any) -> list[tuple[str, Any]]:
    """The rows of a table; none if it is no table."""
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, tuple):
        return [(each.pattern, each.selectors) for each in value if isinstance(each, FileIgnores)]
    return []


def _quoted(row: str) -> str:
    """A key as TOML has it."""
    bare = row.replace("-", "").replace("_", "").isalnum() and row.isascii()
    return row if bare else f'"{row}"'


def _plain(value: Any) -> Any:
    """A value as TOML and JSON can hold it."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        if value and isinstance(value[0], Exclusion):
            return [pattern for each in value for pattern in each.patterns]
        return [_plain(each) for each in value]
    return value
