"""The tool's own cache, which lies in a home that may hang."""

from __future__ import annotations

import os
from contextlib import suppress

from doctor.base.kept import cache_folder
from doctor.node.patience import answers

#: How long it may take to answer; without it, reading the rules takes about as long.
_SECONDS = 0.4


def do_without_if_it_hangs() -> None:
    """Keep this process off the cache if its file system does not answer.

    For a child alone: what waits for the file system stays behind in it.
    """
    if not answers({"cache": _looked_at}, _SECONDS):
        os.environ["XDG_CACHE_HOME"] = os.devnull  # below which there is nothing


def _looked_at() -> bool:
    folder = cache_folder()
    with suppress(OSError):  # one that may not be looked at answers, too
        return folder is None or folder.exists()
    return False
