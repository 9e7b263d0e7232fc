"""Fixes made until nothing changes: in rounds that each examine the script anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from doctor.base.bounds import MAX_EXAMINED, MAX_EXAMINED_CHARACTERS, MIN_EXAMINED
from doctor.base.record import Record
from doctor.diagnostic import Applicability, Diagnostic, Edit, Severity
from doctor.fix.check import fault
from doctor.fix.edits import applied, overlap
from doctor.fix.offer import Examined, Offer
from doctor.rulebook.actions import ACTIONS

#: Why a fix was not made that may be made another time.
_CUT_OFF = "so many fixes were made or tried before it; run --fix again"


class Refusal(Record):
    """A fix that was not made, and why."""

    diagnostic: Diagnostic
    reason: str


class Outcome(Record):
    """A script after its fixes: its text, what was fixed, what was refused, and what remains."""

    text: str
    fixed: tuple[Diagnostic, ...]
    refused: tuple[Refusal, ...]
    remaining: tuple[Offer, ...]


def repaired(
    first: Examined,
    examine: Callable[[str], Examined],
    unsafe: bool,
    least: Severity = Severity.INFO,
) -> Outcome:
    """The script with all its safe fixes made, or with the unsafe ones too.

    What is less severe than ``least`` is left alone. A script is examined anew only so often: then
    the fixes that could yet be made are refused.
    """
    now, fixed = first, list[Diagnostic]()
    refused: dict[tuple[str, str, tuple[str, ...]], Refusal] = {}
    tries = _Tries(examine, first.text)
    while True:
        wanted = [
            offer
            for offer in now.offers
            if _may_be_made(offer.diagnostic, unsafe, least) and _key(offer) not in refused
        ]
        chosen = _without_overlaps(_first(wanted))
        if not chosen:
            break
        if not tries.left:
            refused |= {_key(each): Refusal(each.diagnostic, _CUT_OFF) for each in wanted}
            break
        after, made = _best(now, chosen, tries, refused)
        fixed += [offer.diagnostic for offer in made]
        now = after
    return Outcome(now.text, tuple(dict.fromkeys(fixed)), tuple(refused.values()), now.offers)


class _Tries:
    """Examines a script anew with its fixes, and counts how often that may yet be done."""

    def __init__(self, examine: Callable[[str], Examined], text: str) -> None:
        self._examine = examine
        most = MAX_EXAMINED_CHARACTERS // max(1, len(text))
        self.left = min(MAX_EXAMINED, max(MIN_EXAMINED, most))

    def examined(self, text: str) -> Examined:
        self.left -= 1
        return self._examine(text)


def _may_be_made(diagnostic: Diagnostic, unsafe: bool, least: Severity) -> bool:
    fix = diagnostic.fix
    if fix is None or diagnostic.severity.rank < least.rank:
        return False
    return unsafe or fix.applicability is Applicability.SAFE


def _edits(offers: Sequence[Offer]) -> list[Edit]:
    return [edit for offer in offers if offer.diagnostic.fix for edit in offer.diagnostic.fix.edits]


def _key(offer: Offer) -> tuple[str, str, tuple[str, ...]]:
    """What tells a fix that was refused from others, wherever it has moved since."""
    return (
        offer.diagnostic.code,
        offer.diagnostic.message,
        tuple(edit.content for edit in _edits([offer])),
    )


def _without_overlaps(offers: Sequence[Offer]) -> list[Offer]:
    """The fixes that can be made together, the safe ones and the first in the text preferred."""
    chosen: list[Offer] = []
    edits: list[Edit] = []
    for offer in sorted(offers, key=_rank):
        own = _edits([offer])
        if not overlap(own, edits):
            chosen.append(offer)
            edits += own
    return chosen


def _first(offers: Sequence[Offer]) -> Sequence[Offer]:
    """The fixes that don't wait for others, or all if there is nothing to wait for."""
    return [offer for offer in offers if not _is_last(offer)] or offers


def _is_last(offer: Offer) -> bool:
    repair = offer.verdict.repair
    return repair is not None and ACTIONS[repair.action].last


def _rank(offer: Offer) -> tuple[bool, int]:
    fix = offer.diagnostic.fix
    unsafe = fix is not None and fix.applicability is Applicability.UNSAFE
    return unsafe, offer.diagnostic.location.start.offset


def _best(
    now: Examined,
    chosen: Sequence[Offer],
    tries: _Tries,
    refused: dict[tuple[str, str, tuple[str, ...]], Refusal],
) -> tuple[Examined, Sequence[Offer]]:
    """The script with all chosen fixes, or, if they do harm, with the first that does none."""
    after = tries.examined(applied(now.text, _edits(chosen)))
    reason = fault(now, after, chosen)
    if reason is None:
        return after, chosen
    if len(chosen) > 1:
        for offer in chosen[: tries.left]:
            after, made = _best(now, [offer], tries, refused)
            if made:
                return after, made
        return now, ()
    refused[_key(chosen[0])] = Refusal(chosen[0].diagnostic, reason)
    return now, ()
