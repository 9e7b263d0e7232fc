"""A file's text replaced, so that it is whole at any moment and stays what it was otherwise."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from doctor.base.errors import DoctorError
from doctor.base.regular import read_regular
from doctor.base.replace import flush, replacing
from doctor.diagnostic import Source


class NotFixedError(DoctorError):
    """Why a file was left as it was."""

    def __init__(self, reason: str, filename: str) -> None:
        super().__init__(f"not fixed: {reason}", filename)


def replace_file(before: Source, after: Source) -> None:
    """Put the text ``after`` in the place of ``before`` in their file.

    The new text is written next to the file, flushed to the disk, and then takes its name. A link
    stays a link. It raises NotFixedError, the file being as it was, where that can't be done, the
    file's owner, group, mode or attributes could not be kept, or it holds something else by now.
    """
    path = before.filename
    real = os.path.realpath(path)
    try:
        status = os.stat(real)
        _refuse_changed(real, before.data, status)
        if status.st_nlink > 1:
            raise OSError(0, "it has several names (hard links)")
        if not os.access(real, os.W_OK):
            raise OSError(0, "it is read-only")
        with replacing(Path(real), 0o600) as file:
            file.write(after.data)
            file.flush()
            _keep_owner(file.fileno(), status)
            os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode))
            _keep_attributes(file.fileno(), real)
            flush(file)
            _refuse_changed(real, before.data, status)  # writing may take long, this doesn't
        _flush_folder(os.path.dirname(real))
    except UnicodeEncodeError:
        raise NotFixedError(f"{after.encoding} can't hold the new text", path) from None
    except OSError as error:
        raise NotFixedError(error.strerror or str(error), path) from None


def _refuse_changed(real: str, data: bytes, status: os.stat_result) -> None:
    """Refuse a file that holds other data, or isn't what it was when it was looked at."""
    if read_regular(real, len(data)) != data or _state(os.stat(real)) != _state(status):
        raise OSError(0, "it was changed meanwhile")


def _state(status: os.stat_result) -> tuple[int, ...]:
    """What differs once a file was written, replaced, or given to somebody else."""
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _keep_owner(descriptor: int, status: os.stat_result) -> None:
    own = os.fstat(descriptor)
    if (own.st_uid, own.st_gid) == (status.st_uid, status.st_gid):
        return
    try:
        os.fchown(descriptor, status.st_uid, status.st_gid)
    except OSError:
        raise OSError(0, "it belongs to somebody else, which could not be kept") from None


def _keep_attributes(descriptor: int, real: str) -> None:
    """Give the new file the access list and the attributes of the old one, and no others."""
    if sys.platform != "linux":
        return
    wanted, own = _attributes(real), _attributes(descriptor)
    for name in sorted(wanted.keys() | own.keys()):
        try:
            if name not in wanted:
                os.removexattr(descriptor, name)
            elif wanted[name] != own.get(name):
                os.setxattr(descriptor, name, wanted[name])
        except OSError:
            raise OSError(0, f"its attribute {name} could not be kept") from None


def _attributes(file: int | str) -> dict[str, bytes]:
    """The attributes that people and the system give to a file; others are the file system's own.

    Among them are access lists, capabilities and the labels of SELinux.
    """
    try:
        names = os.listxattr(file)
    except OSError:  # some file systems have none
        return {}
    kept = (n for n in names if n.startswith(("user.", "security.", "trusted.")) or "_acl" in n)
    return {name: os.getxattr(file, name) for name in kept}


def _flush_folder(folder: str) -> None:
    with suppress(OSError):  # some file systems can't
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
