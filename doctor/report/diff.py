"""A patch: what fixes would change, in the form that `git apply` and `patch -p1` take."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from difflib import diff_bytes, unified_diff

from doctor.diagnostic import Source

_NO_NEWLINE = b"\\ No newline at end of file\n"


def render(changes: Iterable[tuple[Source, Source]]) -> Iterator[bytes]:
    """The patch, line by line, in the bytes of the files; a change is a file's old and new text.

    Names are relative to the folder one is in, and those of the files to which links lead.
    """
    for before, after in changes:
        name = _name(before.filename)
        old, new = _lines(before.data), _lines(after.data)
        for line in diff_bytes(unified_diff, old, new, b"a/" + name, b"b/" + name):
            yield line
            if not line.endswith(b"\n"):
                yield b"\n" + _NO_NEWLINE


def _name(filename: str) -> bytes:
    """The name as patches have it: a tab ends one that holds blanks."""
    name = os.fsencode(os.path.relpath(os.path.realpath(filename), os.path.realpath("")))
    return name + b"\t" if b" " in name else name


def _lines(data: bytes) -> list[bytes]:
    """The lines with their ends; only a newline ends a line."""
    *whole, last = data.split(b"\n")
    return [line + b"\n" for line in whole] + ([last] if last else [])
