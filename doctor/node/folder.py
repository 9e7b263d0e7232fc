"""One folder: whose it is, whether we may write it, on what it lies, and what is free there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from doctor.base.record import Record
from doctor.node.patience import answers

_MOUNTS = "/proc/self/mountinfo"
_MEMORY = ("tmpfs", "ramfs")
_NETWORK = (
    *("nfs", "nfs4", "lustre", "gpfs", "beegfs", "ceph", "cifs", "smb3", "9p", "virtiofs", "afs"),
    *("panfs", "wekafs", "pvfs2", "orangefs", "gfs2", "ocfs2", "fuse.sshfs", "fuse.glusterfs"),
    *("fuse.juicefs", "fuse.cephfs", "fuse.gpfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse"),
)
_GIB = 1 << 30

#: Why nothing is known of a folder that was asked about in vain.
HANGS = "{} does not answer; its file system hangs"


class Mount(Record):
    """A file system: where it begins, its type, and the part of it that is mounted there."""

    point: str
    type: str
    root: str

    @property
    def in_memory(self) -> bool:
        return self.type in _MEMORY

    @property
    def on_network(self) -> bool | None:
        """None where a file system in user space may be either."""
        if self.type in _NETWORK:
            return True
        return None if self.type.startswith("fuse.") else False


class Folder(Record):
    """A folder, or if it isn't there the place where it would be made.

    ``owner``, ``mode`` tell of the folder itself; ``blocked_at`` is what we may not write.
    """

    path: str
    exists: bool
    owner: int
    mode: int
    blocked_at: str | None
    mount: Mount
    free: float
    size: float
    files_free: int | None

    @property
    def writable(self) -> bool:
        return self.blocked_at is None

    @property
    def others_write(self) -> bool:
        """Whether everybody may write what we write there; a sticky folder keeps them off it."""
        return bool(self.mode & stat.S_IWOTH) and not self.mode & stat.S_ISVTX


def look(paths: Iterable[str]) -> dict[str, Folder]:
    """The folders that answer, by the path that was asked for."""
    mounts = _mounts()
    return answers({path: partial(examine, path, mounts) for path in paths})


def examine(path: str, mounts: Mapping[str, Mount]) -> Folder:
    """What the file system tells of a folder; it may never answer."""
    there = _nearest(path)
    status = os.stat(there)
    allowed = stat.S_ISDIR(status.st_mode) and os.access(there, os.W_OK | os.X_OK)
    space = os.statvfs(there)
    return Folder(
        path=path,
        exists=there == path,
        owner=status.st_uid,
        mode=status.st_mode,
        blocked_at=None if allowed else there,
        mount=_mount_of(os.path.realpath(there), mounts),
        free=space.f_bavail * space.f_frsize / _GIB,
        size=space.f_blocks * space.f_frsize / _GIB,
        files_free=space.f_favail if space.f_files else None,
    )


def _nearest(path: str) -> str:
    """The path, or the nearest folder above it that is there."""
    while not os.path.lexists(path) and path != "/":
        path = os.path.dirname(path)
    return path if os.path.exists(path) else os.path.dirname(path)


def _mounts() -> dict[str, Mount]:
    """The file systems that are mounted here, by where they begin; later ones hide earlier ones."""
    found = {}
    for line in Path(_MOUNTS).read_text(errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        words = before.split()
        root, point = (word.replace("\\040", " ") for word in words[3:5])
        found[point] = Mount(point, after.split()[0], root)
    return found


def _mount_of(path: str, mounts: Mapping[str, Mount]) -> Mount:
    while path not in mounts and path != "/":
        path = os.path.dirname(path)
    return mounts.get(path, Mount("/", "unknown", "/"))
