"""From Slurm's nodes and what their jobs wrote to one list of what is known of each."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from doctor.cluster.node_report import NOT_LOOKED_AT, NodeReport, read
from doctor.cluster.programs import told_by
from doctor.cluster.survey import SlurmNode, Survey

#: How long a file server may keep a job's output from us, in seconds.
_SEEN_LATE = 4.0


def gather(survey: Survey, nodes: Sequence[SlurmNode], folder: Path) -> Generator[NodeReport]:
    """What is known of each node: those at once that are not idle, the others as their jobs end."""
    idle = [node for node in nodes if node.is_idle]
    for node in nodes:
        if not node.is_idle:
            yield NodeReport(node.name, NOT_LOOKED_AT, state=node.state, reason=node.reason)
    with closing(survey.run(idle)) as ended:
        for node, problem in ended:
            yield _told(node, problem, folder)


def _told(node: SlurmNode, problem: str, folder: Path) -> NodeReport:
    found = NodeReport(node.name, "unknown", why=problem) if problem else _read(node.name, folder)
    return replace(found, state=node.state, reason=node.reason)


def _read(node: str, folder: Path) -> NodeReport:
    deadline = time.monotonic() + _SEEN_LATE
    while True:
        ended = told_by(folder, node)
        if ended.output.strip() or ended.errors.strip() or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    if not ended.output.strip() and not ended.errors.strip():
        why = f"its job wrote nothing that is seen here; does the node see {folder}? (--folder)"
        return NodeReport(node, "unknown", why=why)
    return read(node, ended, sys.executable, 0.0)
