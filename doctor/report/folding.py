"""One text for what several copies have."""

from __future__ import annotations

from collections.abc import Sequence

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
    if not all(text.isascii() and text.isdecimal() and len(text) < 20 for text in texts):
        return False
    numbers = [int(text) for text in texts]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))
