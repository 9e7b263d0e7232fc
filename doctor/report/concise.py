"""A line for each diagnostic, as compilers write it, for editors and for other programs."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.diagnostic import Applicability, Diagnostic, Fix
from doctor.report.report import Report
from doctor.report.style import Styled, paint


def render(report: Report) -> Iterator[str]:
    """`FILE:ROW:COLUMN: SEVERITY[CODE] [*] MESSAGE`; the star is where there is a safe fix."""
    for found in report.shown:
        yield paint(_line(found), report.colour)


def _line(found: Diagnostic) -> Iterator[Styled]:
    start = found.location.start
    yield Styled(f"{found.location.filename}:{start.row}:{start.column}", "bold")
    yield Styled(": ")
    yield Styled(f"{found.severity.value}[{found.code}]", found.severity.value)
    yield Styled(f" {_star(found.fix)}{' '.join(found.fault.split())}")


def _star(fix: Fix | None) -> str:
    return "[*] " if fix is not None and fix.applicability is Applicability.SAFE else ""
