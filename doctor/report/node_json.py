"""An examined node in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from doctor.base.unknown import UNKNOWN
from doctor.facts.node.gpus import Gpu
from doctor.node.checks import Check
from doctor.node.examination import Examination
from doctor.node.faults import faults

_ELSEWHERE = ("node", "exclude", "allocate", "in_slurm")


def render(found: Examination, verdict: str) -> Iterator[str]:
    """One object, in ASCII."""
    told = {
        "node": found.node,
        "verdict": verdict,
        "seconds": round(found.seconds, 3),
        "faults": [
            {"code": fault.code, "gpu": fault.gpu, "sentence": fault.sentence}
            for fault in faults(found)
        ],
        "gpus": [_gpu(gpu) for gpu in found.gpus],
        "checks": [as_json(check) for check in found.checks],
    }
    yield from json.dumps(told, indent=2).splitlines()


def _gpu(gpu: Gpu) -> dict[str, Any]:
    """The attributes; those that are unknown are null, and `unknown` tells why."""
    names = [
        name
        for name, field in Gpu.__dataclass_fields__.items()
        if "doc" in field.metadata and name not in _ELSEWHERE
    ]
    unknown = [name for name in names if getattr(gpu, name) is UNKNOWN]
    return {
        **{name: _plain(getattr(gpu, name)) for name in names},
        "unknown": {name: gpu.reasons.get(name, "") for name in unknown},
    }


def _plain(value: object) -> object:
    if value is UNKNOWN:
        return None
    return sorted(value) if isinstance(value, frozenset) else value


def as_json(check: Check) -> dict[str, Any]:
    """One check."""
    return {
        "code": check.code,
        "name": check.name,
        "looks_at": check.looks_at,
        "severity": check.severity.value,
        "status": check.status.value,
        "message": check.message,
        "evidence": list(check.evidence),
        "remedy": check.remedy or None,
        "lesson": check.lesson,
        "seconds": round(check.seconds, 3),
    }
