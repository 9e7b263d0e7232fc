"""The report of one of many nodes on itself, or why there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from doctor.base.record import Record
from doctor.cluster.commands import Ended
from doctor.cluster.steps import NOT_FOUND

Object = Mapping[str, Any]
#: The verdict on a node on which nothing was started.
NOT_LOOKED_AT = "not looked at"
BRING = (
    "vllm-doctor is not there: neither {python} nor a vllm-doctor on the PATH can be run. Install "
    "it in a virtual environment on storage that all nodes see, and call it from there"
)


class NodeReport(Record):
    """A node's own JSON (``gpus``, ``checks`` and ``faults`` as `node --format json` has them).

    ``why`` is the reason if it reported nothing; its verdict then is `unknown`. ``state`` is what
    Slurm says of the node, with its ``reason``, where Slurm was asked.
    """

    node: str
    verdict: str
    why: str = ""
    gpus: tuple[Object, ...] = ()
    checks: tuple[Object, ...] = ()
    faults: tuple[Object, ...] = ()
    seconds: float = 0.0
    state: str = ""
    reason: str = ""


def read(node: str, ended: Ended, python: str, seconds: float) -> NodeReport:
    """A node's report, from what its step wrote."""
    try:
        found = json.loads(ended.output)
        return NodeReport(
            node,
            str(found["verdict"]),
            gpus=tuple(map(dict, found["gpus"])),
            checks=tuple(map(dict, found["checks"])),
            faults=tuple(map(dict, found["faults"])),
            seconds=float(found["seconds"]),
        )
    except (ValueError, KeyError, TypeError):
        return NodeReport(node, "unknown", why=_why(ended, python, seconds))


def _why(ended: Ended, python: str, seconds: float) -> str:
    if ended.code is None:
        return f"no answer within {seconds:.0f} s"
    if ended.code == NOT_FOUND:
        return BRING.format(python=python)
    said = ended.last_words.removeprefix("vllm-doctor: ")
    return said or f"it ended with exit code {ended.code} and said nothing"
