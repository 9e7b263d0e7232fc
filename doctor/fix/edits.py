"""Edits of a text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from doctor.diagnostic import Edit


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made; they must not overlap."""
    pieces: list[str] = []
    at = 0
    for edit in sorted(set(edits)):
        pieces += [text[at : edit.location.start.offset], edit.content]
        at = edit.location.end.offset
    return "".join([*pieces, text[at:]])


def overlap(edits: Sequence[Edit], others: Sequence[Edit]) -> bool:
    """Whether edits can't be made together with others.

    The same edit may be wanted twice; of two things put in at one place nobody knows the order.
    """
    return any(one != other and _touch(one, other) for one in edits for other in others)


def _touch(one: Edit, other: Edit) -> bool:
    first, second = one.location, other.location
    if first.start.offset == second.start.offset:
        return True
    return first.start.offset < second.end.offset and second.start.offset < first.end.offset
