"""What people and programs get to see of a scan: one module a format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from doctor.base.record import Record
from doctor.diagnostic import Diagnostic, Severity, Source

#: The formats; each is a module of this package with ``render(report)``.
FORMATS = ("text", "json")


class Report(Record):
    """All that a format may want to know."""

    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, Source]
    files: int
    show: Severity = Severity.WARNING
    colour: bool = False
    width: int = 100


def render(report: Report, format_name: str) -> Iterator[str]:
    """The report's lines, without line ends."""
    if format_name == "json":
        from doctor.report import json

        return json.render(report)
    from doctor.report import text

    return text.render(report)
