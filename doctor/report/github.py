"""Workflow commands of GitHub Actions: an annotation for each diagnostic."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.diagnostic import Diagnostic, Severity
from doctor.report.places import relative
from doctor.report.report import Report
from doctor.report.style import visible

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report) -> Iterator[str]:
    """`::error file=…,line=…,title=…::MESSAGE`, a line each."""
    for found in report.shown:
        yield _command(found)


def _command(found: Diagnostic) -> str:
    start, end = found.location.start, found.location.end
    properties = {"title": f"{found.code} {found.name}", "file": relative(found.location.filename)}
    properties |= {"line": str(start.row), "endLine": str(end.row)}
    if start.row == end.row:  # GitHub takes columns only within a line
        properties |= {"col": str(start.column), "endColumn": str(end.column)}
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    place = f"{found.location.filename}:{start.row}:{start.column}"
    return f"::{_COMMANDS[found.severity]} {given}::{_data(f'{place}: {found.message}')}"


def _data(text: str) -> str:
    """A text as the message of a command; line ends would begin another command."""
    lines = "%0A".join(visible(line) for line in text.replace("%", "%25").splitlines())
    return lines.replace("\r", "%0D")


def _property(text: str) -> str:
    """A text as the value of a property, where colons and commas mean something, too."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
