"""Fixes of the comments that suppress diagnostics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from doctor.base.regex import regex
from doctor.diagnostic import Edit, Location
from doctor.facts.base import Evidence
from doctor.fix.work import How, NoFixError, Work

#: What parts a suppression from the reason for it.
_BEFORE_A_REASON = regex(r"[\s:;,.\u2013\u2014-]*")


def drop_suppression(work: Work) -> Iterator[Edit]:
    """`drop-suppression`: the codes that suppress nothing, or the comment without its reason."""
    places = work.fact.evidence.get("unused", Evidence()).locations
    if not places:
        raise NoFixError("its author may have meant something else")
    for place in places:
        whole = work.written(place).startswith("#")
        yield _without_comment(work, place) if whole else Edit(place, "")


def _without_comment(work: Work, place: Location) -> Edit:
    """What else stands in a comment is kept; if nothing does, its line goes, or the blanks."""
    text, start = work.source.text, place.start.offset
    line, end = work.line_start(start), work.line_end(start)
    reason = _BEFORE_A_REASON.sub("", text[place.end.offset : end], count=1).rstrip()
    if reason:
        mark = "" if reason.startswith("#") else "# "
        return Edit(work.stretch(start, end), f"{mark}{reason}")
    before = text[line:start].rstrip()
    if before:
        return Edit(work.stretch(line + len(before), end), "")
    return Edit(work.stretch(line, min(len(text), text.find("\n", end) + 1 or len(text))), "")


HOW: Mapping[str, How] = {
    "drop-suppression": How(drop_suppression),
}
