"""What a renewal changes, in words: the text of its pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from renew.tables import Tables

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MANY = 8
_WORDS = {
    ("flags", "flags"): ("flag", "flags"),
    ("variables", "variables"): ("variable", "variables"),
    ("parsers", "tool-parsers"): ("tool parser", "tool parsers"),
    ("parsers", "reasoning-parsers"): ("reasoning parser", "reasoning parsers"),
    ("speculation", "methods"): ("speculation method", "speculation methods"),
    ("speculation", "keys"): ("key of --speculative-config", "keys of --speculative-config"),
    ("architectures", "architectures"): ("architecture", "architectures"),
    ("recipes", "models"): ("model with a recipe", "models with a recipe"),
}


def describe(folder: Path, made: Tables) -> str:
    """The differences between the tables in a folder and those that were made."""
    old = {name: _old(folder / f"{name}.yaml") for name in made}
    lines = list(_lines(old, made))
    return "".join(f"{line}\n" for line in lines or ["Nothing changed."])


def _old(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        return {}
    data = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)
    return data if isinstance(data, dict) else {}


def _lines(old: Mapping[str, Mapping[str, Any]], made: Tables) -> Iterator[str]:
    before = old["releases"].get("releases", {})
    new = [name for name in made["releases"]["releases"] if name not in before]
    if new and before:
        yield f"New: vLLM {_list(new)}."
    for (file, table), (one, several) in _WORDS.items():
        was, now = old[file].get(table, {}), made[file][table]
        added = [name for name in now if name not in was]
        gone = [name for name in was if name not in now or _ended(was[name], now[name])]
        other = [
            name for name in now
            if name in was and name not in gone and was[name] != now[name]
        ]  # fmt: skip
        for names, what in ((added, "added"), (gone, "removed"), (other, "changed")):
            if names:
                word = one if len(names) == 1 else several
                yield f"- {len(names)} {word} {what}: {_list(names)}"


def _ended(was: Any, now: Any) -> bool:
    """Whether a row says for the first time that a thing is gone."""
    return isinstance(was, dict) and "removed" in now and "removed" not in was


def _list(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_MANY])
    left = len(names) - _MANY
    return f"{shown} and {left} more" if left > 0 else shown
