"""GitLab's code quality report: an array with an issue for each diagnostic, infos too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from doctor.diagnostic import Diagnostic, Position, Severity
from doctor.report.places import relative, with_fingerprints
from doctor.report.report import Report

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def render(report: Report) -> Iterator[str]:
    """The array's lines, in ASCII."""
    issues = [_issue(found, fingerprint) for found, fingerprint in with_fingerprints(report)]
    yield from json.dumps(issues, indent=2).splitlines()


def _issue(found: Diagnostic, fingerprint: str) -> dict[str, Any]:
    start, end = found.location.start, found.location.end
    return {
        "check_name": found.code,
        "description": f"{found.code} {found.name}: {found.message}",
        "severity": _SEVERITIES[found.severity],
        "fingerprint": fingerprint,
        "location": {
            "path": relative(found.location.filename),
            "positions": {"begin": _position(start), "end": _position(end)},
        },
    }


def _position(position: Position) -> dict[str, int]:
    return {"line": position.row, "column": position.column}
