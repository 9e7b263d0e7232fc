"""Numbers as vLLM's flags take them."""

from __future__ import annotations

from doctor.base.regex import regex
from doctor.values.value import Value

#: Whole numbers, also with a suffix (``32k``, ``1.5M``), and ``auto``.
_INTEGER = regex(r"[+-]?\d+|\d+(?:\.\d+)?[kmgt]|\d+[KMGT]|auto")
#: A name that stands for the number to be filled in: ``TP_SIZE``, ``num_gpus``.
_STAND_IN = regex(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*|[a-z][a-z0-9]*(?:_[a-z0-9]+)+")


def number_problem(kind: str, value: Value | None, flag: str) -> str | None:
    """What is wrong with the value of a flag of this kind, if it must be a number."""
    text = None if value is None else value.text
    if text is None or _STAND_IN.fullmatch(text) or text == flag.lstrip("-"):
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
