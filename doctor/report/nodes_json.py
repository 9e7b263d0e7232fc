"""Many examined nodes in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from doctor.cluster.merge import Overview
from doctor.cluster.node_report import NodeReport
from doctor.report.node_json import as_json


def render(found: Overview, **about: Any) -> Iterator[str]:
    """One object, in ASCII; ``about`` says whose nodes they are."""
    told = {
        **about,
        "verdict": found.verdict,
        "exclude": found.exclude,
        "administrators": found.administrators,
        "failures": [
            {
                "checks": [{"code": code, "name": name} for code, name in kind.checks],
                "status": kind.status,
                "message": kind.message,
                "nodes": kind.nodes,
                "evidence": list(kind.evidence),
            }
            for kind in found.kinds
        ],
        "between": [as_json(check) for check in found.between],
        "nodes": [_node(each) for each in found.nodes],
    }
    yield from json.dumps(told, indent=2).splitlines()


def _node(each: NodeReport) -> dict[str, Any]:
    return {
        "node": each.node,
        "verdict": each.verdict,
        "why": each.why or None,
        "slurm": {"state": each.state, "reason": each.reason or None} if each.state else None,
        "seconds": each.seconds,
        "faults": list(each.faults),
        "gpus": list(each.gpus),
        "checks": list(each.checks),
    }
