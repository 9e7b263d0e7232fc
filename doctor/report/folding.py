"""One text for what several copies have."""

from __future__ import annotations

from collections.abc import Sequence

from doctor.base.numbers import whole_number

#: How many different texts are written out.
_ALL = 3


def fold(texts: Sequence[str]) -> str:
    """``8000…8003`` for consecutive numbers, all of a few texts, else the first and the last."""
    different = list(dict.fromkeys(texts))
    if len(different) > 1 and _are_consecutive(different):
        return f"{different[0]}…{different[-1]}"
    if len(different) <= _ALL:
        return " | ".join(different)
    return f"{different[0]} … {different[-1]}"


def _are_consecutive(texts: Sequence[str]) -> bool:
    numbers = list(map(whole_number, texts))
    first = numbers[0]
    return first is not None and numbers == list(range(first, first + len(numbers)))
