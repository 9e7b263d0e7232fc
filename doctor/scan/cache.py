"""What was found in scripts, kept: one that hasn't changed needn't be examined again.

The diagnostics of a script follow from its text, from the files that it names, from the
configuration, and from this tool with its rules and its knowledge, of which only what the register
holds depends on the date. One file for each folder in which one scans; nothing is lost if it is
deleted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from doctor.base.data import data_folder
from doctor.base.failure import Failure
from doctor.base.folders import paths_below
from doctor.base.kept import keep, recall
from doctor.base.record import Record
from doctor.config import Config
from doctor.diagnostic import (
    Applicability,
    Diagnostic,
    Edit,
    Fix,
    Location,
    Position,
    Related,
    Severity,
    Source,
)
from doctor.scan.loading import Loader, digest
from doctor.scan.run import Told
from doctor.slurm.conf import Cluster
from doctor.sources import Unexamined

#: How many scripts' results are kept for a folder, besides those of the last scan.
MOST_KEPT = 2000


class Examination(Record):
    """What an examination found in a script; ``asked`` are the files that it looked for.

    Their names, and fingerprints of what they held; None is for one that isn't there.
    ``told`` is what it tells the other scripts of a run, ``waits`` what of the others its
    diagnostics rest on. ``failures`` are the faults of ours on the way: something may be missing.
    """

    script: Source | Unexamined
    diagnostics: Sequence[Diagnostic]
    asked: Mapping[str, str | None]
    failures: Sequence[Failure] = ()
    told: Told = field(default_factory=dict)
    waits: frozenset[str] = frozenset()

    def waits_for(self, run: Told) -> bool:
        """Whether it would have to be made again, now that all scripts of the run have told."""
        return any(run.get(path) != self.told.get(path) for path in self.waits)


class Results:
    """The results of earlier scans in this folder; ``loader`` reads what scripts name.

    Unless they are ``kept`` there are none, and none are left to later scans. ``cluster`` is the
    one that one is on.
    """

    def __init__(
        self, config: Config, loader: Loader, cluster: Cluster | None, kept: bool = True
    ) -> None:
        self._loader = loader
        self._kept = kept
        alike = replace(config, baseline=None)  # it tells what is held back, not what is found
        self._basis = digest(repr(alike), repr(cluster), *loader.scanned, *_state(config))
        self._name = f"results-{digest(os.path.realpath(''))}"
        earlier = recall(self._name) if kept else None
        self._earlier: dict[str, Any] = earlier if isinstance(earlier, dict) else {}
        self._current: dict[str, Any] = {}
        self._has_news = False

    def find(self, script: Source | Unexamined, run: Told) -> Examination | None:
        """What was found in a script before, if nothing has changed; ``run`` is as for ``add``."""
        if isinstance(script, Unexamined):
            return None
        key = self._key(script, run)
        if key not in self._earlier:
            return None
        asked, packed, told, waits = self._earlier[key]
        if any(self._loader.fingerprint(name) != was for name, was in asked.items()):
            return None
        self._current[key] = self._earlier[key]
        self._loader.texts[script.filename] = script
        found = [_unpacked(*each) for each in packed]
        told = {path: frozenset(values) for path, values in told.items()}
        return Examination(script, found, asked, (), told, frozenset(waits))

    def add(self, done: Examination, run: Told) -> None:
        """Note what an examination found, if it was a whole one.

        ``run`` is what the other scripts told it. What could not be read may be readable next
        time, and what failed may work.
        """
        script = done.script
        if isinstance(script, Source) and not done.failures:
            packed = [_packed(diagnostic) for diagnostic in done.diagnostics]
            told = {path: sorted(values) for path, values in done.told.items()}
            kept = done.asked, packed, told, sorted(done.waits)
            self._current[self._key(script, run)] = kept
            self._has_news = True

    def write(self) -> None:
        """Keep the results for the next scan, the latest first."""
        if self._has_news and self._kept:
            older = (item for item in self._earlier.items() if item[0] not in self._current)
            keep(self._name, dict(chain(self._current.items(), islice(older, MOST_KEPT))))

    def _key(self, script: Source, run: Told) -> str:
        others = [f"{path} {sorted(values)}" for path, values in sorted(run.items())]
        return digest(self._basis, script.filename, script.encoding, script.text, *others)


def _state(config: Config) -> Iterator[str]:
    """What every result rests on: files, by when each was last changed, and unfit nodes."""
    yield from _stamps(Path(__file__).parents[1], ".py")
    for place in (data_folder("rules"), *config.rules):
        yield from _stamps(place, ".yaml", ".yml")
    for place in (data_folder("kb"), *config.kb):
        yield from _stamps(place, ".md", ".yaml")
    if config.register:
        from doctor.knowledge.register import unfit

        yield from sorted(map(repr, unfit(config.register).values()))


def _stamps(place: Path, *suffixes: str) -> Iterator[str]:
    for path in paths_below(place, suffixes) if place.is_dir() else [str(place)]:
        try:
            status = os.stat(path)
            yield f"{path} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
        except OSError as problem:
            yield f"{path} {problem.errno}"


# --- diagnostics as plain data --------------------------------------------------------------


def _packed(found: Diagnostic) -> list[Any]:
    related = [[each.message, _place(each.location)] for each in found.related]
    fix = found.fix and [
        found.fix.applicability.value,
        found.fix.message,
        [[_place(edit.location), edit.content] for edit in found.fix.edits],
    ]
    words = [found.code, found.name, found.severity.value, found.fault, found.lesson]
    more = [found.why, found.help, found.condition, found.once_a_run]
    return [words, _place(found.location), related, fix, more]


def _place(location: Location) -> list[Any]:
    start, end = location.start, location.end
    numbers = [start.row, start.column, start.offset, end.row, end.column, end.offset]
    return [location.filename, location.within, *numbers]


def _unpacked(words: Any, place: Any, related: Any, fix: Any, more: Any) -> Diagnostic:
    code, name, severity, fault, lesson = words
    return Diagnostic(
        code,
        name,
        Severity(severity),
        fault,
        _location(*place),
        tuple(Related(about, _location(*there)) for about, there in related),
        lesson,
        fix and _fix(*fix),
        *more,
    )


def _fix(applicability: str, message: str, edits: Sequence[Any]) -> Fix:
    made = tuple(Edit(_location(*place), content) for place, content in edits)
    return Fix(Applicability(applicability), message, made)


def _location(filename: str, within: str, *numbers: int) -> Location:
    return Location(filename, Position(*numbers[:3]), Position(*numbers[3:]), within)
