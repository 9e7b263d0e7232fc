"""Brace expansion: ``{a,b}`` and ``{0..7}`` in the unquoted text of a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from doctor.base.regex import regex
from doctor.shell.tree import Literal, Part, Span

_BRACE = regex(r"(?<!\$)\{([^{}\s]*?(?:,|\.\.)[^{}\s]*)\}")
_RANGE = regex(r"(-?\d{1,6})\.\.(-?\d{1,6})(?:\.\.(-?\d{1,3}))?$")
_PADDED = regex(r"-?0\d")
_MAX_WORDS = 128


def expand(parts: tuple[Part, ...]) -> list[tuple[Part, ...]]:
    """The words, as parts, that a word's parts stand for; just itself if there is no brace."""
    done: list[tuple[Part, ...]] = []
    todo = [parts]
    while todo:
        word = todo.pop()
        split = _first_brace(word)
        if split is None or len(done) + len(todo) > _MAX_WORDS:
            done.append(word)
        else:
            todo.extend(reversed(split))
    return done


def _first_brace(parts: tuple[Part, ...]) -> list[tuple[Part, ...]] | None:
    for index, part in enumerate(parts):
        if not isinstance(part, Literal) or part.quoted or "{" not in part.text:
            continue
        found = _BRACE.search(part.text)
        choices = list(_choices(found.group(1))) if found else []
        if found and choices:
            before, after = parts[:index], parts[index + 1 :]
            return [
                (*before, *_replaced(part, found.start(), found.end(), choice), *after)
                for choice in choices
            ]
    return None


def _choices(inside: str) -> Iterator[str]:
    bounds = _RANGE.match(inside)
    if bounds:
        first, last = int(bounds.group(1)), int(bounds.group(2))
        ends = bounds.group(1, 2)
        width = max(map(len, ends)) if any(map(_PADDED.match, ends)) else 0
        step = abs(int(bounds.group(3) or 1)) or 1
        numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
        if len(numbers) <= _MAX_WORDS:
            yield from (str(n).zfill(width) for n in numbers)
    elif "," in inside:
        yield from inside.split(",")


def _replaced(part: Literal, start: int, end: int, choice: str) -> tuple[Literal, ...]:
    """The literal with the brace replaced; spans stay true where the text is as written."""
    exact = part.span.end - part.span.start == len(part.text)
    at = part.span.start

    def piece(text: str, first: int, last: int) -> Literal:
        span = Span(at + first, at + last) if exact else part.span
        return replace(part, text=text, span=span)

    pieces = (
        piece(part.text[:start], 0, start),
        piece(choice, start, end),
        piece(part.text[end:], end, len(part.text)),
    )
    return tuple(p for p in pieces if p.text)
