"""JSON lines: an object for each diagnostic, infos too, as in the array of `json`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from doctor.report.json import as_object
from doctor.report.report import Report


def render(report: Report) -> Iterator[str]:
    """One object a line, in ASCII."""
    for diagnostic in report.diagnostics:
        yield json.dumps(as_object(diagnostic))
