"""What the user wants: what the files of configuration say, taken together."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.config.ignores import MAX_CHARACTERS, MAX_PATTERNS, Ignores
from doctor.config.selection import complaint, matches, matches_any
from doctor.config.text import line_of, text_of

#: Of these keys each file adds to what others say, and a table gains its rows; of the rest the
#: last file decides.
ADDING = ("ignore", "extend_exclude", "per_file_ignores", "kb", "rules")


class Exclusion(Record):
    """Patterns of what is to be left alone, relative to a folder; ``said`` is where they stand."""

    root: Path
    patterns: tuple[str, ...]
    said: str

    def means(self, path: str, folder: bool = False) -> bool:
        """Whether the patterns mean a file or folder, or a folder above it."""
        return _meant(self._ignores, path, self.root, folder)

    @cached_property
    def _ignores(self) -> Ignores:
        return Ignores(self.patterns)


class FileIgnores(Record):
    """What is ignored in the files that a pattern means, which is relative to a folder."""

    root: Path
    pattern: str
    selectors: tuple[str, ...]

    def means(self, path: str) -> bool:
        """Whether the pattern means a file, or a folder above it."""
        return _meant(self._ignores, path, self.root)

    @cached_property
    def _ignores(self) -> Ignores:
        return Ignores([self.pattern])


class Config(Record):
    """What a configuration says; the fields are its keys, with ``_`` for ``-``.

    ``filename`` is the project's file, and ``root`` its folder.
    """

    root: Path = field(default_factory=Path.cwd)
    filename: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[Exclusion, ...] = ()
    extend_exclude: tuple[Exclusion, ...] = ()
    force_exclude: bool = False
    respect_gitignore: bool = True
    per_file_ignores: tuple[FileIgnores, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)
    bad_nodes: tuple[str, ...] | None = None
    vllm_version: str | None = None
    shared_folders: tuple[str, ...] = ()
    gpu_types: Mapping[str, str] = field(default_factory=dict)
    slurm: bool = False
    register: Path | None = None
    baseline: Path | None = None
    kb: tuple[Path, ...] = ()
    rules: tuple[Path, ...] = ()
    required_version: str | None = None
    #: No key: which file was the last to say something, by the field.
    given: Mapping[str, str] = field(default_factory=dict)
    #: No key: the files that are in force, the last one the strongest.
    files: tuple[str, ...] = ()
    #: No key: the files of strangers that could have been the configuration.
    passed_over: tuple[str, ...] = ()

    def excluded_by(self, path: str, folder: bool = False) -> str | None:
        """Where it stands that a file or folder is to be left alone; None if nowhere."""
        for exclusion in (*self.exclude, *self.extend_exclude):
            if exclusion.means(path, folder):
                return exclusion.said
        return None

    def ignores_for(self, path: str) -> tuple[str, ...]:
        """What is ignored in this file: `ignore`, and `per-file-ignores` for it."""
        found = (each.selectors for each in self.per_file_ignores if each.means(path))
        return self.ignore + tuple(chain.from_iterable(found))

    def wants(self, code: str, name: str, path: str) -> bool:
        """Whether a rule is to speak of a file."""
        if matches_any(self.ignores_for(path), code, name) or self.severity_of(code, name) == "off":
            return False
        return not self.select or matches_any(self.select, code, name)

    def severity_of(self, code: str, name: str) -> str | None:
        """The severity that the configuration gives to a rule; the longest selector wins."""
        selectors = [word for word in self.severity if matches(word, code, name)]
        return self.severity[max(selectors, key=len)] if selectors else None

    def overridden(self, by: Config) -> Config:
        """This configuration with what a stronger one says, be it a file or a command line."""
        values = {}
        for name in by.given:
            weaker, stronger = getattr(self, name), getattr(by, name)
            if name in ADDING:
                stronger = weaker + stronger
            elif isinstance(stronger, Mapping):
                stronger = {**weaker, **stronger}
            values[name] = stronger
        given = {**self.given, **by.given}
        return replace(self, **values, given=given, files=self.files + by.files)

    @property
    def names_rules(self) -> bool:
        """Whether it speaks of any rule, so that ``refuse_unknown`` has something to do."""
        return bool(self.select or self.ignore or self.per_file_ignores or self.severity)

    def refuse_unknown(self, known: Mapping[str, str]) -> None:
        """Refuse a selector that means none of the known rules (code → name)."""
        per_file = [word for each in self.per_file_ignores for word in each.selectors]
        for selector in (*self.select, *self.ignore, *per_file, *self.severity):
            if (problem := complaint(selector, known)) is not None:
                raise self._refusal(selector, problem)

    def _refusal(self, word: str, problem: str) -> DoctorError:
        for filename in reversed(self.files):
            if (line := line_of(word, text_of(Path(filename)))) is not None:
                return DoctorError(problem, filename, line)
        return DoctorError(problem)


def wrong_pattern(patterns: Sequence[str]) -> tuple[str, str] | None:
    """The first pattern that can't be used, and why; None if all can."""
    if len(patterns) > MAX_PATTERNS or sum(map(len, patterns)) > MAX_CHARACTERS:
        why = f"these are more than {MAX_PATTERNS:,} patterns, or {MAX_CHARACTERS:,} characters"
        return patterns[0], why
    for pattern in patterns:
        try:
            Ignores([pattern])
        except re.error:
            return pattern, f"{pattern!r} is not a pattern as in a .gitignore"
    return None


def _meant(ignores: Ignores, path: str, root: Path, folder: bool = False) -> bool:
    relative = os.path.relpath(path, root)
    if relative == "." or relative.startswith(".."):
        return False
    return ignores.mean(relative, folder)
