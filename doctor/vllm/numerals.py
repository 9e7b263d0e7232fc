"""Numbers as vLLM's flags take them."""

from __future__ import annotations

import re

from doctor.trace.values import Value

#: Whole numbers, also with a suffix (``32k``, ``1.5M``), and ``auto``.
_INTEGER = re.compile(r"[+-]?\d+|\d+(?:\.\d+)?[kmgt]|\d+[KMGT]|auto")


def number_problem(kind: str, value: Value | None) -> str | None:
    """What is wrong with the value of a flag of this kind, if it must be a number."""
    text = None if value is None else value.text
    if text is None:
        return None
    if kind == "int" and not _INTEGER.fullmatch(text.strip()):
        return f"{text!r} is not a whole number"
    if kind == "float" and not is_number(text):
        return f"{text!r} is not a number"
    return None


def is_number(text: str) -> bool:
    """Whether a text is a number, with or without a point."""
    try:
        float(text)
    except ValueError:
        return False
    return True
