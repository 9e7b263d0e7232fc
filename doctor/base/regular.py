"""Files that somebody else may have made, read so that none can hang us or fill the memory."""

from __future__ import annotations

import os
import stat
from io import FileIO


def open_regular(path: str | os.PathLike[str], follow: bool = True) -> FileIO:
    """A regular file, open for reading; an ``OSError`` says why it isn't.

    The kind of file is asked before it is opened, since to open a device may do something, and
    again after, since it may have been replaced; ``O_NONBLOCK`` keeps a pipe from hanging.
    Without ``follow`` a link is refused.
    """
    _refuse_special(os.stat(path, follow_symlinks=follow))
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | (0 if follow else os.O_NOFOLLOW)
    file = FileIO(os.open(path, flags))
    try:
        _refuse_special(os.fstat(file.fileno()))
    except OSError:
        file.close()
        raise
    return file


def read(file: FileIO, limit: int) -> bytes:
    """What is left of a file, but at most one byte more than the limit, which shows that it is
    too large."""
    chunks, size = [], 0
    while size <= limit and (chunk := file.read(min(limit + 1 - size, _CHUNK))):
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


def read_regular(path: str | os.PathLike[str], limit: int, follow: bool = True) -> bytes:
    """The content of a regular file, read as by ``open_regular`` and ``read``."""
    with open_regular(path, follow) as file:
        return read(file, limit)


#: How much is asked for at once: memory is taken for all of it, however little there is.
_CHUNK = 1 << 20


def _refuse_special(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "a device")
        raise OSError(0, f"it is {kind}, not a file")


_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
}
