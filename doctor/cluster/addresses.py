"""The addresses at which Slurm itself reaches nodes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from doctor.base.regex import regex
from doctor.cluster.commands import run
from doctor.cluster.steps import ANSWERING
from doctor.slurm.hostlist import fold

_NAME = regex(r"\bNodeName=(\S+)")
_ADDRESS = regex(r"\bNodeAddr=(\S+)")


def addresses(nodes: Sequence[str]) -> dict[str, str]:
    """The address of each node as `scontrol` tells it, else its name."""
    found = {node: node for node in nodes}
    with suppress(OSError):
        ended = run(["scontrol", "--oneliner", "show", "node", fold(nodes)], ANSWERING)
        for line in ended.output.splitlines():
            name, address = _NAME.search(line), _ADDRESS.search(line)
            if name and address and name[1] in found:
                found[name[1]] = address[1]
    return found
