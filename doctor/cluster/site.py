"""A cluster as Slurm tells of it: nodes, partitions, GPUs, and whether jobs share /tmp."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator

from doctor.base.regex import regex
from doctor.cluster.commands import run
from doctor.cluster.steps import for_slurm
from doctor.lessons.cluster import Cluster, Partition
from doctor.node.bounds import clipped

#: How long a program of Slurm's may take, in seconds: where the controller is dead it hangs.
ANSWERING = 5.0
_NODES = ("sinfo", "--noheader", "--Node", "--format=%N|%P|%G")
_SETTINGS = ("scontrol", "show", "config")
_GPUS = regex(r"\bgpu(?::([^:,()]+))?:(\d+)")
#: The first since 21.08, the second since 25.11.
_CONTAINER = regex(r"^(?:JobContainerType|NamespaceType)\s*=\s*(\S+)", re.MULTILINE)
_SAYS = regex(r"^.*?(?:error|fatal): ")


class _NoAnswerError(Exception):
    """A program of Slurm's gave no answer; the message says why."""


def look() -> Cluster:
    """The cluster that one is on; its ``problem`` if Slurm can't be asked."""
    if shutil.which(_NODES[0]) is None:
        return Cluster(problem="Slurm's sinfo is not here")
    try:
        rows = [line.split("|") for line in _asked(_NODES).splitlines() if line.count("|") == 2]
        if not rows:
            raise _NoAnswerError("no nodes")
    except _NoAnswerError as problem:
        return Cluster(problem=f"sinfo did not answer ({problem})")
    nodes = tuple(dict.fromkeys(name for name, _, _ in rows))
    return Cluster(nodes, tuple(_partitions(rows)), _private_tmp())


def _partitions(rows: list[list[str]]) -> Iterator[Partition]:
    for name in dict.fromkeys(partition for _, partition, _ in rows):
        own = [gres for _, partition, gres in rows if partition == name]
        gpus = dict.fromkeys(each for gres in own if (each := _gpus(gres)))
        yield Partition(name.rstrip("*"), len(own), tuple(gpus), name.endswith("*"))


def _gpus(gres: str) -> str:
    """The GPUs of a node in words, empty if it has none."""
    return " and ".join(
        f"{count} {kind}".rstrip() for kind, count in _GPUS.findall(gres) if count != "0"
    )


def _private_tmp() -> str | None:
    """As for ``Cluster``."""
    try:
        plugins = _CONTAINER.findall(_asked(_SETTINGS))
    except _NoAnswerError:
        return None
    return next((each for each in plugins if each.endswith("/tmpfs")), "")


def _asked(words: tuple[str, ...]) -> str:
    """What a program of Slurm's prints."""
    try:
        ended = run(words, ANSWERING, for_slurm(os.environ))
    except OSError as error:
        raise _NoAnswerError(error.strerror) from None
    if ended.code is None:
        raise _NoAnswerError(f"it took more than {ANSWERING:g} s")
    if ended.code or not ended.output.strip():
        raise _NoAnswerError(clipped(_SAYS.sub("", ended.last_words)) or "no nodes")
    return ended.output
