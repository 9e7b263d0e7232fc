"""A file's text replaced, so that it is whole at any moment and stays what it was otherwise."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from contextlib import suppress

from doctor.base.errors import DoctorError
from doctor.diagnostic import Source


class NotFixedError(DoctorError):
    """Why a file was left as it was."""

    def __init__(self, reason: str, filename: str) -> None:
        super().__init__(f"not fixed: {reason}", filename)


def replace_file(before: Source, after: Source) -> None:
    """Put the text ``after`` in the place of ``before`` in their file.

    The new text is written beside the file, flushed to the disk, and then takes its name. A link
    stays a link. It raises NotFixedError, the file being as it was, where that can't be done, the
    file's owner, group, mode or attributes could not be kept, or it holds something else by now.
    """
    path = before.filename
    real = os.path.realpath(path)
    try:
        status = os.stat(real)
        with open(real, "rb") as file:
            changed = file.read() != before.data
        if changed:
            raise NotFixedError("it was changed meanwhile", path)
        if status.st_nlink > 1:
            raise NotFixedError("it has several names (hard links)", path)
        if not os.access(real, os.W_OK):
            raise NotFixedError("it is read-only", path)
        _replace(real, after.data, status)
    except UnicodeEncodeError:
        raise NotFixedError(f"{after.encoding} can't hold the new text", path) from None
    except OSError as error:
        raise NotFixedError(error.strerror or str(error), path) from None


def _replace(real: str, data: bytes, status: os.stat_result) -> None:
    folder = os.path.dirname(real)
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{os.path.basename(real)}.")
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            _keep_owner(descriptor, status)
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
            _keep_attributes(descriptor, real)
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


def _keep_attributes(descriptor: int, real: str) -> None:
    """Give the new file the access list and the user's attributes of the old one, and no others."""
    if sys.platform != "linux":
        return
    try:
        wanted = {name: os.getxattr(real, name) for name in _attributes(real)}
        own = {name: os.getxattr(descriptor, name) for name in _attributes(descriptor)}
        for name in own.keys() - wanted.keys():
            os.removexattr(descriptor, name)
        for name, value in wanted.items() - own.items():
            os.setxattr(descriptor, name, value)
    except OSError:
        raise OSError(0, "its access list or attributes could not be kept") from None


def _attributes(file: int | str) -> list[str]:
    """The attributes that people set; others are the file system's own."""
    try:
        return [name for name in os.listxattr(file) if name.startswith("user.") or "_acl" in name]
    except OSError:  # some file systems have none
        return []


def _flush_folder(folder: str) -> None:
    with suppress(OSError):  # some file systems can't
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
