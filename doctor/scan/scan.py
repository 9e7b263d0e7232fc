"""A scan: which files, what is found in each, what is kept for the next time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from doctor import sources
from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.config import Config, from_mapping
from doctor.diagnostic import Diagnostic, Source
from doctor.scan.cache import Examination, Results
from doctor.scan.examiner import Examiner
from doctor.scan.gather import gather
from doctor.scan.parallel import examine_all
from doctor.scan.result import Result, baseline_of, order, result
from doctor.scan.run import Run
from doctor.sources import Unexamined


def _unwatched(examinations: Iterator[Examination], count: int) -> Iterator[Examination]:
    return examinations


class Means(Record):
    """How a scan goes about its work.

    ``kept``: whether results are taken from earlier scans and left to later ones. ``processes``:
    the most that share many scripts; None for one a processor, within reason. ``watch`` gets the
    examinations as they come, and their number, and passes them on. ``renew``: whether the
    baseline is to be made anew, and need not be there yet.
    """

    kept: bool = True
    processes: int | None = None
    watch: Callable[[Iterator[Examination], int], Iterator[Examination]] = _unwatched
    renew: bool = False


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
    known_before = baseline_of(config, means.renew)
    results = Results(config, examiner.loader, examiner.cluster, means.kept)
    given = gather(sources.discover(paths, config, stdin, stdin_filename, only))
    done = _examined(given.scripts, examiner, results, means)
    run = examiner.run = Run.of({name: each.told for name, each in done.items()})
    again = [each.script for name, each in done.items() if each.waits_for(run.tells(name))]
    done |= _examined(again, examiner, results, means)
    results.write()
    diagnostics = [*chain(*(each.diagnostics for each in done.values()))]
    diagnostics += examiner.examine_knowledge()
    failures = [(name, failure) for name, each in done.items() for failure in each.failures]
    return result(diagnostics, given, examiner, known_before, failures)


def _examined(
    scripts: Sequence[Source | Unexamined], examiner: Examiner, results: Results, means: Means
) -> dict[str, Examination]:
    """The examinations of the scripts by their names, those that are known not made again."""
    run = examiner.run
    known = {each.filename: results.find(each, run.tells(each.filename)) for each in scripts}
    done = {name: found for name, found in known.items() if found is not None}
    changed = [each for each in scripts if each.filename not in done]
    examinations = examine_all(examiner, changed, means.processes)
    for each in means.watch(examinations, len(changed)):
        done[each.script.filename] = each
        results.add(each, run.tells(each.script.filename))
    return done


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
    return sorted(done.diagnostics, key=order)
