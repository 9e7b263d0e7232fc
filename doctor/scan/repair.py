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
from doctor.scan.relevance import matters
from doctor.scan.scan import Result
from doctor.sources import Missing, Omitted


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
    changes: list[Change] = []
    refused: list[Refusal] = []
    remaining: dict[Diagnostic, None] = {}
    problems: list[str] = []
    failures: list[tuple[str, Failure]] = []
    omitted: list[Omitted] = []
    files = 0
    for found in sources.discover(paths, config, stdin, stdin_filename, only):
        if isinstance(found, Missing):
            problems.append(f"{found.path}: there is no such file or folder")
            continue
        if isinstance(found, Omitted):
            omitted.append(found)
            continue
        files += 1
        change, own = None, list[Failure]()
        try:
            with Sparing(own, "its fixes"):
                if isinstance(found, Source) and matters(found, config, examiner.loader.load):
                    change, refusals = _repaired(found, examiner, unsafe, least)
                    refused += refusals
            if change is not None:
                if write and found.filename != stdin_filename:
                    replace_file(change.before, change.after)
                changes.append(change)
                found = change.after
        except NotFixedError as problem:
            problems.append(str(problem))
        done = examiner.examination(found)
        remaining.update(dict.fromkeys(done.diagnostics))
        failures += [(found.filename, each) for each in (*own, *done.failures)]
    remaining.update(dict.fromkeys(examiner.examine_knowledge()))
    ordered = tuple(sorted(remaining, key=lambda each: (each.location, each.code, each.message)))
    ends = tuple(problems), tuple(failures), tuple(omitted)
    result = Result(ordered, examiner.texts, files, *ends)
    return Repaired(tuple(changes), tuple(refused), result)


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
