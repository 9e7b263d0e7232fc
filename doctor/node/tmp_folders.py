"""The probes of temporary folders: those that their first user keeps, and room for sockets."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator, Mapping

from doctor.facts.node.folders import SocketFolder, TmpFolder
from doctor.node.folder import HANGS, Folder, look
from doctor.node.probe import Probe, Situation

#: What is made below the folder for temporary files, by what, and whether by every server.
_MADE = (
    ("torchinductor_{user}", "torch's compiler", True),
    ("{user}/quack_cache", "the quack kernels", False),
    ("tvm-debug-mode-tempdirs", "TileLang, before vLLM 0.21.0", False),
)
#: The name of a socket: a slash and a random UUID.
_SOCKET = 1 + 36


def temporary(environment: Mapping[str, str]) -> tuple[str, str | None]:
    """Where temporary files are to go, and the variable that says so."""
    for variable in ("TMPDIR", "TEMP", "TMP"):
        if folder := environment.get(variable):
            return os.path.abspath(folder), variable
    return "/tmp", None


def user_name(user: int) -> str:
    """A user's name, or the number of one that has none here."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def _look(situation: Situation) -> Iterator[TmpFolder]:
    folder, _ = temporary(situation.environment)
    name = situation.environment.get("USER") or user_name(situation.user)
    made = {os.path.join(folder, path.format(user=name)): rest for path, *rest in _MADE}
    seen = look(made)
    for path, (by, always) in made.items():
        yield _fact(path, str(by), bool(always), seen.get(path), situation.user)


def _fact(path: str, made_by: str, always: bool, seen: Folder | None, user: int) -> TmpFolder:
    if seen is None:
        reasons = dict.fromkeys(("owner", "own", "writable", "others_write"), HANGS.format(path))
        return TmpFolder(path=path, made_by=made_by, always=always, reasons=reasons)
    return TmpFolder(
        path=path,
        made_by=made_by,
        always=always,
        owner=user_name(seen.owner) if seen.exists else None,
        own=not seen.exists or seen.owner == user,
        writable=seen.writable,
        others_write=seen.exists and seen.others_write,
    )


def _sockets(situation: Situation) -> Iterator[SocketFolder]:
    folder, variable = temporary(situation.environment)
    if base := situation.environment.get("VLLM_RPC_BASE_PATH"):
        folder, variable = base, "VLLM_RPC_BASE_PATH"
    length = len(os.fsencode(folder.rstrip("/"))) + _SOCKET
    yield SocketFolder(path=folder, variable=variable, length=length)


PROBES = (
    Probe("tmp-folders", (TmpFolder,), _look),
    Probe("sockets", (SocketFolder,), _sockets),
)
