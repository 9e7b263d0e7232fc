"""Whole numbers in text that others wrote.

Python calls ``²`` a digit and ``٣`` a decimal, which `int` refuses or takes, and `int` raises an
error for more than 4,300 digits; a shell and vLLM know ASCII digits only.
"""

from __future__ import annotations

#: As many digits always fit into 64 bits.
MOST_DIGITS = 18


def is_digits(text: str | None) -> bool:
    """Whether the text is nothing but ASCII digits, however many, and at least one."""
    return text is not None and text.isascii() and text.isdigit()


def whole_number(text: str | None) -> int | None:
    """The number that plain digits spell; None for any other text, and for far too many digits."""
    if text is None or len(text) > MOST_DIGITS or not is_digits(text):
        return None
    return int(text)


def signed_number(text: str | None) -> int | None:
    """The same with a sign before the digits, and blanks around them, allowed."""
    if text is None or len(text) > 4 * MOST_DIGITS:
        return None
    bare = text.strip(" \t\n")
    number = whole_number(bare[1:] if bare[:1] in ("+", "-") else bare)
    return -number if number is not None and bare[0] == "-" else number
