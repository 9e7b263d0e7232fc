"""A patch: what fixes would change, in the form that `git apply` and `patch -p1` take."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from difflib import diff_bytes, unified_diff

from doctor.base import tokens
from doctor.diagnostic import Source

_NO_NEWLINE = b"\\ No newline at end of file\n"
#: A line that no patch may hold, so that every program refuses this one.
_NOT_TO_BE_APPLIED = b"* a token is masked here: this patch can't be applied, --fix can *\n"


def render(changes: Iterable[tuple[Source, Source]]) -> Iterator[bytes]:
    """The patch, line by line, in the bytes of the files; a change is a file's old and new text.

    Names are relative to the folder one is in, and those of the files to which links lead.
    A token is masked, and a patch that has one can't be applied.
    """
    for before, after in changes:
        patch = _patch(before, after)
        for line in _masked(patch) if _shows_token(patch) else patch:
            yield line
            if not line.endswith(b"\n"):
                yield b"\n" + _NO_NEWLINE


def is_masked(before: Source, after: Source) -> bool:
    """Whether the patch of a file has a token, so that it can't be applied."""
    return _shows_token(_patch(before, after))


def _patch(before: Source, after: Source) -> list[bytes]:
    """The patch of one file, with so many lines around a change as show no token."""
    name = _name(before.filename)
    old, new = _lines(before.data), _lines(after.data)
    for context in (3, 2, 1):
        names = b"a/" + name, b"b/" + name
        patch = list(diff_bytes(unified_diff, old, new, *names, n=context))
        if not _shows_token([line for line in patch if line.startswith(b" ")]):
            break
    return patch


def _shows_token(patch: list[bytes]) -> bool:
    return any(True for line in patch for _ in tokens.find(line.decode(errors="replace")))


def _masked(patch: list[bytes]) -> Iterator[bytes]:
    for line in patch:
        yield tokens.blotted(line.decode(errors="surrogateescape")).encode(errors="surrogateescape")
        if line.startswith(b"@@"):
            yield _NOT_TO_BE_APPLIED


def _name(filename: str) -> bytes:
    """The name as patches have it: a tab ends one that holds blanks."""
    name = os.fsencode(os.path.relpath(os.path.realpath(filename), os.path.realpath("")))
    return name + b"\t" if b" " in name else name


def _lines(data: bytes) -> list[bytes]:
    """The lines with their ends; only a newline ends a line."""
    *whole, last = data.split(b"\n")
    return [line + b"\n" for line in whole] + ([last] if last else [])
