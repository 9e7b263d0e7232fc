"""Scripts scanned and repaired: the fixes of each made until nothing changes, then written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

from doctor import sources
from doctor.base.failure import Failure, Sparing
from doctor.base.record import Record
from doctor.config import Config
from doctor.diagnostic import Diagnostic, Severity, Source
from doctor.fix.files import NotFixedError, replace_file
from doctor.fix.rounds import Refusal, repaired
from doctor.scan.examiner import Examiner
from doctor.scan.gather import gather
from doctor.scan.scan import Result
from doctor.sources import Unexamined


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


def repair(
    paths: Sequence[str],
    config: Config,
    unsafe: bool,
    write: bool,
    stdin: BinaryIO | None = None,
    stdin_filename: str = "<stdin>",
    least: Severity = Severity.INFO,
    like: Examiner | None = None,
    only: frozenset[str] | None = None,
) -> Repaired:
    """Repair the scripts that the paths mean; with ``write`` in their files.

    What is less severe than ``least`` is left alone.
    A file that can't be replaced stays as it was, and the result's problems say why.
    For ``like`` see ``Examiner``, for ``only`` see ``discover``.
    """
    examiner = Examiner(config, paths, like)
    examiner.refuse_wrong_references()
    given = gather(sources.discover(paths, config, stdin, stdin_filename, only))
    mended = [
        _mended(each, examiner, unsafe, least, write and each.filename != stdin_filename)
        for each in given.scripts
    ]
    remaining = {found: None for each in mended for found in each.remaining}
    remaining.update(dict.fromkeys(examiner.examine_knowledge()))
    result = Result(
        tuple(sorted(remaining, key=lambda each: (each.location, each.code, each.message))),
        examiner.texts,
        len(given.scripts),
        (*given.problems, *(problem for each in mended for problem in each.problems)),
        tuple(failure for each in mended for failure in each.failures),
        given.omitted,
    )
    changes = tuple(each.change for each in mended if each.change is not None)
    return Repaired(changes, tuple(one for each in mended for one in each.refused), result)


class _Mended(Record):
    """What came of one script: its change, and what remains to be told of it."""

    change: Change | None
    refused: tuple[Refusal, ...]
    remaining: Sequence[Diagnostic]
    problems: tuple[str, ...]
    failures: tuple[tuple[str, Failure], ...]


def _mended(
    found: Source | Unexamined, examiner: Examiner, unsafe: bool, least: Severity, write: bool
) -> _Mended:
    """One script with its fixes made, with ``write`` in its file."""
    change: Change | None = None
    refused: tuple[Refusal, ...] = ()
    problems: tuple[str, ...] = ()
    own = list[Failure]()
    with Sparing(own, "its fixes"):
        if isinstance(found, Source) and examiner.finds_worthwhile(found):
            change, refused = _repaired(found, examiner, unsafe, least)
    if change is not None and write:
        try:
            replace_file(change.before, change.after)
        except NotFixedError as problem:
            change, problems = None, (str(problem),)
    after = found if change is None else change.after
    done = examiner.examination(after)
    failures = tuple((found.filename, each) for each in (*own, *done.failures))
    return _Mended(change, refused, done.diagnostics, problems, failures)


def _repaired(
    source: Source, examiner: Examiner, unsafe: bool, least: Severity
) -> tuple[Change | None, tuple[Refusal, ...]]:
    """The change that the fixes make of a script, if any, and the fixes that were refused."""
    try:
        first = examiner.examined(source)
        outcome = repaired(
            first, lambda text: examiner.examined(replace(source, text=text)), unsafe, least
        )
    finally:
        examiner.texts[source.filename] = source
    if outcome.text == source.text:
        return None, outcome.refused
    after = replace(source, text=outcome.text)
    return Change(source, after, outcome.fixed), outcome.refused
