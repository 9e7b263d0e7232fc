"""What people and programs get to see of a scan: one module a format."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.report.report import Report

__all__ = ["FORMATS", "Report", "render"]

#: The formats; each is a module of this package with ``render(report)``.
FORMATS = ("text", "json")


def render(report: Report, format_name: str) -> Iterator[str]:
    """The report's lines, without line ends."""
    if format_name == "json":
        from doctor.report import json

        return json.render(report)
    from doctor.report import text

    return text.render(report)
