"""A patch: what fixes would change, in the form that `git apply` and `patch -p1` take."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from difflib import diff_bytes, unified_diff

from doctor import tokens
from doctor.diagnostic import Source

_NO_NEWLINE = b"\\ No newline at end of file\n"


def render(changes: Iterable[tuple[Source, Source]]) -> Iterator[bytes]:
    """The patch, line by line, in the bytes of the files; a change is a file's old and new text.

    Names are relative to the folder one is in, and those of the files to which links lead.
    """
    for before, after in changes:
        name = _name(before.filename)
        old, new = _lines(before.data), _lines(after.data)
        for line in _patch(old, new, name):
            yield line
            if not line.endswith(b"\n"):
                yield b"\n" + _NO_NEWLINE


def _patch(old: list[bytes], new: list[bytes], name: bytes) -> list[bytes]:
    """The patch of one file, with so many lines around a change as show no token."""
    for context in (3, 2, 1):
        names = b"a/" + name, b"b/" + name
        patch = list(diff_bytes(unified_diff, old, new, *names, n=context))
        around = (line.decode(errors="replace") for line in patch if line.startswith(b" "))
        if not any(True for line in around for _ in tokens.find(line)):
            break
    return patch


def _name(filename: str) -> bytes:
    """The name as patches have it: a tab ends one that holds blanks."""
    name = os.fsencode(os.path.relpath(os.path.realpath(filename), os.path.realpath("")))
    return name + b"\t" if b" " in name else name


def _lines(data: bytes) -> list[bytes]:
    """The lines with their ends; only a newline ends a line."""
    *whole, last = data.split(b"\n")
    return [line + b"\n" for line in whole] + ([last] if last else [])
