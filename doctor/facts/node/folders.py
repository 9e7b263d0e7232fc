"""Facts about folders and disks that a server writes. Space is in GiB."""

from __future__ import annotations

from typing import ClassVar, Literal

from doctor.base.unknown import UnknownType
from doctor.facts.base import attribute
from doctor.facts.node.base import NodeFact


class TmpFolder(NodeFact, kw_only=True):
    """A folder for temporary files that the first user makes, and that others then can't write."""

    kind: ClassVar[str] = "tmp-folder"

    path: str = attribute("the folder")
    made_by: str = attribute("what makes it: `torch's compiler`")
    always: bool = attribute("whether every server uses it, not only some kernels")
    owner: str | UnknownType | None = attribute("whose it is, null if it isn't there")
    own: bool | UnknownType = attribute("whether it is ours, or isn't there")
    writable: bool | UnknownType = attribute("whether we may write it, or make it")
    others_write: bool | UnknownType = attribute("whether everybody may write it")


class ServerFolder(NodeFact, kw_only=True):
    """A folder that a variable, or its default, gives to a server."""

    kind: ClassVar[str] = "server-folder"

    variable: str = attribute("the variable that puts it there: `VLLM_CACHE_ROOT`")
    is_default: bool = attribute("whether it is the default, no variable being set", False)
    setting: str = attribute("the variable that moves this folder alone: `TRITON_CACHE_DIR`")
    holds: Literal["compiled-code", "kernels", "models", "temporary-files"] = attribute(
        "what goes there"
    )
    path: str = attribute("the folder")
    writable: bool | UnknownType = attribute("whether we may write it, or make it")
    blocked_at: str | UnknownType | None = attribute(
        "the folder that we may not write, null if there is none"
    )
    lost: Literal["memory", "node-local", "job"] | UnknownType | None = attribute(
        "why it does not last: it lies in memory, on this node alone, or is the job's own"
    )
    network: bool | UnknownType = attribute("whether it lies on network storage")
    nodes: int | UnknownType = attribute("how many nodes this job has")


class Space(NodeFact, kw_only=True):
    """What is free on a file system that a server writes."""

    kind: ClassVar[str] = "space"

    mount: str = attribute("where the file system begins")
    purposes: frozenset[str] = attribute(
        "what goes there: `compiled-code`, `home`, `models`, `shared-memory`, `temporary-files`"
    )
    folders: frozenset[str] = attribute("the folders that lie there")
    free: float | UnknownType = attribute("how much an ordinary user may still write")
    size: float | UnknownType = attribute("how large it is")
    files_free: int | UnknownType | None = attribute(
        "how many files may still be made, null where nothing limits them"
    )


class SocketFolder(NodeFact, kw_only=True):
    """The folder in which the parts of a server make the sockets that they talk through."""

    kind: ClassVar[str] = "socket-folder"

    path: str = attribute("the folder")
    variable: str | None = attribute("the variable that puts it there, null for the default")
    length: int = attribute("how many bytes the path of a socket there has")


class Quota(NodeFact, kw_only=True):
    """What our quota leaves us on a file system."""

    kind: ClassVar[str] = "quota"

    mount: str = attribute("the file system")
    whose: str = attribute("whose quota it is: `user alice`, `group lab`")
    used: float = attribute("how much we have there")
    left: float | None = attribute("how much we may still write, null without a limit")
    files_left: int | None = attribute("how many files we may still make, null without a limit")


FACTS: tuple[type[NodeFact], ...] = (TmpFolder, ServerFolder, Space, SocketFolder, Quota)
