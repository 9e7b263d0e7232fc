"""A file's text, read so that no file can hang, fill or break a scan."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable
from typing import BinaryIO, Literal

from doctor.base.record import Record
from doctor.base.regular import open_regular, read
from doctor.diagnostic import Source
from doctor.sources.recognise import has_suffix, is_script

#: The most bytes that a script may have; more is not parsed.
LIMIT = 1_000_000

#: How much of a file is read to see whether it is a script.
_HEAD = 4096


class Unexamined(Record):
    """A script that could not be examined: `unreadable` or `too-large`, and why."""

    filename: str
    problem: Literal["unreadable", "too-large"]
    reason: str


def load(path: str, filename: str, named: bool) -> Source | Unexamined | None:
    """The script at a path; or why it can't be examined; None if it is no script.

    ``named`` is whether a person named the file: then it is worth a word that it can't be
    read, even if nothing shows that it is a script.
    """
    try:
        data = _read(path, lambda head: is_script(filename, head))
    except OSError as error:
        return unreadable(filename, error) if named or has_suffix(filename) else None
    return None if data is None else decode(data, filename)


def read_named(path: str) -> Source | Unexamined:
    """The text of the file that a person named, whatever it is; or why there is none."""
    try:
        data = _read(path, lambda head: True)
    except OSError as error:
        return unreadable(path, error)
    except ValueError:  # a NUL in the path
        return Unexamined(path, "unreadable", "a file can't have this name")
    return decode(data or b"", path)


def read_stream(stream: BinaryIO, filename: str) -> Source | Unexamined:
    """The text on the standard input, which is called so; or why there is none."""
    try:
        return decode(stream.read(LIMIT + 1), filename)
    except OSError as error:
        return unreadable(filename, error)


def read_text(path: str) -> Source | None:
    """The text of a file that a script names, whatever it is called; None if there is none."""
    try:
        data = _read(path, lambda head: True)
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return None
    found = decode(data or b"", path)
    return found if isinstance(found, Source) else None


def decode(data: bytes, filename: str) -> Source | Unexamined:
    """A script of these bytes: UTF-8, else Latin-1; or why they are none."""
    if len(data) > LIMIT:
        return Unexamined(filename, "too-large", f"it has more than {LIMIT:,} bytes")
    if b"\0" in data:
        return Unexamined(filename, "unreadable", "it holds binary data, not text")
    encoding = "utf-8-sig" if data.startswith(BOM_UTF8) else "utf-8"
    try:
        return Source(filename, data.decode(encoding), encoding=encoding)
    except UnicodeDecodeError:
        return Source(filename, data.decode("latin-1"), encoding="latin-1")


def unreadable(filename: str, error: OSError) -> Unexamined:
    """What the system says of a file or folder that can't be read."""
    return Unexamined(filename, "unreadable", error.strerror or str(error))


def _read(path: str, wanted: Callable[[bytes], bool]) -> bytes | None:
    """The bytes of a file, at most one more than the limit; None if its head is not wanted."""
    with open_regular(path) as file:
        head = file.read(_HEAD) or b""  # None from odd files under /proc
        return head + read(file, LIMIT - len(head)) if wanted(head) else None
