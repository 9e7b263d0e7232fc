"""Whose word counts: anybody may put a file into a folder such as /tmp, above what others keep."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def is_ours(path: Path) -> bool:
    """Whether a file, or the link to it, is ours or root's."""
    return path.lstat().st_uid in (os.geteuid(), 0)


def is_strangers(path: Path, start: Path) -> bool:
    """Whether a file, or the link to it, is neither ours nor root's nor of whom the start is.

    In the start itself, whoever may write there is none, unless everybody may.
    """
    if is_ours(path):
        return False
    status = start.stat()
    within = path.parent.absolute() == start and not status.st_mode & stat.S_IWOTH
    return not within and path.lstat().st_uid != status.st_uid
