"""What a `slurm.conf` tells of a cluster: its nodes, and those of its partitions.

It is only read: to ask Slurm itself takes seconds where its controller is dead. slurm.conf(5).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.base.regular import read_regular
from doctor.slurm.hostlist import expand

#: Where Slurm itself looks for it; without a file of one's own the daemons put it into /run.
PLACES = ("/etc/slurm/slurm.conf", "/run/slurm/conf/slurm.conf", "/etc/slurm-llnl/slurm.conf")
#: The most bytes of a file, and files that one may include.
_MAX_BYTES, _MAX_FILES = 1 << 22, 64

_CONTINUED = regex(r"\\\n")
_COMMENT = regex(r"(?<!\\)#.*")
_PAIR = regex(r"(\w+)\s*=\s*(\"[^\"]*\"|\S+)")
_INCLUDE = regex(r"\s*include\s+(\S+)", re.IGNORECASE)
_MEMBER = regex(r"(?:[^,\s\[\]]|\[[^\[\]]*\])+")


class Cluster(Record):
    """The nodes of a cluster and of its partitions, as hostlists.

    ``default`` is the partition of jobs that name none. ``complete`` is false where nodes may be
    missing: a file that is included can't be read, or nodes may join the cluster by themselves.
    """

    filename: str
    nodes: tuple[str, ...]
    partitions: Mapping[str, tuple[str, ...]]
    default: str | None
    complete: bool

    def among(self, names: frozenset[str]) -> frozenset[str] | None:
        """Those of the names that are nodes of the cluster; None if that can't be told."""
        found = set[str]()
        for member in _members(self.nodes):
            stem = member.partition("[")[0]
            if near := {name for name in names if name.startswith(stem)}:
                unfolded = expand(member)
                if unfolded is None:
                    return None
                found |= near & unfolded
        return frozenset(found) if found or self.complete else None

    def nodes_of(self, partition: str) -> frozenset[str] | None:
        """The nodes of a partition; None if that can't be told."""
        lists = [expand(each) for each in self.partitions.get(partition, ())]
        known = [each for each in lists if each is not None]
        return frozenset().union(*known) if lists and len(known) == len(lists) else None


def read() -> Cluster | None:
    """What the configuration of this machine's Slurm tells; None if there is none to be read."""
    named = os.environ.get("SLURM_CONF")
    found = (read_file(Path(place)) for place in ((named,) if named else PLACES))
    return next((each for each in found if each is not None), None)


def read_file(path: Path) -> Cluster | None:
    """What one file tells; None if it can't be read, or names no nodes."""
    reading = _Reading()
    return reading.cluster(str(path)) if reading.read(path) and reading.nodes else None


class _Reading:
    """Files on their way to a `Cluster`; what a partition has not, that called DEFAULT tells."""

    def __init__(self) -> None:
        self.nodes: list[str] = []
        self._sets: dict[str, str | None] = {}
        self._partitions: dict[str, str] = {}
        self._default: str | None = None
        self._of_all: dict[str, str] = {}
        self._complete = True
        self._files = 0

    def read(self, path: Path) -> bool:
        """Read a file, and those that it includes; whether it could be read."""
        self._files += 1
        try:
            content = read_regular(path, _MAX_BYTES)
        except OSError:
            return False
        if self._files > _MAX_FILES or len(content) > _MAX_BYTES:
            return False
        text = _CONTINUED.sub(" ", content.decode(errors="replace"))
        for line in _COMMENT.sub("", text).splitlines():
            if (included := _INCLUDE.match(line)) is not None:
                if not self.read(path.parent / included[1]):
                    self._complete = False
            else:
                self._line({key.lower(): value.strip('"') for key, value in _PAIR.findall(line)})
        return True

    def _line(self, given: Mapping[str, str]) -> None:
        first = next(iter(given), "")
        if first == "nodename" and given[first] != "DEFAULT":
            self.nodes.append(given[first])
        elif first == "nodeset":
            self._sets[given[first]] = given.get("nodes")
        elif first == "partitionname" and given[first] == "DEFAULT":
            self._of_all |= given
        elif first == "partitionname":
            self._partition({**self._of_all, **given})
        elif first == "maxnodecount":
            self._complete = False

    def _partition(self, given: Mapping[str, str]) -> None:
        name = given["partitionname"]
        self._partitions[name] = given.get("nodes", "")
        if given.get("default", "").upper() == "YES":
            self._default = name

    def cluster(self, filename: str) -> Cluster:
        """What was read."""
        partitions = {
            name: found
            for name, nodes in self._partitions.items()
            if (found := tuple(self._hostlists(nodes)))
        }
        return Cluster(filename, tuple(self.nodes), partitions, self._default, self._complete)

    def _hostlists(self, nodes: str) -> Iterator[str]:
        """The nodes of a partition; none of a set that is known by a feature alone."""
        for member in _members((nodes,)):
            if member.upper() == "ALL":
                yield from self.nodes
            elif (named := self._sets.get(member, member)) is not None:
                yield named
            else:
                yield "@"  # what nobody can unfold


def _members(hostlists: tuple[str, ...]) -> Iterator[str]:
    for hosts in hostlists:
        yield from _MEMBER.findall(hosts)
