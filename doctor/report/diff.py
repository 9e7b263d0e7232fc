"""A patch: what fixes would change, in the form that `git apply` and `patch -p1` take."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from difflib import unified_diff

_NO_NEWLINE = "\\ No newline at end of file"


def render(changes: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """The patch's lines, without line ends; a change is a file's name, its old and new text.

    Names are relative to the folder one is in.
    """
    for filename, before, after in changes:
        name = _name(filename)
        for line in unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}"):
            yield line.removesuffix("\n")
            if not line.endswith("\n"):
                yield _NO_NEWLINE


def _name(filename: str) -> str:
    """The name as patches have it: a tab ends one that holds blanks."""
    name = os.path.relpath(filename)
    return name + "\t" if " " in name else name


def _lines(text: str) -> list[str]:
    """The lines with their ends; only a newline ends a line."""
    *whole, last = text.split("\n")
    return [line + "\n" for line in whole] + ([last] if last else [])
