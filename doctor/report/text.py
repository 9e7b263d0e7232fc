"""Text for people: each diagnostic with its line of source, and a sentence at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doctor.base.tokens import blotted
from doctor.diagnostic import Applicability, Diagnostic, Fix, Location, Severity
from doctor.report.excerpt import Mark, excerpt
from doctor.report.report import Report
from doctor.report.style import Styled, cells, paint, visible, wrap

#: Before the lines that go on with what is wrong.
_INDENT = "    "
#: As many other places are shown with a diagnostic.
_MOST_RELATED = 4


def render(report: Report) -> Iterator[str]:
    """The report's lines."""
    yield from render_diagnostics(report)
    if report.quiet:
        return
    yield paint([Styled(_summary(report), "bold")], report.colour)
    if held := _held(report):
        yield held
    if hidden := _hidden(report):
        yield hidden
    if fixable := _fixable(report):
        yield fixable
    if explained := _explained(report):
        yield explained


def render_diagnostics(report: Report) -> Iterator[str]:
    """The lines of its diagnostics, without what is said at the end."""
    for diagnostic in report.diagnostics:
        if diagnostic.severity.rank >= report.show.rank:
            for line in _diagnostic(diagnostic, report):
                yield paint(line, report.colour)
            yield ""


# --- a diagnostic ----------------------------------------------------------------------------


def _diagnostic(diagnostic: Diagnostic, report: Report) -> Iterator[list[Styled]]:
    yield from _head(diagnostic, report)
    places = [diagnostic.location, *(related.location for related in diagnostic.related)]
    gutter = len(str(max(place.start.row for place in places)))
    yield from _excerpts(diagnostic, gutter, report)
    yield from _note("", diagnostic.why, gutter, report)
    yield from _note("", _sentence(diagnostic.condition), gutter, report)
    fix = diagnostic.fix
    if fix is None or fix.applicability is Applicability.UNSAFE:
        yield from _note("help: ", diagnostic.help, gutter, report)
    if fix is not None:
        yield from _note("help: ", _repair(fix, report), gutter, report)


def _head(diagnostic: Diagnostic, report: Report) -> Iterator[list[Styled]]:
    """The place, the severity, the code, and what is wrong."""
    severity = diagnostic.severity.value
    place, kind = _place(diagnostic.location), f"{severity}[{diagnostic.code}]"
    begin = cells(place) + len(kind) + 4
    first, *others = wrap(diagnostic.fault, report.width, begin)
    yield [
        Styled(place, "bold"),
        Styled(": "),
        Styled(kind, severity),
        Styled(f": {first}", "bold"),
    ]
    yield from ([Styled(f"{_INDENT}{line}", "bold")] for line in _indented(others, report))


def _indented(lines: Sequence[str], report: Report) -> Sequence[str]:
    """Lines wrapped anew, so that there is room for an indent."""
    return wrap(" ".join(lines), report.width - len(_INDENT)) if lines else ()


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _repair(fix: Fix, report: Report) -> str:
    """What the fix does, and what makes it."""
    return f"{fix.message.removesuffix('.')} ({_option(fix, report)})."


def _option(fix: Fix, report: Report) -> str:
    """What makes the fix."""
    safe = fix.applicability is Applicability.SAFE
    return report.repair if safe else f"{report.repair} --unsafe-fixes"


def _place(location: Location) -> str:
    return f"{visible(location.filename)}:{location.start.row}:{location.start.column}"


def _note(label: str, text: str, gutter: int, report: Report) -> Iterator[list[Styled]]:
    """A paragraph below the excerpts; none if there is nothing to say."""
    if not text:
        return
    for index, line in enumerate(wrap(text, report.width - gutter - 3, len(label))):
        mark = " = " if index == 0 else "   "
        begin = Styled(label, "help") if index == 0 else Styled("")
        yield [Styled(" " * gutter + mark, "gutter"), begin, Styled(line)]


# --- its places ------------------------------------------------------------------------------


def _excerpts(diagnostic: Diagnostic, gutter: int, report: Report) -> Iterator[list[Styled]]:
    """The lines that a diagnostic is about, each once, with all its marks."""
    severity = diagnostic.severity.value
    filename = diagnostic.location.filename
    if not _is_shown(diagnostic.location, report):
        return  # it is about the file as a whole
    places = [(diagnostic.location, "^", severity, "")]
    related = [
        each for each in dict.fromkeys(diagnostic.related) if _is_shown(each.location, report)
    ]
    places += [(each.location, "-", "gutter", each.message) for each in related[:_MOST_RELATED]]
    lines: dict[tuple[str, int], list[Mark]] = {}
    for location, sign, style, label in places:
        marks = lines.setdefault((location.filename, location.start.row), [])
        marks.append(_mark(location, sign, style, label, report))
    yield [Styled(" " * gutter + " |", "gutter")]
    for (name, row), marks in lines.items():
        if name != filename:
            yield [Styled(f"{' ' * gutter} :: ", "gutter"), Styled(f"{visible(name)}:{row}")]
            filename = name
        yield from excerpt(_line(name, row, report), row, marks, gutter, report.width)
    if (more := len(related) - _MOST_RELATED) > 0:
        yield from _note("", f"{more} more places are like this.", gutter, report)


def _is_shown(location: Location, report: Report) -> bool:
    return location.filename in report.sources and location.start != location.end


def _line(filename: str, row: int, report: Report) -> str:
    """A line of a file; nobody must find a secret in a log, be it cut."""
    return blotted(report.sources[filename].line(row))


def _mark(location: Location, sign: str, style: str, label: str, report: Report) -> Mark:
    """What marks a place in the row that it begins in."""
    start, row = location.start.column - 1, location.start.row
    ends_here = location.end.row == row
    line = _line(location.filename, row, report)
    end = location.end.column - 1 if ends_here else len(line)
    return Mark(start, max(start, end), sign, style, label)


# --- the end ---------------------------------------------------------------------------------


def _summary(report: Report) -> str:
    counted = [d for d in report.diagnostics if d.severity.rank >= min(report.show.rank, 1)]
    if not report.files:
        return f"No {report.noun} found."
    if not counted:
        new = "new " if report.held and report.held.diagnostics else ""
        return f"No {new}problem found in {_count(report.files, report.noun)}."
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


def _held(report: Report) -> str:
    """What a baseline holds back, and whether it could be smaller."""
    held = report.held
    if held is None or not (held.diagnostics or held.obsolete):
        return ""
    name = visible(str(held.known.path))
    said = [f"{_counts(held.diagnostics)} held back by {name}"] if held.diagnostics else []
    if count := held.obsolete:
        of = "its diagnostics" if said else f"the diagnostics in {name}"
        are = "is" if count == 1 else "are"
        said.append(f"{count} of {of} {are} there no more (--update-baseline)")
    return f"{'; '.join(said)}."


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


def _explained(report: Report) -> str:
    """How to read why, of those that are shown."""
    shown = [d for d in report.diagnostics if d.severity.rank >= report.show.rank and d.lesson]
    first, *others = sorted({diagnostic.code for diagnostic in shown}) or [""]
    more = ", or another of these codes" if others else ""
    return f"To read why: vllm-doctor explain {first}{more}" if first else ""


def _counts(diagnostics: Sequence[Diagnostic]) -> str:
    counts = [
        _count(number, severity.value)
        for severity in Severity
        if (number := sum(d.severity is severity for d in diagnostics))
    ]
    return " and ".join(filter(None, [", ".join(counts[:-1]), counts[-1]]))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
