"""JSON: an array with an object for each diagnostic, infos too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from doctor.base import tokens
from doctor.diagnostic import Diagnostic, Fix, Location, Position
from doctor.report.report import Report


def render(report: Report) -> Iterator[str]:
    """One object a line, in ASCII, so that no terminal or locale can spoil it."""
    last = len(report.diagnostics) - 1
    yield "["
    for index, diagnostic in enumerate(report.diagnostics):
        yield "  " + json.dumps(as_object(diagnostic)) + ("," if index < last else "")
    yield "]"


def as_object(diagnostic: Diagnostic) -> dict[str, Any]:
    """A diagnostic with the keys that programs rely on."""
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "filename": diagnostic.location.filename,
        **_stretch(diagnostic.location),
        "related": [
            {
                "message": related.message,
                "filename": related.location.filename,
                **_stretch(related.location),
            }
            for related in diagnostic.related
        ],
        "lesson": diagnostic.lesson,
        "fix": _fix(diagnostic.fix),
    }


def tellable(fix: Fix | None) -> Fix | None:
    """The fix; none where its edits would give a token away, which only ``--fix`` may write."""
    if fix is None or any(True for edit in fix.edits for _ in tokens.find(edit.content)):
        return None
    return fix


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    fix = tellable(fix)
    if fix is None:
        return None
    return {
        "applicability": fix.applicability.value,
        "message": fix.message,
        "edits": [{"content": edit.content, **_stretch(edit.location)} for edit in fix.edits],
    }


def _stretch(location: Location) -> dict[str, Any]:
    return {"location": _place(location.start), "end_location": _place(location.end)}


def _place(position: Position) -> dict[str, int]:
    return {"row": position.row, "column": position.column}
