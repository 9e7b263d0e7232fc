"""A file put in its place in one step, so that nobody ever sees half of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A new file, open for writing, that takes the place of ``path`` when the block ends well.

    If the block fails, the file is gone and ``path`` is as it was. Until then it lies next to it
    under a name that nobody can guess and take before, be it for a link. ``mode`` is what the
    user's mask leaves of it.
    """
    draft = path.with_name(f".vllm-doctor-{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path
            yield file
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


def flush(file: BinaryIO) -> None:
    """See to it that what was written to a file is on the disk."""
    file.flush()
    os.fsync(file.fileno())
