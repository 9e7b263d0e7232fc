"""Scripts scanned and repaired: the fixes of each made until nothing changes, then written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import BinaryIO

from doctor import sources
from doctor.base.failure import Failure, Sparing
from doctor.base.record import Record
from doctor.config import Config
from doctor.diagnostic import Diagnostic, Severity, Source
from doctor.fix.files import NotFixedError, replace_file
from doctor.fix.offer import Examined
from doctor.fix.rounds import Outcome, Refusal, repaired
from doctor.scan.baseline import Baseline
from doctor.scan.cache import Examination
from doctor.scan.examiner import Examiner
from doctor.scan.gather import gather
from doctor.scan.ignoring import ignoring
from doctor.scan.result import Result, baseline_of, result
from doctor.scan.run import Run


class Change(Record):
    """What the fixes made of one script."""

    before: Source
    after: Source
    fixed: tuple[Diagnostic, ...]


class Repaired(Record):
    """The changes, the fixes that were refused, and what a scan of the changed scripts finds."""

    changes: tuple[Change, ...]
    refused: tuple[Refusal, ...]
    result: Result


class Wish(Record):
    """What is to be done with the scripts.

    ``unsafe``: the unsafe fixes too. ``ignore``: comments are added that suppress what is told,
    and nothing is fixed. ``write``: the files are changed. What is less severe than ``least`` is
    left alone.
    """

    unsafe: bool = False
    ignore: bool = False
    write: bool = True
    least: Severity = Severity.INFO


def repair(
    paths: Sequence[str],
    config: Config,
    wish: Wish,
    stdin: BinaryIO | None = None,
    stdin_filename: str = "<stdin>",
    like: Examiner | None = None,
    only: frozenset[str] | None = None,
) -> Repaired:
    """Repair the scripts that the paths mean, but for what the baseline holds back.

    A file that can't be replaced stays as it was, and the result's problems say why.
    For ``like`` see ``Examiner``, for ``only`` see ``discover``.
    """
    examiner = Examiner(config, paths, like)
    examiner.refuse_wrong_references()
    repairer = _Repairer(examiner, baseline_of(config), wish)
    given = gather(sources.discover(paths, config, stdin, stdin_filename, only))
    first = [examiner.examination(each) for each in given.scripts]
    examiner.run = Run.of({each.script.filename: each.told for each in first})
    mended = [
        repairer.mended(each, wish.write and each.script.filename != stdin_filename)
        for each in first
    ]
    remaining = [*chain(*(each.remaining for each in mended)), *examiner.examine_knowledge()]
    failures = tuple(failure for each in mended for failure in each.failures)
    problems = [problem for each in mended for problem in each.problems]
    done = result(remaining, given, examiner, repairer.known, failures, problems)
    changes = tuple(each.change for each in mended if each.change is not None)
    return Repaired(changes, tuple(one for each in mended for one in each.refused), done)


class _Mended(Record):
    """What came of one script: its change, and what remains to be reported of it."""

    change: Change | None
    refused: tuple[Refusal, ...]
    remaining: Sequence[Diagnostic]
    problems: tuple[str, ...]
    failures: tuple[tuple[str, Failure], ...]


class _Repairer(Record):
    """Repairs one script after another; ``known`` is the baseline, if there is one."""

    examiner: Examiner
    known: Baseline | None
    wish: Wish

    def mended(self, first: Examination, write: bool) -> _Mended:
        """One script with its fixes made, with ``write`` in its file."""
        change: Change | None = None
        refused: tuple[Refusal, ...] = ()
        problems: tuple[str, ...] = ()
        own = list[Failure]()
        found = first.script
        waits = first.waits_for(self.examiner.run.tells(found.filename))
        if not (waits or any(map(self._concerns, first.diagnostics))):
            known = tuple((found.filename, each) for each in first.failures)
            return _Mended(None, (), first.diagnostics, (), known)
        with Sparing(own, "its fixes"):
            if isinstance(found, Source):
                change, refused = self._repaired(found)
        if change is not None and write:
            try:
                replace_file(change.before, change.after)
            except NotFixedError as problem:
                change, problems = None, (str(problem),)
        after = found if change is None else change.after
        done = self.examiner.examination(after)
        failures = tuple((found.filename, each) for each in (*own, *done.failures))
        return _Mended(change, refused, done.diagnostics, problems, failures)

    def _concerns(self, found: Diagnostic) -> bool:
        """Whether there may be anything to do about a diagnostic."""
        return self.wish.ignore or found.fix is not None

    def _repaired(self, source: Source) -> tuple[Change | None, tuple[Refusal, ...]]:
        """The change that the fixes make of a script, if any, and the fixes that were refused."""
        wish, texts = self.wish, self.examiner.texts
        try:
            first = self._examined(source)
            outcome = repaired(
                first,
                lambda text: self._examined(replace(source, text=text)),
                wish.unsafe,
                wish.least,
            )
        finally:
            texts[source.filename] = source
        refused = (*outcome.refused, *(self._left(outcome) if wish.ignore else ()))
        if outcome.text == source.text:
            return None, refused
        after = replace(source, text=outcome.text)
        return Change(source, after, outcome.fixed), refused

    def _left(self, outcome: Outcome) -> Iterator[Refusal]:
        """What no comment could be added for, and why."""
        for offer in outcome.remaining:
            found = offer.diagnostic
            if offer.refused and found.severity.rank >= self.wish.least.rank:
                yield Refusal(found, offer.refused)

    def _examined(self, source: Source) -> Examined:
        """What a script would do, with what is to be done about it."""
        found = self.examiner.examined(source)
        if self.known is not None:
            told = [offer.diagnostic for offer in found.offers]
            new = set(map(id, self.known.split(told, self.examiner.texts)[0]))
            offers = tuple(offer for offer in found.offers if id(offer.diagnostic) in new)
            found = replace(found, offers=offers)
        return ignoring(found) if self.wish.ignore else found
