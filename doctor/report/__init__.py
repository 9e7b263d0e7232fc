"""What people and programs get to see of a scan: one module a format."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from doctor.report.report import Report

__all__ = ["FORMATS", "Report", "render"]

#: The formats; each is a module of this package with ``render(report)``, imported when wanted.
FORMATS = ("text", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit")


def render(report: Report, format_name: str) -> Iterator[str]:
    """The report's lines in one of the formats, without line ends."""
    lines: Iterator[str] = import_module(f"{__name__}.{format_name}").render(report)
    return lines
