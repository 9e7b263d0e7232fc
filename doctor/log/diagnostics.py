"""A verdict as diagnostics, as every examination gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from doctor.base.regex import regex
from doctor.diagnostic import Diagnostic, Location, Position, Related, Severity, Source
from doctor.log.account import Sighting
from doctor.log.line import Line
from doctor.log.signature import Role, Signature, fill
from doctor.log.verdict import Verdict

#: Where a sentence ends and another begins.
_SENTENCE = regex(r"(?<=[.!?]) (?=[A-Z`{])")
#: How many of those who said a thing are named.
_NAMED = 3
#: How many wrappers are shown beside a cause.
_MOST_WRAPPERS = 3


class Excerpt(Source):
    """The lines of a log that are shown; the log itself may be of any size."""

    lines: Mapping[int, str] = field(default_factory=dict)

    def line(self, row: int) -> str:
        """The text of a row, as a terminal shows it."""
        return self.lines.get(row, "")


def excerpt(filename: str, verdict: Verdict) -> Excerpt:
    """What is shown of a log with this verdict."""
    shown = [each.first for each in _all(verdict)]
    if verdict.header.told is not None:
        shown.append(verdict.header.told)
    return Excerpt(filename, "", lines={line.row: line.text for line in shown})


def diagnostics(filename: str, verdict: Verdict, release: str | None) -> list[Diagnostic]:
    """What a log with this verdict tells; ``release`` counts where the log names none."""
    release = verdict.header.release or release
    wrappers = tuple(
        Related("this followed from it", place(filename, each.first))
        for each in verdict.wrappers[:_MOST_WRAPPERS]
    )
    first = [*verdict.told, *([verdict.error] if verdict.error else [])]
    if not first:
        return [
            _diagnostic(filename, each, release, without_cause=True)
            for each in (*verdict.wrappers[:1], *verdict.hints)
        ]
    return [
        *(
            _diagnostic(filename, each, release, () if at else wrappers)
            for at, each in enumerate(first)
        ),
        *(_diagnostic(filename, each, release) for each in verdict.hints),
    ]


def _all(verdict: Verdict) -> Iterator[Sighting]:
    yield from (*verdict.told, *verdict.wrappers, *verdict.hints)
    if verdict.error is not None:
        yield verdict.error


def _diagnostic(
    filename: str,
    sighting: Sighting,
    release: str | None,
    related: Sequence[Related] = (),
    without_cause: bool = False,
) -> Diagnostic:
    signature = sighting.signature
    hint = signature.role is Role.HINT
    says = [fill(each, sighting.groups) for each in _SENTENCE.split(signature.says, 1)]
    if without_cause and not hint:
        says.insert(0, "This log does not tell the cause.")
    return Diagnostic(
        code=signature.code,
        name=signature.name,
        severity=Severity.INFO if hint else signature.severity,
        fault=says[0],
        location=place(filename, sighting.first),
        related=tuple(related),
        lesson=signature.lesson,
        why=" ".join(filter(None, [*says[1:], _said(sighting)])),
        help=advice(signature, sighting.groups, release),
    )


def place(filename: str, line: Line) -> Location:
    """Where a line's message stands."""
    end = max(len(line.text), line.column) + 1
    return Location(filename, Position(line.row, line.column), Position(line.row, end))


def advice(signature: Signature, groups: Mapping[str, str], release: str | None) -> str:
    """What to do in this release; where that is unknown, what to do in each."""
    told = []
    for each in signature.remedy:
        text = fill(each.text, groups)
        if not each.releases:
            told.append(text)
        elif release is None:
            told.append(f"With vLLM {each.releases}: {text}")
        elif _within(release, each.releases):
            told.append(text)
    return " ".join(told)


def _within(release: str, specifier: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(specifier).contains(release, prereleases=True)


def _said(sighting: Sighting) -> str:
    """Who said it, and how often."""
    speakers = sighting.speakers
    others = len(speakers) - _NAMED
    names = ", ".join(speakers[:_NAMED]) + (f" and {others} more" if others > 0 else "")
    times = f", {sighting.count} times" if sighting.count > 1 else ""
    if not names:
        return f"It stands here{times}." if times else ""
    return f"Said by {names}{times}."
