"""Lists of nodes, folded (``gpu[01-04]``) and unfolded."""

from __future__ import annotations

import re
from collections.abc import Iterable

from doctor.base.errors import DoctorError
from doctor.base.regex import regex
from doctor.knowledge.place import Place

MAX_NODES = 100_000

_NAME = regex(r"[A-Za-z0-9](?:[\w.-]|\[[\d,-]+\])*")
_RANGE = regex(r"(\d{1,9})(?:-(\d{1,9}))?")
_WORD = regex(r"(?:[^,\s\[]|\[[^\]]*\]?)+")


def split(text: str, place: Place | None = None) -> list[str]:
    """The hostlists in a text, separated by commas or blanks; brackets stay whole."""
    hosts = _WORD.findall(text)
    size = 0
    for host in hosts:
        if not _NAME.fullmatch(host):
            raise _refusal(f"{host!r} is neither a node name nor a list like gpu[01-04]", place)
        size += _size(host, place)
        if size > MAX_NODES:
            raise _refusal(f"up to {host!r} these are more than {MAX_NODES} nodes", place)
    return hosts


def _size(host: str, place: Place | None) -> int:
    """How many nodes a hostlist stands for, without unfolding it; not exact for far too many."""
    size = 1
    for ranges in re.findall(r"\[([^\]]*)\]", host):
        count = 0
        for part in ranges.split(","):
            found = _RANGE.fullmatch(part)
            if found is None:
                raise _refusal(
                    f"{part!r} in {host!r} is neither a number nor a range like 01-04", place
                )
            count += 1 + max(0, int(found[2]) - int(found[1])) if found[2] else 1
        size = min(size * count, MAX_NODES + 1)
    return size


def expand(hostlist: str, place: Place | None = None) -> frozenset[str]:
    """The names in a hostlist, one each."""
    hosts = split(hostlist, place)
    if not any("[" in host for host in hosts):
        return frozenset(hosts)
    from ClusterShell.NodeSet import RESOLVER_NOGROUP, NodeSet, NodeSetException

    try:
        return frozenset(NodeSet(",".join(hosts), resolver=RESOLVER_NOGROUP))
    except NodeSetException as problem:
        raise _refusal(f"{hostlist!r} is not a list of nodes: {problem}", place) from None


def union(hostlists: Iterable[tuple[str, Place]]) -> frozenset[str]:
    """The names in several hostlists."""
    names: set[str] = set()
    size = 0
    for hosts, place in hostlists:
        size += _size(hosts, place)
        if size > MAX_NODES:  # counted before they are unfolded, which takes as long each time
            raise _refusal(f"the list names more than {MAX_NODES} nodes", place)
        names |= expand(hosts, place)
    return frozenset(names)


def fold(names: Iterable[str]) -> str:
    """The names as one hostlist: ``gpu[01-02],login``."""
    ordered = sorted(names)
    if len(ordered) < 2:
        return "".join(ordered)
    from ClusterShell.NodeSet import RESOLVER_NOGROUP, NodeSet

    return str(NodeSet.fromlist(ordered, resolver=RESOLVER_NOGROUP))


def _refusal(message: str, place: Place | None) -> DoctorError:
    return DoctorError(message, place.filename, place.line) if place else DoctorError(message)
