"""What may be of any length, cut to what a person reads."""

from __future__ import annotations

from collections.abc import Sequence

#: As many as there are GPUs in a node.
MOST = 16
_LINE = 200


def first(texts: Sequence[str], most: int = MOST) -> list[str]:
    """The first texts, and how many more there are."""
    more = len(texts) - most
    return [*texts[:most], f"and {more} more"] if more > 0 else list(texts)


def clipped(line: str) -> str:
    """A line that some program said, or the most of it."""
    return line if len(line) <= _LINE else f"{line[: _LINE - 1]}…"
