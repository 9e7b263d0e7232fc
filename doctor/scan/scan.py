"""A scan: which files, what is found in each, what is kept for the next time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from doctor import sources
from doctor.base.errors import DoctorError
from doctor.base.failure import Failure
from doctor.base.record import Record
from doctor.config import Config, from_mapping
from doctor.diagnostic import Diagnostic, Severity, Source
from doctor.scan.cache import Examination, Results
from doctor.scan.examiner import Examiner
from doctor.scan.gather import gather
from doctor.scan.parallel import examine_all
from doctor.sources import Omitted


class Result(Record):
    """What a scan found; ``problems`` are sentences about what could not be done.

    ``failures`` are faults of ours, by the names of the files in which they happened, and
    ``omitted`` is what was named and left out.
    """

    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, Source]
    files: int
    problems: tuple[str, ...] = ()
    failures: tuple[tuple[str, Failure], ...] = ()
    omitted: tuple[Omitted, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a part of what was asked for could not be done."""
        return bool(self.problems or self.failures)

    def holds(self, least: Severity) -> bool:
        """Whether anything of this severity, or worse, was found."""
        return any(diagnostic.severity.rank >= least.rank for diagnostic in self.diagnostics)


def _unwatched(examinations: Iterator[Examination], count: int) -> Iterator[Examination]:
    return examinations


class Means(Record):
    """How a scan goes about its work.

    ``kept``: whether results are taken from earlier scans and left to later ones. ``processes``:
    the most that share many scripts; None for one a processor, within reason. ``watch`` gets the
    examinations as they come, and their number, and passes them on.
    """

    kept: bool = True
    processes: int | None = None
    watch: Callable[[Iterator[Examination], int], Iterator[Examination]] = _unwatched


def scan(
    paths: Sequence[str],
    config: Config,
    stdin: BinaryIO | None = None,
    stdin_filename: str = "<stdin>",
    means: Means = Means(),  # noqa: B008 - it is never changed
    only: frozenset[str] | None = None,
) -> Result:
    """Examine the scripts that the paths mean; of ``only`` these files if it is not None."""
    examiner = Examiner(config, paths)
    examiner.refuse_wrong_references()
    results = Results(config, examiner.loader, means.kept)
    given = gather(sources.discover(paths, config, stdin, stdin_filename, only))
    diagnostics: list[Diagnostic] = []
    failures: list[tuple[str, Failure]] = []
    changed = []
    for found in given.scripts:
        known = results.find(found)
        if known is None:
            changed.append(found)
        else:
            diagnostics += known
    examinations = examine_all(examiner, changed, means.processes)
    for done in means.watch(examinations, len(changed)):
        diagnostics += done.diagnostics
        failures += [(done.script.filename, each) for each in done.failures]
        results.add(done)
    results.write()
    diagnostics += examiner.examine_knowledge()
    found_in_order = tuple(_told_once(sorted(diagnostics, key=_order)))
    return Result(
        found_in_order,
        examiner.texts,
        len(given.scripts),
        given.problems,
        tuple(failures),
        given.omitted,
    )


def scan_text(
    text: str | bytes, filename: str, config: Config | Mapping[str, object] | None = None
) -> list[Diagnostic]:
    """Examine one script that is at hand; ``config`` may be a table as in the file.

    Raises ``DoctorError`` where a fault of ours costs a part of what would have been found.
    """
    if not isinstance(config, Config):
        config = from_mapping(config or {}, Path.cwd())
    found = sources.decode(text.encode() if isinstance(text, str) else text, filename)
    done = Examiner(config).examination(found)
    for failure in done.failures:
        raise DoctorError(str(failure), filename)
    return sorted(done.diagnostics, key=_order)


def _order(diagnostic: Diagnostic) -> tuple[object, ...]:
    place = diagnostic.location
    return place.filename, place.start, diagnostic.code, diagnostic.message


def _told_once(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """What several scripts lead to, which read one file, is told once, as its own scan tells it.

    Only then it can be mended; the other places it is about are those of all the scripts.
    """
    for _, alike in groupby(diagnostics, key=_order):
        several = list(alike)
        best = max(several, key=lambda each: (each.fix is not None, each.severity.rank))
        related = dict.fromkeys(place for each in (best, *several) for place in each.related)
        yield replace(best, related=tuple(related))
