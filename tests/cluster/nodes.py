"""Nodes as they tell of themselves, made up."""

from __future__ import annotations

from typing import Any

from doctor.cluster.node_report import NodeReport

Object = dict[str, Any]


def gpu(number: int, held: float = 0.0, held_by: str = "nobody", **more: Any) -> Object:
    return {"gpu": f"GPU {number}", "held": held, "held_by": held_by, **more}


def check(code: str, status: str, message: str = "", *evidence: str) -> Object:
    return {
        "code": code,
        "name": f"name-of-{code}",
        "looks_at": f"what {code} looks at",
        "status": status,
        "message": message,
        "evidence": list(evidence),
    }


def fit(node: str, gpus: int = 8) -> NodeReport:
    return NodeReport(
        node, "fit", gpus=tuple(map(gpu, range(gpus))), checks=(check("VN101", "ok"),)
    )


def held(node: str) -> NodeReport:
    """A node whose second GPU somebody else holds."""
    evidence = "GPU 1: 70 of 80 GiB are held by bob."
    return NodeReport(
        node,
        "not fit",
        gpus=(gpu(0), gpu(1, 70.0, "another-user"), *map(gpu, range(2, 8))),
        checks=(check("VN101", "error", "Others hold memory.", evidence),),
        faults=({"code": "VN101", "gpu": "GPU 1", "sentence": evidence.removeprefix("GPU 1: ")},),
    )


def silent(node: str) -> NodeReport:
    return NodeReport(node, "unknown", why="no answer within 16 s")
