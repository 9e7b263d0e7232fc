"""From what a rule wants done to a fix that is offered: edits, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from doctor.base.bounds import MAX_FIX_STEPS, MAX_FIXES, MIN_FIXES
from doctor.base.failure import Failure, Sparing
from doctor.base.record import Record
from doctor.diagnostic import Applicability, Diagnostic, Fix
from doctor.fix import (
    comments,
    continuations,
    copies,
    deletions,
    flags,
    jobs,
    lines,
    logfiles,
    logs,
    releases,
    steps,
    values,
    variables,
)
from doctor.fix.index import Index
from doctor.fix.reach import is_judged_everywhere
from doctor.fix.work import How, NoFixError, Work
from doctor.rulebook.verdict import Verdict
from doctor.trace.trace import Traced

#: How each action of `doctor.rulebook.actions` is carried out.
HOW: Mapping[str, How] = {
    **comments.HOW,
    **continuations.HOW,
    **copies.HOW,
    **deletions.HOW,
    **flags.HOW,
    **jobs.HOW,
    **lines.HOW,
    **logfiles.HOW,
    **logs.HOW,
    **releases.HOW,
    **steps.HOW,
    **values.HOW,
    **variables.HOW,
}


class Offer(Record):
    """A diagnostic with its fix, if there is one; else ``refused`` says why its rule's isn't.

    ``verdict`` is what it was made of.
    """

    diagnostic: Diagnostic
    verdict: Verdict
    refused: str | None = None


class Examined(Record):
    """A version of the script: what it would do, and what the rules say of it.

    ``failures`` are the faults of ours on the way, ``waits`` is what the rules have asked of the
    other scripts of the run.
    """

    traced: Traced
    offers: tuple[Offer, ...]
    failures: tuple[Failure, ...] = ()
    waits: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        return self.traced.source.text


def offers(verdicts: Iterable[Verdict], traced: Traced, failures: list[Failure]) -> Iterator[Offer]:
    """The verdicts about a script with their fixes; one that fails is not offered.

    Of very many only the first are offered: once they are made, the next ones will be.
    """
    index = Index(traced)
    left = min(MAX_FIXES, max(MIN_FIXES, MAX_FIX_STEPS // max(1, index.size)))
    for verdict in verdicts:
        offer = Offer(verdict.diagnostic, verdict)
        if verdict.repair is not None and left == 0:
            offer = Offer(verdict.diagnostic, verdict, "other fixes have to be made first")
        elif verdict.repair is not None:
            left -= 1
            with Sparing(failures, f"the fix of {verdict.diagnostic.code}"):
                offer = _offer(verdict, traced, index)
        yield offer


def _offer(verdict: Verdict, traced: Traced, index: Index) -> Offer:
    diagnostic, repair = verdict.diagnostic, verdict.repair
    if repair is None:
        return Offer(diagnostic, verdict)
    work = Work(repair, verdict.facts, traced, index)
    try:
        edits = tuple(sorted(HOW[repair.action].edits(work)))
    except NoFixError as reason:
        return Offer(diagnostic, verdict, str(reason))
    safe = repair.safe and is_judged_everywhere(verdict, traced) and _is_harmless(work)
    applicability = Applicability.SAFE if safe else Applicability.UNSAFE
    fix = Fix(applicability, repair.message, edits)
    return Offer(replace(diagnostic, fix=fix), verdict)


def _is_harmless(work: Work) -> bool:
    asked = HOW[work.repair.action].is_harmless
    return asked is None or asked(work)
