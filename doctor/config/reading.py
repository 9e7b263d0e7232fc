"""A file of configuration: `.vllm-doctor.toml`, `[tool.vllm-doctor]` in `pyproject.toml`, others.

Paths in a file are relative to its own folder, and so are patterns if the project lies there. Else
the file is for several projects, by `extend` or for a whole site, and its patterns speak of each.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

from doctor.base.errors import DoctorError, nearest
from doctor.config.config import Config, Exclusion, FileIgnores, wrong_pattern
from doctor.config.keys import KEYS, READERS
from doctor.config.text import line_of, parsed, text_of

PYPROJECT = "pyproject.toml"


def read(path: Path) -> Config:
    """What one file says, with those that it extends; it is refused if it has no configuration."""
    layers = layers_of(path)
    if not layers:
        raise DoctorError("there is no table [tool.vllm-doctor] in this file", str(path))
    return joined(layers, layers[-1])


def joined(layers: Iterable[Config], project: Config | None) -> Config:
    """What the files say together, the weakest first, as that of a project's configuration."""
    begin = Config()
    if project is not None:
        begin = Config(root=project.root, filename=project.filename)
    return reduce(Config.overridden, layers, begin)


def layers_of(path: Path, root: Path | None = None) -> list[Config]:
    """What a file says, after those that it extends; nothing if it is no configuration.

    ``root`` is the folder of the project; None for the file's own.
    """
    return _layers(path, root or absolute(str(path)).parent, ())


def _layers(path: Path, root: Path, extending: tuple[Path, ...]) -> list[Config]:
    text = text_of(path)
    table = _table(path, text)
    if table is None:
        return []
    folder = absolute(str(path)).parent
    patterns = folder if root.is_relative_to(folder) else root
    own = from_mapping(table, patterns, str(path), text, folder)
    if "extend" not in table:
        return [own]
    place = str(path), line_of("extend", text)
    base = folder / Path(str(table["extend"])).expanduser()
    if base.resolve() in (seen := (*extending, path.resolve())):
        raise DoctorError(f"{near(base)} extends itself", *place)
    if not base.is_file():
        raise DoctorError(f"{near(base)}, which is to be extended, does not exist", *place)
    layers = _layers(near(base), root, seen)
    if not layers:
        raise DoctorError(f"{near(base)} has no table [tool.vllm-doctor] to be extended", *place)
    return [*layers, own]


def _table(path: Path, text: str) -> dict[str, Any] | None:
    """The table of settings, or None; only ``pyproject.toml`` holds other things too."""
    if path.name == PYPROJECT and "vllm-doctor" not in text:
        return None  # saves parsing it
    table: object = parsed(text, str(path))
    if path.name == PYPROJECT:
        for key in ("tool", "vllm-doctor"):
            table = table.get(key) if isinstance(table, dict) else None
        if table is None:
            return None
    if not isinstance(table, dict):
        raise DoctorError("tool.vllm-doctor must be a table", str(path))
    return table


def from_mapping(
    table: Mapping[str, object],
    root: Path,
    filename: str | None = None,
    text: str = "",
    folder: Path | None = None,
) -> Config:
    """The configuration that a table of settings says; wrong ones are refused.

    Patterns are relative to the ``root``, paths to the ``folder``, which is the root if None.
    """
    values: dict[str, Any] = {}
    for key in sorted(table, key=lambda key: key != "required-version"):
        if key not in READERS:  # a later release may know it: its version was looked at first
            problem = f"unknown key {key!r}" + nearest(key, KEYS)
            raise DoctorError(problem, filename, line_of(key, text))
        try:
            values[key.replace("-", "_")] = READERS[key](table[key])
        except ValueError as error:
            raise DoctorError(f"{key} {error}", filename, line_of(key, text)) from None
    values.pop("extend", None)
    given = dict.fromkeys(values, filename or "the configuration")
    _place_paths(values, folder or root, filename, text)
    _place_patterns(values, root, filename, text)
    files = (filename,) if filename else ()
    return Config(root=root, filename=filename, given=given, files=files, **values)


def _place_paths(values: dict[str, Any], folder: Path, filename: str | None, text: str) -> None:
    """Say of each path where it lies; those that have to exist are refused if they don't."""
    for key in ("kb", "rules"):
        if key in values:
            values[key] = tuple(near(folder / path.expanduser()) for path in values[key])
        for path in values.get(key, ()):
            if not path.exists():
                problem = f"{path}, given as {key}, does not exist"
                raise DoctorError(problem, filename, line_of(key, text))
    if "register" in values:
        values["register"] = folder / values["register"].expanduser()
    if "baseline" in values:
        values["baseline"] = near(folder / values["baseline"].expanduser())


def _place_patterns(values: dict[str, Any], root: Path, filename: str | None, text: str) -> None:
    """Say of each pattern what it is relative to; wrong ones are refused."""
    for key in ("exclude", "extend_exclude", "per_file_ignores"):
        if (wrong := wrong_pattern(tuple(values.get(key, ())))) is not None:
            raise DoctorError(wrong[1], filename, line_of(wrong[0], text))
    for key in ("exclude", "extend_exclude"):
        if key in values:
            name = key.replace("_", "-")
            said = f"{name} in {filename}" if filename else f"--{name}"
            values[key] = (Exclusion(root, values[key], said),)
    if "per_file_ignores" in values:
        rows = values["per_file_ignores"].items()
        values["per_file_ignores"] = tuple(FileIgnores(root, *row) for row in rows)


def absolute(path: str) -> Path:
    """The path from the root, links not followed."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.resolve would follow links


def near(path: Path) -> Path:
    """A path as people write it: from where they are, if it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
