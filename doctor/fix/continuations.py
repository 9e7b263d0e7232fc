"""Fixes of lines that break off: the command goes on where its author meant it to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from doctor.diagnostic import Edit
from doctor.facts.commands import BrokenLine
from doctor.fix.work import How, NoFixError, Work


def join_lines(work: Work) -> Iterator[Edit]:
    """`join-lines`: the backslash ends its line, and nothing stands between the lines."""
    fact = work.fact
    assert isinstance(fact, BrokenLine)
    place = work.own(fact.location)
    start, end = place.start.offset, place.end.offset
    if fact.option is None:
        yield Edit(work.stretch(start, start + 1), "")
    elif fact.by == "comment":
        yield from _comment_above(work, start)
    elif fact.by == "empty-line":
        following = len(work.source.text) - len(work.source.text[end:].lstrip())
        yield Edit(work.stretch(end, work.line_start(following)), work.newline)
    elif fact.by in ("blank", "doubled"):
        if work.line_end(start) != end:
            raise NoFixError("a comment stands behind the backslash")
        yield Edit(place, "\\")
    else:
        raise NoFixError("it is not clear to which command the option belongs")


def _comment_above(work: Work, start: int) -> Iterator[Edit]:
    """The comment above the whole command, without the backslash that was to join its line."""
    text = work.source.text
    line, end = work.line_start(start), work.line_end(start)
    comment = text[start:end].rstrip(" \t").removesuffix("\\").rstrip(" \t")
    first = _first_line(work, line)
    indent = text[first : len(text) - len(text[first:].lstrip(" \t"))]
    yield Edit(work.stretch(first, first), f"{indent}{comment}{work.newline}")
    if text[line:start].strip():
        kept = len(text[:start].rstrip(" \t"))
        yield Edit(work.stretch(kept, end), " \\")
    else:
        yield Edit(work.stretch(line, min(text.find("\n", end) + 1 or len(text), len(text))), "")


def _first_line(work: Work, line: int) -> int:
    """The beginning of the command that goes on in a line, broken off or not."""
    text, first = work.source.text, line
    while line:
        line = work.line_start(line - 1)
        above = text[line : work.line_end(line)].strip()
        if above.endswith("\\"):
            first = line
        elif not above.startswith("#"):
            break
    return first


HOW: Mapping[str, How] = {
    "join-lines": How(join_lines),
}
