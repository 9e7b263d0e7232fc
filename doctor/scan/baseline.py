"""A baseline: what was found once, and is held back as long as nobody touches it.

It is a file of JSON that a project commits. An entry names a file, relative to the baseline's
folder, a rule, the fingerprint of a line, and how often the rule speaks of lines like that one:
lines may move, and what is found once more than it says is new.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.base.regular import read_regular
from doctor.diagnostic import Diagnostic, Source
from doctor.scan.fingerprint import fingerprint

_VERSION = 1
_MAX_BYTES = 1 << 24


class Entry(NamedTuple):
    """What a baseline knows a diagnostic by."""

    file: str
    code: str
    fingerprint: str


#: Whether a scan has judged what an entry is about: its file by its rule.
Judged = Callable[[Entry], bool]


class Baseline(Record):
    """How many diagnostics of each kind are held back."""

    path: Path
    counts: Mapping[Entry, int]

    def split(
        self, found: Iterable[Diagnostic], sources: Mapping[str, Source]
    ) -> tuple[list[Diagnostic], list[Diagnostic]]:
        """What is new, and what is held back: of alike ones the first."""
        left = Counter(self.counts)
        new, held = list[Diagnostic](), list[Diagnostic]()
        for each in found:
            entry = self._entry(each, sources)
            (held if left[entry] > 0 else new).append(each)
            left[entry] -= 1
        return new, held

    def renewed(
        self, found: Iterable[Diagnostic], sources: Mapping[str, Source], judged: Judged
    ) -> Baseline:
        """The baseline that holds back all that was found, and what this scan didn't judge."""
        counts = Counter(self._entry(each, sources) for each in found)
        for entry, count in self.counts.items():
            if not judged(entry) and (self._folder / entry.file).exists():
                counts[entry] = max(count, counts[entry])
        return Baseline(self.path, counts)

    def name(self, filename: str) -> str:
        """A file as the baseline names it."""
        return os.path.relpath(filename, self._folder)

    @property
    def total(self) -> int:
        """How many diagnostics it holds back at most."""
        return sum(self.counts.values())

    @property
    def text(self) -> str:
        """The baseline as its file has it, an entry a line."""
        rows = (
            json.dumps({**entry._asdict(), "count": n}) for entry, n in sorted(self.counts.items())
        )
        held = ",".join(f"\n    {row}" for row in rows)
        return f'{{\n  "version": {_VERSION},\n  "held": [{held}\n  ]\n}}\n'

    @property
    def _folder(self) -> Path:
        return self.path.parent

    def _entry(self, found: Diagnostic, sources: Mapping[str, Source]) -> Entry:
        filename = found.location.filename
        name = self.name(filename)
        return Entry(name, found.code, fingerprint(found, sources.get(filename), name))


class Held(Record):
    """What a baseline holds back; ``renewed`` is the one that would hold all that was found."""

    known: Baseline
    diagnostics: tuple[Diagnostic, ...]
    renewed: Baseline

    @property
    def obsolete(self) -> int:
        """How many of the baseline's diagnostics aren't there any more."""
        counts = self.renewed.counts
        return sum(max(0, n - counts.get(entry, 0)) for entry, n in self.known.counts.items())


def read(path: Path) -> Baseline:
    """The baseline in a file; it is refused if it can't be read, or is none."""
    try:
        content = read_regular(path, _MAX_BYTES)
    except FileNotFoundError:
        problem = "there is no such baseline; --update-baseline makes one"
        raise DoctorError(problem, str(path)) from None
    except OSError as error:
        raise DoctorError(f"can't be read: {error.strerror}", str(path)) from None
    try:
        return Baseline(path, dict(map(_counted, _entries(json.loads(content)))))
    except (ValueError, TypeError, KeyError, RecursionError):
        problem = "this is no baseline; delete it, and --update-baseline makes one"
        raise DoctorError(problem, str(path)) from None


def _entries(data: Any) -> Sequence[Any]:
    if data["version"] != _VERSION or not isinstance(data["held"], list):
        raise ValueError
    return data["held"]


def _counted(entry: Any) -> tuple[Entry, int]:
    words, count = [entry["file"], entry["code"], entry["fingerprint"]], entry["count"]
    if not all(isinstance(word, str) for word in words) or type(count) is not int:
        raise ValueError
    return Entry(*words), count
