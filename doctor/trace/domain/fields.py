"""Fields: the words that words of a script expand to, combined, joined and split."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, repeat
from operator import itemgetter

from doctor.base.bounds import MAX_COMBINATIONS, MAX_ITEMS, MAX_SPLIT
from doctor.base.record import Record
from doctor.values.assumption import NO_GUARD, Guard, consistent
from doctor.values.value import TOO_LONG, Piece, Text, Unknown, Value, concatenated, derived


class Fields(Record):
    """The words that something expands to, in one alternative.

    ``unlikely`` counts the choices in it that are not the likeliest. ``apart_before`` and
    ``apart_after`` tell that a separator stands there, so that no neighbour joins the word.
    """

    values: tuple[Value, ...]
    assumes: Guard = NO_GUARD
    unlikely: int = 0
    apart_before: bool = False
    apart_after: bool = False


def product(
    left: Sequence[Fields],
    right: Sequence[Fields],
    combine: Callable[[Fields, Fields, int], Fields],
) -> list[Fields]:
    """Every consistent pair; of too many, those in which the fewest words are unlikely.

    The first alternative of a word that fits what stands before it is the likely one.
    """
    if len(left) == len(right) == 1:
        one, other = left[0], right[0]
        fits = consistent(one.assumes, other.assumes)
        return [combine(one, other, one.unlikely + other.unlikely)] if fits else []
    pairs: list[tuple[int, Fields, Fields]] = []
    for one in left:
        fitting = (other for other in right if consistent(one.assumes, other.assumes))
        for place, other in enumerate(fitting):
            pairs.append((one.unlikely + other.unlikely + (place > 0), one, other))
    if len(pairs) > MAX_COMBINATIONS:
        pairs.sort(key=itemgetter(0))
    return [combine(one, other, unlikely) for unlikely, one, other in pairs[:MAX_COMBINATIONS]]


def append(one: Fields, other: Fields, unlikely: int) -> Fields:
    return Fields(_bounded(one.values + other.values), one.assumes | other.assumes, unlikely)


def _bounded(words: tuple[Value, ...]) -> tuple[Value, ...]:
    """The words; where there are too many, one that may be any number stands for the last ones."""
    if len(words) <= MAX_ITEMS:
        return words
    kept = words[: MAX_ITEMS - 1]
    return (*kept, Value((derived(TOO_LONG, *words[len(kept) :], many=True),)))


def concatenate(one: Fields, other: Fields, unlikely: int) -> Fields:
    """The last word of one and the first of the other become one word, if nothing parts them."""
    values = one.values + other.values
    if one.values and other.values and not (one.apart_after or other.apart_before):
        middle = one.values[-1] + other.values[0]
        values = (*one.values[:-1], middle, *other.values[1:])
    return Fields(
        _bounded(values),
        one.assumes | other.assumes,
        unlikely,
        apart_before=one.apart_before or (not one.values and other.apart_before),
        apart_after=other.apart_after or (not other.values and one.apart_after),
    )


def joined(fields: Fields) -> Fields:
    return Fields((spaced(fields.values),), fields.assumes)


def spaced(values: Sequence[Value]) -> Value:
    """The values as one, with blanks between them."""
    blanks = chain((Value(),), repeat(Value((Text(" "),))))
    return concatenated(chain.from_iterable(zip(blanks, values, strict=False)))


def assumed(values: Sequence[Value]) -> Guard:
    return NO_GUARD.union(*(value.assumes for value in values))


def split_words(fields: Fields, separators: str) -> Fields:
    """Word splitting of an unquoted expansion at the characters of ``IFS``."""
    words: list[Value] = []
    for value in fields.values:
        shadow = _unquoted(value)
        if not any(character in shadow for character in separators):
            words += [value] if value.pieces else []
        elif len(shadow) > MAX_SPLIT:
            words.append(Value((derived("…", value, many=True),), value.assumes))
        else:
            words += value.slices(spans(shadow, separators))
    shadows = [_unquoted(value) for value in fields.values] or [""]
    return replace(
        fields,
        values=tuple(words),
        apart_before=shadows[0][:1] in separators and shadows[0] != "",
        apart_after=shadows[-1][-1:] in separators and shadows[-1] != "",
    )


def _unquoted(value: Value) -> str:
    """The value's text with what isn't split, unknowns and quoted text, blotted out."""
    return "".join(
        "\0" * len(p.name) if isinstance(p, Unknown) else "\1" * len(p.text) if p.quoted else p.text
        for p in value.pieces
    )


def spans(text: str, separators: str) -> list[tuple[int, int]]:
    """Where the words of a text stand. Blanks count as one separator, others each as one."""
    blanks = "".join(c for c in separators if c in " \t\n")
    blank = f"[{re.escape(blanks)}]" if blanks else "(?!)"
    other = f"[{re.escape(separators)}]" if separators else "(?!)"
    end = len(text.rstrip(blanks)) if blanks else len(text)
    at = end - len(text[:end].lstrip(blanks)) if blanks else 0
    found: list[tuple[int, int]] = []
    for separator in re.finditer(f"{blank}*(?!{blank}){other}{blank}*|{blank}+", text[:end]):
        if separator.start() >= at:
            found.append((at, separator.start()))
            at = separator.end()
    return [*found, (at, end)] if at < end else found


def sliced(values: tuple[Value, ...], argument: Value, first: int = 0) -> tuple[Value, ...]:
    """The words from an offset on, or so many of them; ``first`` is the first one's number."""
    found = re.fullmatch(r"\s*(-?\d{1,4})\s*(?::\s*(\d{1,4}))?\s*", argument.text or "")
    start = int(found[1]) if found else 0
    if not found or (first and start == 0) or (start < 0 and -start > len(values)):
        return (Value((derived("…", *values, argument, many=True),)),)
    start = start - first if start >= 0 else len(values) + start
    end = len(values) if found[2] is None else start + int(found[2])
    if any(value.many for value in values[: end if int(found[1]) >= 0 else None]) and start:
        return (Value((derived("…", *values, argument, many=True),)),)
    return values[start:end]


def as_expanded(value: Value, quoted: bool) -> Value:
    """The value as it stands after an expansion, in quotes or not.

    In quotes an unknown is one word, unless it is a list such as ``"$@"``.
    """
    pieces: list[Piece] = []
    for piece in value.pieces:
        if isinstance(piece, Text):
            pieces.append(Text(piece.text, piece.origin, quoted))
        elif quoted and piece.many and "@" not in piece.name and piece.name != "…":
            pieces.append(replace(piece, many=False))
        else:
            pieces.append(piece)
    return Value(tuple(pieces), value.assumes)
