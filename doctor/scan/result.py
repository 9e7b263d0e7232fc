"""What comes of a scan once all of its scripts are examined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from doctor.base.failure import Failure
from doctor.base.record import Record
from doctor.config import Config
from doctor.diagnostic import Diagnostic, Severity, Source
from doctor.scan import baseline
from doctor.scan.baseline import Baseline, Entry, Held, Judged
from doctor.scan.examiner import Examiner
from doctor.scan.gather import Gathered
from doctor.sources import Omitted


class Result(Record):
    """What a scan found; ``problems`` are sentences about what could not be done.

    ``scripts`` are the names of those that were examined. ``failures`` are faults of ours, by
    the names of the files in which they happened, ``omitted`` is what was named and left out,
    and ``held`` what the baseline holds back, if there is one.
    """

    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, Source]
    scripts: tuple[str, ...]
    problems: tuple[str, ...] = ()
    failures: tuple[tuple[str, Failure], ...] = ()
    omitted: tuple[Omitted, ...] = ()
    held: Held | None = None

    @property
    def files(self) -> int:
        """How many scripts were examined."""
        return len(self.scripts)

    @property
    def failed(self) -> bool:
        """Whether a part of what was asked for could not be done."""
        return bool(self.problems or self.failures)

    def holds(self, least: Severity) -> bool:
        """Whether anything of this severity, or worse, was found."""
        return any(diagnostic.severity.rank >= least.rank for diagnostic in self.diagnostics)


def baseline_of(config: Config, renew: bool = False) -> Baseline | None:
    """The baseline of the configuration, if it names one; it is refused if it is none.

    One that is to be made anew need not be there yet.
    """
    path = config.baseline
    if path is None:
        return None
    return Baseline(path, {}) if renew and not path.exists() else baseline.read(path)


def result(
    found: Iterable[Diagnostic],
    given: Gathered,
    examiner: Examiner,
    known: Baseline | None,
    failures: Sequence[tuple[str, Failure]],
    problems: Sequence[str] = (),
) -> Result:
    """The diagnostics of all scripts together, without those that were ``known`` before."""
    told = tuple(_once_a_run(list(_told_once(sorted(found, key=order)))))
    scripts = tuple(script.filename for script in given.scripts)
    problems = (*given.problems, *problems)
    done = Result(told, examiner.texts, scripts, problems, tuple(failures), given.omitted)
    if known is None:
        return done
    new, held = known.split(told, examiner.texts)
    renewed = known.renewed(told, examiner.texts, _judged(done, examiner, known))
    return replace(done, diagnostics=tuple(new), held=Held(known, tuple(held), renewed))


def _judged(done: Result, examiner: Examiner, known: Baseline) -> Judged:
    """Whether a scan judged what an entry of a baseline is about."""
    config = examiner.config
    names = examiner.rulebook.names if config.names_rules else {}
    files = {known.name(filename): filename for filename in done.scripts}

    def is_judged(entry: Entry) -> bool:
        filename = files.get(entry.file)
        name = names.get(entry.code, "")
        return filename is not None and config.wants(entry.code, name, filename)

    return is_judged


def order(diagnostic: Diagnostic) -> tuple[object, ...]:
    """By what diagnostics are sorted."""
    place = diagnostic.location
    return place.filename, place.start, diagnostic.code, diagnostic.message


def _told_once(diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """What several scripts lead to, which read one file, is told once, as its own scan tells it.

    Only then it can be mended; the other places it is about are those of all the scripts.
    """
    for _, alike in groupby(diagnostics, key=order):
        several = list(alike)
        best = max(several, key=lambda each: (each.fix is not None, each.severity.rank))
        related = dict.fromkeys(place for each in (best, *several) for place in each.related)
        yield replace(best, related=tuple(related))


def _once_a_run(diagnostics: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Of what is to be told once a run, the first of the worst tells of the others: hints now."""
    alike = defaultdict[str, list[Diagnostic]](list)
    for each in diagnostics:
        if each.once_a_run:
            alike[each.code].append(each)
    first = {code: max(found, key=lambda each: each.severity.rank) for code, found in alike.items()}
    for each in diagnostics:
        if not each.once_a_run:
            yield each
        elif each is first[each.code]:
            own = each.location.filename
            yield _for_all(each, len({d.location.filename for d in alike[each.code]} - {own}))
        else:
            yield replace(each, severity=Severity.INFO)


def _for_all(found: Diagnostic, others: int) -> Diagnostic:
    """A diagnostic that speaks for others, in so many scripts."""
    if not others:
        return found
    scripts = "script" if others == 1 else "scripts"
    return replace(found, fault=f"{found.fault.removesuffix('.')} (and {others} more {scripts}).")
