"""Text for people: each diagnostic with its line of source, and a sentence at the end."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from doctor.base.tokens import blotted
from doctor.diagnostic import Applicability, Diagnostic, Fix, Location, Severity
from doctor.report.report import Report
from doctor.report.style import Styled, cells, paint, visible

#: What is kept of a long line on both sides of the place.
_BEFORE, _AFTER = 60, 100


def render(report: Report) -> Iterator[str]:
    """The report's lines."""
    yield from render_diagnostics(report)
    if report.quiet:
        return
    yield paint([Styled(_summary(report), "bold")], report.colour)
    if hidden := _hidden(report):
        yield hidden
    if fixable := _fixable(report):
        yield fixable


def render_diagnostics(report: Report) -> Iterator[str]:
    """The lines of its diagnostics, without what is said at the end."""
    for diagnostic in report.diagnostics:
        if diagnostic.severity.rank >= report.show.rank:
            for line in _diagnostic(diagnostic, report):
                yield paint(line, report.colour)
            yield ""


# --- a diagnostic ----------------------------------------------------------------------------


def _diagnostic(diagnostic: Diagnostic, report: Report) -> Iterator[list[Styled]]:
    severity = diagnostic.severity.value
    yield [
        Styled(_place(diagnostic.location), "bold"),
        Styled(": "),
        Styled(f"{severity}[{diagnostic.code}]", severity),
        Styled(f" {diagnostic.name}", "bold"),
    ]
    related = diagnostic.related
    rows = [diagnostic.location.start.row, *(r.location.start.row for r in related)]
    gutter = len(str(max(rows)))
    yield from _excerpt(diagnostic.location, "^", severity, gutter, report)
    for other in related:
        yield [
            Styled(" " * gutter + " :: ", "gutter"),
            Styled(f"{_place(other.location)}: {visible(other.message)}"),
        ]
        yield from _excerpt(other.location, "-", "gutter", gutter, report)
    yield from _wrapped(diagnostic.message, gutter, report)
    if diagnostic.fix is not None:
        yield from _wrapped(
            f"{_option(diagnostic.fix, report)}: {diagnostic.fix.message}", gutter, report
        )
    if diagnostic.lesson is not None:
        yield from _wrapped(f"lesson: {diagnostic.lesson}", gutter, report, "dim")


def _option(fix: Fix, report: Report) -> str:
    """What makes the fix."""
    safe = fix.applicability is Applicability.SAFE
    return report.repair if safe else f"{report.repair} --unsafe-fixes"


def _place(location: Location) -> str:
    return f"{visible(location.filename)}:{location.start.row}:{location.start.column}"


def _wrapped(message: str, gutter: int, report: Report, style: str = "") -> Iterator[list[Styled]]:
    width = max(20, report.width - gutter - 3)
    lines = textwrap.wrap(message, width, break_long_words=False, break_on_hyphens=False)
    for index, line in enumerate(lines):
        mark = " = " if index == 0 else "   "
        yield [Styled(" " * gutter + mark, "gutter"), Styled(visible(line), style)]


def _excerpt(
    location: Location, mark: str, style: str, gutter: int, report: Report
) -> Iterator[list[Styled]]:
    """The row that a location begins in, with marks under its part of the location."""
    source, row = report.sources.get(location.filename), location.start.row
    if source is None or location.start == location.end:
        return  # it is about the file as a whole
    line = blotted(source.line(row))  # nobody must find a secret in a log, be it cut
    start = location.start.column - 1
    end = location.end.column - 1 if location.end.row == row else len(line)
    cut = max(0, start - _BEFORE)
    before, marked = line[cut:start], line[start : min(end, start + _AFTER)]
    after = line[start + len(marked) : start + _AFTER]
    lead, tail = "…" if cut else "", "…" if len(line) > start + _AFTER else ""
    shown = lead + visible(before + marked + after) + tail
    indent = " " * (cells(lead) + cells(before))
    yield [Styled(" " * gutter + " |", "gutter")]
    yield [Styled(f"{row:>{gutter}} | ", "gutter"), Styled(shown)]
    yield [
        Styled(" " * gutter + " | ", "gutter"),
        Styled(indent),
        Styled(mark * max(1, cells(marked)), style),
    ]


# --- the end ---------------------------------------------------------------------------------


def _summary(report: Report) -> str:
    counted = [d for d in report.diagnostics if d.severity.rank >= min(report.show.rank, 1)]
    if not report.files:
        return f"No {report.noun} found."
    if not counted:
        return f"No problem found in {_count(report.files, report.noun)}."
    names = {diagnostic.location.filename for diagnostic in counted}
    documents = {name for name in names if _is_document(name, report)}
    places = []
    if scripts := len(names - documents):
        one, several = _count(1, report.noun), _count(report.files, report.noun)
        places = [f"{scripts} of {several}" if report.files > 1 else one]
    if documents:
        places.append(_count(len(documents), "document"))
    return f"Found {_counts(counted)} in {' and '.join(places)}."


def _is_document(filename: str, report: Report) -> bool:
    """Whether it holds knowledge, and is no part of the scan."""
    source = report.sources.get(filename)
    return source is not None and not source.included


def _hidden(report: Report) -> str:
    hidden = [d for d in report.diagnostics if d.severity.rank < report.show.rank]
    verb = "is" if len(hidden) == 1 else "are"
    return f"{_counts(hidden)} {verb} not shown (--show info)." if hidden else ""


def _fixable(report: Report) -> str:
    shown = (d for d in report.diagnostics if d.severity.rank >= report.show.rank)
    fixes = [d.fix for d in shown if d.fix is not None]
    unsafe = sum(fix.applicability is Applicability.UNSAFE for fix in fixes)
    safe = len(fixes) - unsafe
    if not unsafe:
        return f"{safe} can be fixed ({report.repair})." if safe else ""
    if not safe:
        return f"{unsafe} can be fixed ({report.repair} --unsafe-fixes; look first with --diff)."
    return (
        f"{safe} can be fixed ({report.repair}), {unsafe} more with --unsafe-fixes; look first "
        "with --diff."
    )


def _counts(diagnostics: list[Diagnostic]) -> str:
    counts = [
        _count(number, severity.value)
        for severity in Severity
        if (number := sum(d.severity is severity for d in diagnostics))
    ]
    return " and ".join(filter(None, [", ".join(counts[:-1]), counts[-1]]))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
