"""The tables of ``kb/vllm``: made from what the releases have, and written the same each time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from renew import decisions, history
from renew.facts import Facts

_HEAD = "# Made by `python -m renew` from the sources of the releases; edit renew/ instead.\n"
_LIFE = (
    "added: the first release with it (left out: as old as the thing it belongs to); "
    "removed: the first release without it; readded: the first release that has it again"
)
_ORDER = (
    "kind", "added", "removed", "readded", "deprecated", "replacement", "aliases", "default",
    "defaults", "bounds", "choices", "checked", "unchecked", "loose", "several", "class", "keys",
)  # fmt: skip

Tables = dict[str, dict[str, Any]]


def make(read: Mapping[str, Facts], decided: decisions.Decisions) -> tuple[Tables, list[str]]:
    """The tables by the names of their files, and where decisions and sources disagree.

    ``read`` holds what each release has, the oldest first.
    """
    order, facts = list(read), list(read.values())
    flags = history.features(order, _flags(facts))
    variables = history.features(order, [each["variables"] for each in facts])
    told = [*decisions.apply("flags", flags, decided)]
    told += decisions.apply("variables", variables, decided)
    tables = {
        "releases": {"releases": {name: each["requirements"] for name, each in read.items()}},
        "flags": {"flags": _sorted(flags)},
        "variables": {"variables": _sorted(variables)},
        "parsers": {
            name: _sorted(_current(history.features(order, [each[name] for each in facts])))
            for name in ("tool-parsers", "reasoning-parsers")
        },
        "speculation": {
            "methods": _sorted(history.features(order, [each["methods"] for each in facts])),
            "keys": _sorted(history.features(order, [each["keys"] for each in facts])),
        },
        "architectures": {
            "architectures": history.names(order, [each["architectures"] for each in facts])
        },
        "recipes": {"models": facts[-1]["recipes"]},
    }
    newest = {"newest": order[-1], "date": facts[-1]["requirements"]["date"]}
    return {name: {"_meta": _meta(name, newest), **table} for name, table in tables.items()}, told


def _flags(facts: Sequence[Facts]) -> list[dict[str, Any]]:
    """The flags of each release, with those that exist again as the inverse of another.

    Only the inverses that were flags of their own in some release get rows: the others follow
    from the flag that they are the inverse of.
    """
    every = {name for each in facts for name in each["flags"]}
    listed = []
    for each in facts:
        flags = dict(each["flags"])
        for name in sorted(every - set(flags)) if each["inverted"] else ():
            inverse = _inverse(name)
            if inverse and flags.get(inverse, {}).get("kind") == "bool":
                flags[name] = {"kind": "bool", "deprecated": True}
        listed.append(flags)
    return listed


def _inverse(flag: str) -> str | None:
    for here, there in (("--enable-", "--disable-"), ("--disable-", "--enable-")):
        if flag.startswith(here):
            return there + flag.removeprefix(here)
    return None


def _meta(name: str, newest: Mapping[str, str]) -> dict[str, str]:
    sources = {
        "releases": "the metadata and requirement files of each release; date = the day its "
        "source archive was made",
        "flags": "the functions that fill the argument parser of `vllm serve`; default, bounds: "
        "by the first release of each; choices: the values it takes, from `checked` on and "
        "before `unchecked`; loose: whatever their case; keys: those of a value in JSON",
        "variables": "vllm/envs.py; choices: the only values that it takes",
        "parsers": "the parser registries; names that a plugin registers come on top; names of "
        "one class mean the same in the newest release",
        "speculation": "vllm/config/speculative.py; keys of --speculative-config since 0.8.2",
        "architectures": "vllm/model_executor/models/registry.py",
        "recipes": "recipes/ of the newest release; weights: the least that they take, in GB",
    }
    plain = name in ("releases", "recipes")
    return {**newest, "source": sources[name], **({} if plain else {"life": _LIFE})}


def _current(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The rows, the classes only of what the newest release has."""
    for row in rows.values():
        if "removed" in row and "readded" not in row:
            row.pop("class", None)
    return rows


def _sorted(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: {cell: row[cell] for cell in _ORDER if cell in row} for name, row in rows.items()}


def text(table: Mapping[str, Any]) -> str:
    """A table as YAML, a line for each row."""
    lines = [_HEAD]
    for name, rows in table.items():
        lines.append(f"{name}:\n" if rows else f"{name}: {{}}\n")
        lines += (f"  {_flow(key)}: {_flow(row)}\n" for key, row in rows.items())
    return "".join(lines)


def _flow(value: Any) -> str:
    dumped = yaml.safe_dump(
        value, default_flow_style=True, width=math.inf, sort_keys=False, allow_unicode=True
    )
    return dumped.removesuffix("\n").removesuffix("\n...")


def write(tables: Tables, folder: Path) -> list[str]:
    """Write the tables that changed, all of them or none; gives the names of the files."""
    made = {folder / f"{name}.yaml": text(table) for name, table in tables.items()}
    changed = [
        file
        for file, content in made.items()
        if not file.exists() or file.read_text(encoding="utf-8") != content
    ]
    scratches = [file.with_suffix(".part") for file in changed]
    for file, scratch in zip(changed, scratches, strict=True):
        scratch.write_text(made[file], encoding="utf-8")
    for file, scratch in zip(changed, scratches, strict=True):
        scratch.replace(file)
    return [file.name for file in changed]
