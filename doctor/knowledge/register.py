"""The register: a folder in which nodes that were found unfit are remembered for a while.

Many nodes and people write it at once, also on NFS, where neither appending to a file nor locking
one can be relied on. So there is no lock that could be left behind: each user has a file of their
own for each node, which they replace as a whole by renaming, one step on a file server, too. Of
the files about one node the newest counts, by that node's own clock. Nothing is ever deleted: a
folder has no more files than nodes times users.

Another client of NFS may see a new entry up to a minute late, as long as it keeps what it knows of
a folder; and what is replaced while it reads is stale, so that it reads again.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from pathlib import Path

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.base.regex import regex

#: How long an entry counts: by then somebody has mended the node, or another run met it again.
LASTS = timedelta(days=7)

_NODE = regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_SUFFIX = ".json"


class Entry(Record):
    """What somebody found out about a node; the times are in UTC, in ISO 8601."""

    node: str
    fit: bool
    recorded: str
    expires: str
    by: str
    evidence: Sequence[str] = ()


def entry(node: str, by: str, evidence: Sequence[str], now: datetime | None = None) -> Entry:
    """An entry of this moment; a node without any evidence against it is fit."""
    if not _NODE.fullmatch(node):
        raise DoctorError(f"{node!r} is no name of a node, so it can't be recorded")
    now = now or datetime.now(timezone.utc)
    until = now + LASTS
    return Entry(node, not evidence, now.isoformat(), until.isoformat(), by, evidence)


def unfit(folder: Path, now: datetime | None = None) -> dict[Path, Entry]:
    """The nodes that are in the register now, each with the file that says so.

    A folder that isn't there is an empty register: what one reads on a laptop may lie on the
    cluster. So is a file that can't be read as an entry.
    """
    newest: dict[str, tuple[datetime, Path, Entry]] = {}
    now = now or datetime.now(timezone.utc)
    for path, found in _entries(folder):
        recorded, expires = _time(found.recorded), _time(found.expires)
        known = newest.get(found.node)
        if recorded and expires and expires > now and (known is None or known[0] < recorded):
            newest[found.node] = recorded, path, found
    return {path: found for _, (_, path, found) in sorted(newest.items()) if not found.fit}


def record(folder: Path, found: Entry) -> bool:
    """Write an entry; whether the register has changed by it.

    A fit node is only worth a word where the register says otherwise.
    """
    if found.fit and all(other.node != found.node for other in unfit(folder).values()):
        return False
    path = folder / f"{found.node}.{os.getuid()}{_SUFFIX}"
    try:
        _make(folder)
        _replace(path, json.dumps(asdict(found), indent=1) + "\n")
    except OSError as error:
        raise DoctorError(f"the register can't be written: {error.strerror}", str(path)) from None
    return True


def _entries(folder: Path) -> Iterator[tuple[Path, Entry]]:
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise DoctorError(f"the register can't be read: {error.strerror}", str(folder)) from None
    for path in paths:
        if path.suffix == _SUFFIX and not path.name.startswith("."):
            found = _read(path)
            if found is not None:
                yield path, found


def _read(path: Path) -> Entry | None:
    try:
        found = Entry(**json.loads(_content(path)))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    sound = isinstance(found.node, str) and _NODE.fullmatch(found.node)
    return found if sound and isinstance(found.fit, bool) else None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        if error.errno != errno.ESTALE:
            raise
        return path.read_bytes()


def _time(text: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time if time.tzinfo else None


def _make(folder: Path) -> None:
    """Make the folder if it isn't there: anyone may add to it, and none change another's file."""
    umask = os.umask(0)  # so that it is open to all from its first moment on
    try:
        folder.mkdir(0o1777, exist_ok=True)
    finally:
        os.umask(umask)


def _replace(path: Path, text: str) -> None:
    """Put a file in its place, whole and on the disk, or leave everything as it was."""
    draft = path.with_name(f".{path.name}.{os.uname().nodename}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
