"""What is shown of a scan, as text and as JSON."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import Any

import pytest

from doctor.diagnostic import Applicability, Diagnostic, Edit, Fix, Related, Severity, Source
from doctor.report import Report, render
from doctor.report.style import cells

SOURCE = Source("job.sh", "#!/bin/bash\nrm -rf /tmp/cache_*\n\tvllm 模型 serve\n")


def diagnostic(word: str = "/tmp/cache_*", source: Source = SOURCE, **changes: Any) -> Diagnostic:
    start = source.text.index(word)
    values: dict[str, Any] = {
        "code": "VD101",
        "name": "shared-tmp-wildcard-delete",
        "severity": Severity.ERROR,
        "fault": "This deletes the files of other users.",
        "location": source.location(start, start + len(word)),
        "lesson": "shared-tmp",
    }
    return Diagnostic(**{**values, **changes})


def text(*diagnostics: Diagnostic, files: int = 1, source: Source = SOURCE, **options: Any) -> str:
    report = Report(diagnostics, {source.filename: source}, files, **options)
    return "\n".join(render(report, "text"))


def test_a_diagnostic_says_what_is_wrong_where_why_and_what_helps() -> None:
    found = diagnostic(why="All share it.", help="Delete only your own.", condition="if A is given")
    assert text(found) == dedent("""\
        job.sh:2:8: error[VD101]: This deletes the files of other users.
          |
        2 | rm -rf /tmp/cache_*
          |        ^^^^^^^^^^^^
          = All share it.
          = If A is given.
          = help: Delete only your own.

        Found 1 error in 1 script.
        To read why: vllm-doctor explain VD101""")


def test_related_places_and_long_messages() -> None:
    start = SOURCE.text.index("vllm")
    related = (Related("8 servers here", SOURCE.location(start, start + 4)),)
    said = diagnostic(fault="word " * 30, why="why " * 20, related=related, lesson=None)
    assert text(said, width=60) == dedent("""\
        job.sh:2:8: error[VD101]: word word word word word word word
            word word word word word word word word word word word
            word word word word word word word word word word word
            word
          |
        2 | rm -rf /tmp/cache_*
          |        ^^^^^^^^^^^^
        3 |     vllm 模型 serve
          |     ---- 8 servers here
          = why why why why why why why why why why why why why why
            why why why why why why

        Found 1 error in 1 script.""")


def fixed(applicability: Applicability, **options: Any) -> list[str]:
    fix = Fix(applicability, "Delete your own.", ())
    shown = text(diagnostic(fix=fix, help="Delete none.", lesson=None), **options)
    return [line.strip() for line in shown.splitlines() if "help: " in line]


def test_a_fix_takes_the_place_of_the_remedy_only_if_it_is_safe() -> None:
    assert fixed(Applicability.SAFE) == ["= help: Delete your own (--fix)."]
    assert fixed(Applicability.UNSAFE, repair="fix it") == [
        "= help: Delete none.",
        "= help: Delete your own (fix it --unsafe-fixes).",
    ]


def related_in(source: Source, *words: str) -> list[str]:
    """What is shown of a place, `HERE`, and of these others, without what frames it."""
    places = [(word, source.text.index(word)) for word in words]
    related = [Related(f"is {word}", source.location(at, at + len(word))) for word, at in places]
    found = diagnostic("HERE", source, related=(*related, *related), lesson=None)
    return text(found, source=source, width=40).splitlines()[3:-2]


def test_a_line_is_shown_once_with_all_its_places() -> None:
    assert related_in(Source("x.sh", "a HERE b\nc\n"), "b", "c") == [
        "1 | a HERE b",
        "  |   ^^^^",
        "  |        - is b",
        "2 | c",
        "  | - is c",
    ]


def test_a_line_is_shown_again_for_a_place_that_is_cut_off() -> None:
    assert related_in(Source("x.sh", "HERE" + "b" * 60 + "c d"), "c") == [
        "1 | HERE" + "b" * 30 + "…",
        "  | ^^^^",
        "1 | …" + "b" * 31 + "c d",
        "  | " + " " * 32 + "-",
        "  | " + " " * 32 + "is c",
    ]


def test_many_related_places_are_counted() -> None:
    source = Source("x.sh", "HERE\na\nb\nc\nd\ne\nf\n")
    shown = related_in(source, *"abcdef")
    assert shown[-2:] == ["  | - is d", "  = 2 more places are like this."]


def marks(word: str, line: str, width: int = 100) -> tuple[str, str]:
    source = Source("x.sh", line)
    found = diagnostic(word, source, fault="Bad.")
    shown = text(found, source=source, width=width).splitlines()
    return shown[2], shown[3]


@pytest.mark.parametrize(
    ("word", "line", "shown", "under"),
    [
        ("serve", "\tvllm 模型 serve", "1 |     vllm 模型 serve", "  |               ^^^^^"),
        ("模型", "vllm 模型 serve", "1 | vllm 模型 serve", "  |      ^^^^"),
        ("x", "e\u0301x", "1 | e\u0301x", "  |  ^"),
        ("x", "a\x1b[31mx\u202e", "1 | a\ufffd[31mx\ufffd", "  |       ^"),
        ("a\nb", "- a\nb", "1 | - a", "  |   ^"),
    ],
    ids=["tab", "wide", "combining", "escapes", "two rows"],
)
def test_carets_stand_under_the_columns(word: str, line: str, shown: str, under: str) -> None:
    assert marks(word, line) == (shown, under)


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("before", ["", "a", "a" * 30, "a" * 200, "模" * 50, "\t" * 9])
@pytest.mark.parametrize("after", ["", "b" * 30, "b" * 200, "型" * 50])
@pytest.mark.parametrize("word", ["HERE", "这里", "H" * 300])
def test_no_line_is_wider_than_the_terminal(width: int, before: str, after: str, word: str) -> None:
    shown, under = marks(word, f"{before}{word}{after}", width)
    assert max(cells(shown), cells(under)) <= width
    at = under.index("^")
    columns = [character for character in shown for _ in range(cells(character))]
    marked = columns[at : at + under.count("^")]
    assert set(marked) == set(word)
    assert len(marked) >= min(cells(word), width - 10)


def test_what_is_about_a_whole_file_has_no_line() -> None:
    place = SOURCE.location(0, 0)
    shown = text(diagnostic(location=place, why="So be it.", lesson=None)).splitlines()
    assert shown[:2] == [
        "job.sh:1:1: error[VD101]: This deletes the files of other users.",
        "  = So be it.",
    ]


INFO, WARNING = Severity.INFO, Severity.WARNING


@pytest.mark.parametrize(
    ("severities", "files", "show", "end"),
    [
        ([], 3, WARNING, "No problem found in 3 scripts."),
        ([], 1, WARNING, "No problem found in 1 script."),
        ([], 0, WARNING, "No script found."),
        ([INFO], 2, WARNING, "No problem found in 2 scripts.\n1 info is not shown (--show info)."),
        ([INFO], 2, INFO, "Found 1 info in 1 of 2 scripts."),
        (
            [WARNING, Severity.ERROR, INFO, INFO, WARNING],
            9,
            WARNING,
            "Found 1 error and 2 warnings in 1 of 9 scripts.\n2 infos are not shown (--show info).",
        ),
        (
            [WARNING, Severity.ERROR, INFO],
            1,
            Severity.ERROR,
            "Found 1 error and 1 warning in 1 script.\n"
            "1 warning and 1 info are not shown (--show info).",
        ),
    ],
)
def test_the_end(severities: list[Severity], files: int, show: Severity, end: str) -> None:
    found = (diagnostic(severity=each, lesson=None) for each in severities)
    shown = text(*found, files=files, show=show)
    assert ("\n" + shown).endswith("\n" + end)
    assert shown.count("job.sh:2") == sum(each.rank >= show.rank for each in severities)


def test_colour_adds_nothing_but_colour() -> None:
    import re

    coloured = text(diagnostic(), colour=True)
    assert "\x1b[1;31merror[VD101]\x1b[0m" in coloured
    plain = re.sub(r"\x1b\[[\d;]*m", "", coloured)
    assert [line.rstrip() for line in plain.splitlines()] == text(diagnostic()).splitlines()


def test_json_has_the_keys_in_their_order() -> None:
    place = SOURCE.location(12, 14)
    fix = Fix(Applicability.SAFE, "Delete only your own.", (Edit(place, "x"),))
    found = diagnostic(related=(Related("here", place),), fix=fix)
    report = Report((found, diagnostic(lesson=None)), {}, 1)
    first, second = json.loads("\n".join(render(report, "json")))
    stretch = {"location": {"row": 2, "column": 1}, "end_location": {"row": 2, "column": 3}}
    assert list(first.items()) == [
        ("code", "VD101"),
        ("name", "shared-tmp-wildcard-delete"),
        ("severity", "error"),
        ("message", "This deletes the files of other users."),
        ("filename", "job.sh"),
        ("location", {"row": 2, "column": 8}),
        ("end_location", {"row": 2, "column": 20}),
        ("related", [{"message": "here", "filename": "job.sh", **stretch}]),
        ("lesson", "shared-tmp"),
        (
            "fix",
            {
                "applicability": "safe",
                "message": "Delete only your own.",
                "edits": [{"content": "x", **stretch}],
            },
        ),
    ]
    assert (second["lesson"], second["fix"], second["related"]) == (None, None, [])
    assert json.loads("\n".join(render(Report((), {}, 0), "json"))) == []


def test_a_mark_behind_the_end_of_a_long_line_is_shown_at_the_end() -> None:
    source = Source("job.sh", f"#!/bin/bash\n{'vllm ' * 60}\r\r\r\n")
    end = len(source.text)
    found = diagnostic(location=source.location(end - 3, end - 1))
    lines = list(render(Report((found,), {"job.sh": source}, 1), "text"))
    assert any("vllm" in line for line in lines)
