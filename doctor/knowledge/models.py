"""Names of models: which pattern means a model, wherever its files lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from doctor.base.regex import regex

_Row = TypeVar("_Row")
_HUB_CACHE = regex(r"models--([^/]+?)--([^/]+)")
_LITERAL = regex(r"[^*]{3}")


def spellings(model: str) -> list[tuple[str, bool]]:
    """The names that a model may go by, the surest first, and whether each is sure.

    A name on the hub is sure. A path is not: what lies there may be anything; but a path that
    ends in a known name, or goes through the hub's cache, is a good hint.
    """
    name = model.strip().rstrip("/").lower()
    cached = _HUB_CACHE.search(name)
    if cached:
        return [(f"{cached[1]}/{cached[2]}", False), (cached[2], False)]
    parts = name.split("/")
    if len(parts) == 2 and name[0] not in "./~$":
        return [(name, True), (parts[1], False)]
    ending = [("/".join(parts[-2:]), False)] if len(parts) > 1 else []
    return [*ending, (parts[-1], False)]


def means(pattern: str, spelling: str) -> bool:
    """Whether a pattern means a name; both in lower case.

    A pattern without an organisation (``Qwen3-Next-80B-A3B``) means the model of any, and its
    variants (``-Instruct``); a name without one is compared with the pattern's last part.
    """
    if "/" not in pattern:
        base = spelling.rpartition("/")[2]
        return _like(base, pattern) or base.startswith(f"{pattern}-")
    if "/" in spelling:
        return _like(spelling, pattern)
    base = pattern.rpartition("/")[2]
    return bool(_LITERAL.search(base)) and _like(spelling, base)


def find(
    model: str, rows: Iterable[_Row], patterns: Callable[[_Row], Iterable[str]]
) -> tuple[list[_Row], bool]:
    """The rows that mean a model by its surest spelling, and whether that is sure."""
    known = [(row, [pattern.lower() for pattern in patterns(row)]) for row in rows]
    for spelling, sure in spellings(model):
        found = [row for row, names in known if any(means(name, spelling) for name in names)]
        if found:
            return found, sure
    return [], False


def _like(text: str, pattern: str) -> bool:
    """Whether a text is what a pattern means, in which ``*`` stands for anything."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    last = rest.pop()
    at, end = len(first), len(text) - len(last)
    if at > end or not text.startswith(first) or not text.endswith(last):
        return False
    for part in rest:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
