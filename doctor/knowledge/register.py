"""The register: a folder in which nodes that were found unfit are remembered for a while.

Many nodes and people write it at once, also on NFS, where neither appending to a file nor locking
one can be relied on. So there is no lock that could be left behind: each user has a file of their
own for each node, which they replace as a whole by renaming, one step on a file server, too. Of
the files about one node the newest counts, by that node's own clock. Nothing is ever deleted: a
folder has no more files than nodes times users.

Everybody may write into the folder, so nothing in it is trusted further than its owner: an entry
is a regular file of the user whose number is in its name, is small, doesn't lie in the future and
lasts no longer than ours do. Whatever else is there is passed over. `by` is for those who read it.

Another client of NFS may see a new entry up to a minute late, as long as it keeps what it knows of
a folder; and what is replaced while it reads is stale, so that it reads again.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.base.regular import open_regular, read
from doctor.base.replace import flush, replacing

#: How long an entry counts: by then somebody has mended the node, or another run met it again.
LASTS = timedelta(days=7)

#: How far the clocks of two nodes may be apart.
_SKEW = timedelta(minutes=5)
#: The most bytes of an entry, names in the folder, and entries of one user that are read.
_MAX_BYTES, _MAX_NAMES, _MAX_ENTRIES = 1 << 16, 100_000, 10_000

#: What is remembered of earlier entries, and of how many.
_KEPT, _MAX_EARLIER = ("recorded", "fit", "by", "evidence"), 8

_NODE = regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
#: A node and its finder's number; more behind it where somebody else had taken that name.
_NAME = regex(rf"(?P<node>{_NODE.pattern})\.(?P<user>\d{{1,10}})(?:\.[0-9a-f]{{16}})?\.json")


class Entry(Record):
    """What somebody found out about a node; the times are in UTC, in ISO 8601.

    ``evidence`` is a line a reason: the check's code, the GPU if it is about one, and a sentence.
    ``earlier`` is what the same person had recorded of the node before, the newest first.
    """

    node: str
    fit: bool
    recorded: str
    expires: str
    by: str
    evidence: Sequence[str] = ()
    earlier: Sequence[Mapping[str, object]] = ()


def entry(
    node: str,
    by: str,
    evidence: Sequence[str],
    now: datetime | None = None,
    *,
    fit: bool | None = None,
) -> Entry:
    """An entry of this moment; a node without any evidence against it is fit."""
    if not _NODE.fullmatch(node):
        raise DoctorError(f"{node!r} is not the name of a node, so it can't be recorded")
    now = now or datetime.now(timezone.utc)
    until = now + LASTS
    fit = not evidence if fit is None else fit
    return Entry(node, fit, now.isoformat(), until.isoformat(), by, evidence)


def unfit(folder: Path, now: datetime | None = None) -> dict[Path, Entry]:
    """The nodes that are in the register now, each with the file that says so.

    A folder that isn't there is an empty register: what one reads on a laptop may lie on the
    cluster. So is a file that can't be read as an entry.
    """
    newest: dict[str, tuple[datetime, Path, Entry]] = {}
    now = now or datetime.now(timezone.utc)
    for path, found in entries(folder):
        recorded, expires = _time(found.recorded), _time(found.expires)
        if recorded is None or expires is None:
            continue
        counts = recorded <= now + _SKEW and now < expires <= recorded + LASTS
        known = newest.get(found.node)
        if counts and (known is None or known[0] < recorded):
            newest[found.node] = recorded, path, found
    return {path: found for _, (_, path, found) in sorted(newest.items()) if not found.fit}


def record(folder: Path, found: Entry) -> bool:
    """Write an entry; whether the register has changed by it.

    A fit node is only worth a word where the register says otherwise.
    """
    if found.fit and all(other.node != found.node for other in unfit(folder).values()):
        return False
    user = os.geteuid()
    path = folder / f"{found.node}.{user}.json"
    try:
        _make(folder)
        path = _own(path, found.node, user)
        found = _after(_read(path, user), found)
        with replacing(path) as file:
            file.write((json.dumps(asdict(found), indent=1) + "\n").encode())
            os.fchmod(file.fileno(), 0o644)  # whatever the user's mask, others must read it
            flush(file)
    except OSError as error:
        raise DoctorError(f"the register can't be written: {error.strerror}", str(path)) from None
    if path.stat().st_uid != user:
        problem = "the file server gives this entry to another user, so it would not count"
        raise DoctorError(problem, str(path))
    return True


def _after(before: Entry | None, found: Entry) -> Entry:
    """An entry that remembers those before it."""
    if before is None:
        return found
    last = {name: value for name, value in asdict(before).items() if name in _KEPT}
    return replace(found, earlier=[last, *before.earlier][:_MAX_EARLIER])


def _own(path: Path, node: str, user: int) -> Path:
    """Where a user's entry goes: where theirs is, or under a name that nobody else has taken."""
    for name in _names(path.parent):
        parts = _NAME.fullmatch(name)
        if parts and (parts["node"], parts["user"]) == (node, str(user)):
            found = path.with_name(name)
            if found.lstat().st_uid == user:
                return found
            path = path.with_name(f"{node}.{user}.{secrets.token_hex(8)}.json")
    return path


def entries(folder: Path) -> Iterator[tuple[Path, Entry]]:
    """All entries that can be believed, also those that no longer count, and their files."""
    try:
        names = _names(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise DoctorError(f"the register can't be read: {error.strerror}", str(folder)) from None
    read_of: Counter[str] = Counter()
    for name in names:
        parts = _NAME.fullmatch(name)
        if parts is None or read_of[parts["user"]] >= _MAX_ENTRIES:
            continue
        found = _read(folder / name, int(parts["user"]))
        if found is not None and found.node == parts["node"]:
            read_of[parts["user"]] += 1
            yield folder / name, found


def _names(folder: Path) -> list[str]:
    """The names in the folder, in order."""
    with os.scandir(folder) as listed:
        names = [each.name for each in islice(listed, _MAX_NAMES + 1)]
    if len(names) > _MAX_NAMES:
        problem = f"the register has more than {_MAX_NAMES:,} files; see who writes them"
        raise DoctorError(problem, str(folder))
    return sorted(names)


def _read(path: Path, owner: int) -> Entry | None:
    try:
        found = Entry(**json.loads(_content(path, owner)))
        texts = (found.node, found.recorded, found.expires, found.by, *found.evidence)
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    sound = isinstance(found.fit, bool) and all(isinstance(text, str) for text in texts)
    sound = sound and all(isinstance(each, dict) for each in found.earlier)
    return found if sound else None


def _content(path: Path, owner: int) -> bytes:
    try:
        return _owned(path, owner)
    except OSError as error:
        if error.errno != errno.ESTALE:
            raise
        return _owned(path, owner)


def _owned(path: Path, owner: int) -> bytes:
    """The content of a file if it is the owner's; links are not followed, as they lead anywhere."""
    with open_regular(path, follow=False) as file:
        status = os.fstat(file.fileno())
        if status.st_uid != owner or status.st_size > _MAX_BYTES:
            return b""
        return read(file, _MAX_BYTES)


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
