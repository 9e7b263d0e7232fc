"""The configuration: `.vllm-doctor.toml`, or `[tool.vllm-doctor]` in `pyproject.toml`.

The file in force is the one in the nearest folder that holds all the scanned paths, or in a
folder above it; in one folder `.vllm-doctor.toml` wins. Its patterns and paths are relative to
the folder that it stands in.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from doctor.base.errors import DoctorError, nearest
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.base.regular import read_regular
from doctor.config.ignores import MAX_CHARACTERS, MAX_PATTERNS, Ignores
from doctor.config.keys import READERS
from doctor.config.selection import complaint, matches

FILENAME = ".vllm-doctor.toml"
MAX_BYTES = 1 << 20
_PYPROJECT = "pyproject.toml"
_DEEP_KEY = regex(r"(?:[\w'\"-]{1,64}[ \t]*\.[ \t]*){32}")  # reading it takes quadratic time


class Config(Record):
    """What a configuration says; the fields are its keys, with ``_`` for ``-``."""

    root: Path = field(default_factory=Path.cwd)
    filename: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    severity: Mapping[str, str] = field(default_factory=dict)
    bad_nodes: tuple[str, ...] | None = None
    vllm_version: str | None = None
    shared_folders: tuple[str, ...] = ()
    slurm: bool = False
    register: Path | None = None
    kb: tuple[Path, ...] = ()
    rules: tuple[Path, ...] = ()
    #: No key: the files of strangers that could have been the configuration.
    passed_over: tuple[str, ...] = ()

    def excludes(self, path: str, folder: bool = False) -> bool:
        """Whether `exclude` means this file or folder."""
        return bool(self.exclude) and self._matches(self._excluded, path, folder)

    def ignores_for(self, path: str) -> tuple[str, ...]:
        """What is ignored in this file: `ignore`, and `per-file-ignores` for it."""
        return self.ignore + tuple(
            selector
            for spec, selectors in self._per_file
            if self._matches(spec, path)
            for selector in selectors
        )

    def severity_of(self, code: str, name: str) -> str | None:
        """The severity that the configuration gives to a rule; the longest selector wins."""
        selectors = [word for word in self.severity if matches(word, code, name)]
        return self.severity[max(selectors, key=len)] if selectors else None

    def overridden(self, by: Config) -> Config:
        """This configuration with what a command line says: it adds, or takes precedence."""
        return replace(
            self,
            select=by.select or self.select,
            ignore=self.ignore + by.ignore,
            vllm_version=by.vllm_version or self.vllm_version,
            kb=self.kb + by.kb,
            rules=self.rules + by.rules,
        )

    @property
    def names_rules(self) -> bool:
        """Whether it speaks of any rule, so that ``refuse_unknown`` has something to do."""
        return bool(self.select or self.ignore or self.per_file_ignores or self.severity)

    def refuse_unknown(self, known: Mapping[str, str]) -> None:
        """Refuse a selector that means none of the known rules (code → name)."""
        per_file = [word for words in self.per_file_ignores.values() for word in words]
        for selector in (*self.select, *self.ignore, *per_file, *self.severity):
            if (problem := complaint(selector, known)) is not None:
                raise self._refusal(selector, problem)

    def _refusal(self, word: str, problem: str) -> DoctorError:
        line = _line_of(word, _text(Path(self.filename)) if self.filename else "")
        return DoctorError(problem, self.filename if line else None, line)

    @cached_property
    def _excluded(self) -> Ignores:
        return Ignores(self.exclude)

    @cached_property
    def _per_file(self) -> tuple[tuple[Ignores, tuple[str, ...]], ...]:
        return tuple((Ignores([p]), words) for p, words in self.per_file_ignores.items())

    def _matches(self, ignores: Ignores, path: str, folder: bool = False) -> bool:
        relative = os.path.relpath(path, self.root)
        if relative == "." or relative.startswith(".."):
            return False
        return ignores.mean(relative, folder)


def _wrong_pattern(patterns: Sequence[str]) -> tuple[str, str] | None:
    """The first pattern that can't be used, and why; None if all can."""
    if len(patterns) > MAX_PATTERNS or sum(map(len, patterns)) > MAX_CHARACTERS:
        why = f"these are more than {MAX_PATTERNS:,} patterns, or {MAX_CHARACTERS:,} characters"
        return patterns[0], why
    for pattern in patterns:
        try:
            Ignores([pattern])
        except re.error:
            return pattern, f"{pattern!r} is no pattern as in a .gitignore"
    return None


# --- reading ---------------------------------------------------------------------------------


def find(paths: Iterable[str]) -> Config:
    """The configuration in force for the paths; the default one where there is no file.

    One that a stranger has put above the paths, as anybody may in /tmp, is passed over.
    """
    folders = [path if path.is_dir() else path.parent for path in map(_absolute, paths)]
    start = Path(os.path.commonpath(folders)) if folders else Path.cwd()
    passed_over: list[str] = []
    for folder in (start, *start.parents):
        for name in (FILENAME, _PYPROJECT):
            path = _near(folder / name)
            with suppress(OSError):  # there is none, or it may not be looked at
                if not path.is_file():
                    continue
                if _is_strangers(path, start):
                    passed_over += [str(path)] if _holds_table(path) else []
                elif (config := _read(path)) is not None:
                    return replace(config, passed_over=tuple(passed_over))
    return Config(passed_over=tuple(passed_over))


def _is_strangers(path: Path, start: Path) -> bool:
    """Whether a file, or the link to it, is neither ours nor root's nor of whom the start is.

    In the start itself, whoever may write there is none, unless everybody may.
    """
    owner = path.lstat().st_uid
    if owner in (os.geteuid(), 0):
        return False
    status = start.stat()
    within = path.parent.absolute() == start and not status.st_mode & stat.S_IWOTH
    return not within and owner != status.st_uid


def _holds_table(path: Path) -> bool:
    """Whether it is worth a word that a file is passed over."""
    return path.name == FILENAME or b"vllm-doctor" in read_regular(path, MAX_BYTES)


def _absolute(path: str) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.resolve would follow links


def _near(path: Path) -> Path:
    """A path as people write it: from where they are, if it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def read(path: Path) -> Config:
    """The configuration of one file; it is refused if it has none."""
    config = _read(path)
    if config is None:
        raise DoctorError("there is no table [tool.vllm-doctor] in this file", str(path))
    return config


def from_mapping(
    table: Mapping[str, object], root: Path, filename: str | None = None, text: str = ""
) -> Config:
    """The configuration that a table of settings says; wrong ones are refused."""
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in READERS:
            problem = f"unknown key {key!r}" + nearest(key, list(READERS))
            raise DoctorError(problem, filename, _line_of(key, text))
        try:
            values[key.replace("-", "_")] = READERS[key](value)
        except ValueError as error:
            raise DoctorError(f"{key} {error}", filename, _line_of(key, text)) from None
    for key in ("kb", "rules"):
        values[key] = tuple(_near(root / path.expanduser()) for path in values.get(key, ()))
        for path in values[key]:
            if not path.exists():
                problem = f"{path}, given as {key}, does not exist"
                raise DoctorError(problem, filename, _line_of(key, text))
    for key in ("exclude", "per_file_ignores"):
        if (wrong := _wrong_pattern(tuple(values.get(key, ())))) is not None:
            raise DoctorError(wrong[1], filename, _line_of(wrong[0], text))
    if "register" in values:
        values["register"] = root / values["register"].expanduser()
    return Config(root=root, filename=filename, **values)


def _read(path: Path) -> Config | None:
    """The configuration in a file, or None; only ``pyproject.toml`` holds other things too."""
    text = _text(path)
    if path.name == _PYPROJECT and "vllm-doctor" not in text:
        return None  # saves parsing it
    table: object = _parse(text, str(path))
    if path.name == _PYPROJECT:
        for key in ("tool", "vllm-doctor"):
            table = table.get(key) if isinstance(table, dict) else None
        if table is None:
            return None
    if not isinstance(table, dict):
        raise DoctorError("tool.vllm-doctor must be a table", str(path))
    return from_mapping(table, _absolute(str(path)).parent, str(path), text)


def _text(path: Path) -> str:
    try:
        content = read_regular(path, MAX_BYTES)
    except OSError as error:
        raise DoctorError(f"can't be read: {error.strerror}", str(path)) from None
    if len(content) > MAX_BYTES:
        raise DoctorError(f"is larger than {MAX_BYTES >> 20} MiB", str(path))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DoctorError("is not UTF-8 text", str(path), line) from None


def _parse(text: str, filename: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    if (deep := _DEEP_KEY.search(text)) is not None:
        line = text.count("\n", 0, deep.start()) + 1
        raise DoctorError("a key has more than 32 parts", filename, line)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise DoctorError("lists or tables are nested too deep", filename) from None
    except tomllib.TOMLDecodeError as error:
        problem, line = str(error), len(text.splitlines())
        if place := re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", problem):
            problem, line = problem[: place.start()], int(place[1] or line)
        raise DoctorError(f"this is not TOML: {problem}", filename, line) from None


def _line_of(word: str, text: str) -> int | None:
    """The line that sets a key, else the first that holds the word."""
    quoted = re.escape(word)
    for pattern in (
        rf"^\s*(?:\[[^\]\n]*)?[\"']?{quoted}[\"']?\s*[\]=.]",
        rf"(?<![\w-]){quoted}(?![\w-])",
    ):
        if (found := re.search(pattern, text, re.MULTILINE)) is not None:
            return text.count("\n", 0, found.end()) + 1
    return None
