"""Numbers as vLLM's flags take them."""

from __future__ import annotations

from doctor.base.regex import regex
from doctor.values.value import Value

_INTEGER = regex(r"[+-]?\d+|auto")
#: Whole numbers with a suffix: ``32k``, ``1.5m``, ``1M``.
_WITH_SUFFIX = regex(r"\d+(?:\.\d+)?[kmgt]|\d+[KMGT]")
#: The flags that take them (``human_readable_int`` in engine/arg_utils.py, 0.8.5 to 0.33.0).
_HUMAN_READABLE = frozenset(
    {
        "--kv-cache-memory-bytes",
        "--max-model-len",
        "--max-num-batched-tokens",
        "--max-num-queued-tokens",
        "--max-num-scheduled-tokens",
        "--safetensors-prefetch-block-size",
    }
)
#: A name that stands for the number to be filled in: ``TP_SIZE``, ``num_gpus``.
_STAND_IN = regex(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*|[a-z][a-z0-9]*(?:_[a-z0-9]+)+")


def number_problem(kind: str, value: Value | None, flag: str) -> str | None:
    """What is wrong with the value of a flag of this kind, if it must be a number."""
    text = None if value is None else value.text
    if text is None or _STAND_IN.fullmatch(text) or text == flag.lstrip("-"):
        return None
    if kind == "int" and not _is_whole(text.strip(), flag):
        return f"{text!r} is not a whole number"
    if kind == "float" and not is_number(text):
        return f"{text!r} is not a number"
    return None


def _is_whole(text: str, flag: str) -> bool:
    if _INTEGER.fullmatch(text):
        return True
    return flag in _HUMAN_READABLE and _WITH_SUFFIX.fullmatch(text) is not None


def is_number(text: str) -> bool:
    """Whether a text is a number, with or without a point."""
    try:
        float(text)
    except ValueError:
        return False
    return True
