"""Sockets: the paths at which servers make Unix sockets, which have to be short."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.facts.base import Evidence
from doctor.facts.relations import SocketPath
from doctor.trace.domain.environment import is_always_set
from doctor.trace.readers.scene import Scene
from doctor.trace.readers.servers import Started
from doctor.values.value import Text, Value

#: Which variable says where the sockets lie between a server's processes, the first that is set
#: (``VLLM_RPC_BASE_PATH`` in vllm/envs.py; tempfile.gettempdir).
_FOLDERS = ("VLLM_RPC_BASE_PATH", "TMPDIR", "TEMP", "TMP")
#: A slash and a random UUID (get_open_zmq_ipc_path in vllm/utils/network_utils.py).
_NAME = 37


def read(scene: Scene) -> Iterator[SocketPath]:
    """The paths of the servers' sockets, as far as the script says where they lie."""
    for each in scene.started:
        yield from _of_server(each)


def _of_server(started: Started) -> Iterator[SocketPath]:
    for variable in _FOLDERS:
        folder = started.pick(variable)
        if folder is not None:
            if isinstance(folder, Value) and folder.pieces:
                yield _fact(started, variable, folder, _least(folder) + _NAME)
            break
    socket = started.server.value("uds")
    if socket is not None:
        yield _fact(started, "--uds", socket, _least(socket))


def _fact(started: Started, set_by: str, path: Value, length: int) -> SocketPath:
    place = path.location or started.invocation.origin.location
    return SocketPath(
        location=started.invocation.origin.location,
        evidence={"path": Evidence((place,), path.assumes)},
        set_by=set_by,
        path=path.display,
        length=length,
    )


def _least(path: Value) -> int:
    """How many bytes a path has at least; of what is surely set one each."""
    pieces = list(path.pieces)
    if pieces and isinstance(pieces[-1], Text):
        pieces[-1] = Text(pieces[-1].text.rstrip("/"))
    return sum(
        len(piece.text.encode()) if isinstance(piece, Text) else is_always_set(piece.name[1:])
        for piece in pieces
    )
