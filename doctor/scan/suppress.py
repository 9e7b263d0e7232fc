"""Diagnostics suppressed by comments, and the comments that are of no use.

`doctor.scan.comments` tells which rows a comment means. A rule that is named is also suppressed
where the command stands that its diagnostic concerns, wherever the place is that would have to
change.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from doctor.base.errors import nearest
from doctor.base.regex import regex
from doctor.config.selection import complaint, matches
from doctor.diagnostic import Diagnostic, Location, Source
from doctor.facts.base import Evidence
from doctor.facts.inputs import Suppression
from doctor.scan.comments import VERBS, Layout, Marker, marker
from doctor.shell.tree import Comment, Script, Span

#: How other linters are told to be silent, and how they are told so of one of our rules.
_FOREIGN = regex(
    r"#\s*vllm-doctor:\s*(?P<word>disable(?:-[a-z]+)*|noqa|nolint|nosec|off|skip|allow|suppress)\b"
)
_FOREIGN_FOR_OURS = regex(
    r"#\s*(?P<word>noqa|nolint|nosec|shellcheck\s+disable|pylint:\s*disable)\b"
)
_CODE = regex(r"\bV[DN]\d{3}\b")


def apply(
    script: Script,
    source: Source,
    diagnostics: Sequence[Diagnostic],
    known: Mapping[str, str],
    concerned: Sequence[Sequence[Location]] = (),
) -> tuple[list[Diagnostic], list[Suppression]]:
    """The diagnostics that no comment suppresses, and a fact for every useless comment.

    ``known`` maps the rules' codes to their names, ``concerned`` are for each diagnostic the
    commands that it is about. Give it the diagnostics of all rules, before any selection: a
    comment is not useless because its rule was not asked for today.
    """
    suppressed: set[int] = set()
    facts: list[Suppression] = []
    layout = Layout(script, source)
    own = _by_row([(diagnostic.location,) for diagnostic in diagnostics], source)
    wide = sorted(own + _by_row(concerned, source))
    for comment in script.comments:
        if (foreign := _foreign(comment, known)) is not None:
            facts.append(Suppression(location=source.location(*foreign[0]), unused=foreign[1]))
        elif (told := marker(comment)) is not None:
            unused = list[str]()
            rows = range(0) if told.bare else layout.rows(told)
            for selector, _ in told.selectors:
                found = _in_rows(rows, wide if selector else own)
                hits = {i for i in found if not selector or _is_meant(selector, diagnostics[i])}
                suppressed |= hits
                if not hits:
                    unused.append(selector)
            facts += _useless(told, unused, source, known)
    return [d for i, d in enumerate(diagnostics) if i not in suppressed], facts


def _by_row(places: Sequence[Sequence[Location]], source: Source) -> list[tuple[int, int]]:
    """The rows of this file that diagnostics are about, in order, with the diagnostics' numbers."""
    return sorted(
        (place.start.row, number)
        for number, each in enumerate(places)
        for place in each
        if place.filename == source.filename
    )


def _in_rows(rows: range, places: Sequence[tuple[int, int]]) -> set[int]:
    """The numbers of the diagnostics that are about these rows."""
    begin, end = (bisect_left(places, (row,)) for row in (rows.start, rows.stop))
    return {number for _, number in places[begin:end]}


def _is_meant(selector: str, diagnostic: Diagnostic) -> bool:
    return matches(selector, diagnostic.code, diagnostic.name)


def _useless(
    told: Marker, unused: Sequence[str], source: Source, known: Mapping[str, str]
) -> Iterator[Suppression]:
    """What is to be said of a comment that suppresses nothing by some of its selectors.

    Its evidence is what may be taken out of it; nothing where its author meant something else.
    """
    stretches: Sequence[Span] = ()
    if told.verb not in VERBS:
        hint = nearest(told.verb, list(VERBS))
        said = [repr(told.verb) + hint] if hint else []
    elif told.bare is not None:
        said = [f"{told.bare} without brackets; write `{told.verb}[{told.bare}]`"]
    else:
        wrong = {each: complaint(each, known) for each in unused if each}
        said = [_described(each, wrong.get(each)) for each in unused]
        stretches = () if any(wrong.values()) else tuple(_stretches(told, unused))
    if said:
        places = tuple(source.location(*stretch) for stretch in stretches)
        yield Suppression(
            location=source.location(*told.span),
            unused=", ".join(said),
            evidence={"unused": Evidence(places)},
        )


def _described(selector: str, problem: str | None) -> str:
    return f"{selector} ({problem})" if problem else selector or "any rule"


def _stretches(told: Marker, unused: Sequence[str]) -> Iterator[Span]:
    """What to take out, so that the rest of the list stays one: all of it if nothing is left."""
    if not unused:
        return
    if len(unused) == len(told.selectors):
        yield told.span
        return
    kept_before = False
    for index, (selector, span) in enumerate(told.selectors):
        if selector not in unused:
            kept_before = True
        elif kept_before:
            yield Span(told.selectors[index - 1][1].end, span.end)
        else:
            yield Span(span.start, told.selectors[index + 1][1].start)


def _foreign(comment: Comment, known: Mapping[str, str]) -> tuple[Span, str] | None:
    """A comment in another linter's words for our rules: its stretch, and what to write instead."""
    found = _FOREIGN.search(comment.text)
    codes = [code for code in dict.fromkeys(_CODE.findall(comment.text)) if code in known]
    if found is None and codes:
        found = _FOREIGN_FOR_OURS.search(comment.text)
    if found is None:
        return None
    start = comment.span.start
    selectors = f"[{', '.join(codes)}]" if codes else ""
    told = f"{found['word']!r}, which is another linter's word; ours is `ignore{selectors}`"
    return Span(start + found.start(), start + found.end()), told
