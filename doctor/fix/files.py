"""A file's text replaced, so that it is whole at any moment and stays what it was otherwise."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress

from doctor.errors import DoctorError

_BOM = b"\xef\xbb\xbf"


class NotFixedError(DoctorError):
    """Why a file was left as it was."""

    def __init__(self, reason: str, filename: str) -> None:
        super().__init__(f"not fixed: {reason}", filename)


def replace_text(path: str, before: str, after: str) -> None:
    """Put ``after`` in the place of ``before`` in the file at a path.

    The new text is written beside the file, flushed to the disk, and then takes its name. A link
    stays a link. It raises NotFixedError, the file being as it was, where that can't be done, the
    file's owner, group or mode could not be kept, or the file holds something else by now.
    """
    real = os.path.realpath(path)
    try:
        status = os.stat(real)
        with open(real, "rb") as file:
            data = file.read()
        encoded = _encoded(data, before, after)
        if encoded is None:
            raise NotFixedError("it was changed meanwhile", path)
        if status.st_nlink > 1:
            raise NotFixedError("it has several names (hard links)", path)
        _replace(real, encoded, status)
    except OSError as error:
        raise NotFixedError(error.strerror or str(error), path) from None


def _encoded(data: bytes, before: str, after: str) -> bytes | None:
    """The bytes of the new text, in the encoding of the old; None if that is another by now."""
    for encoding, mark in (("utf-8", _BOM), ("utf-8", b""), ("latin-1", b"")):
        if not data.startswith(mark):
            continue
        with suppress(UnicodeError):
            if data[len(mark) :].decode(encoding) == before:
                return mark + after.encode(encoding)
    return None


def _replace(real: str, data: bytes, status: os.stat_result) -> None:
    folder = os.path.dirname(real)
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{os.path.basename(real)}.")
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            _keep_owner(descriptor, status)
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
            os.fsync(descriptor)
        os.replace(name, real)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    _flush_folder(folder)


def _keep_owner(descriptor: int, status: os.stat_result) -> None:
    own = os.fstat(descriptor)
    if (own.st_uid, own.st_gid) == (status.st_uid, status.st_gid):
        return
    try:
        os.fchown(descriptor, status.st_uid, status.st_gid)
    except OSError:
        raise OSError(0, "it belongs to somebody else, which could not be kept") from None


def _flush_folder(folder: str) -> None:
    with suppress(OSError):  # some file systems can't
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
