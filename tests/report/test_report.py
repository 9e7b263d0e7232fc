"""What is shown of a scan, as text and as JSON."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import Any

import pytest

from doctor.diagnostic import Applicability, Diagnostic, Edit, Fix, Related, Severity, Source
from doctor.report import Report, render

SOURCE = Source("job.sh", "#!/bin/bash\nrm -rf /tmp/cache_*\n\tvllm 模型 serve\n")


def diagnostic(word: str = "/tmp/cache_*", source: Source = SOURCE, **changes: Any) -> Diagnostic:
    start = source.text.index(word)
    values: dict[str, Any] = {
        "code": "VD101",
        "name": "shared-tmp-wildcard-delete",
        "severity": Severity.ERROR,
        "message": "This deletes the files of other users.",
        "location": source.location(start, start + len(word)),
        "lesson": "shared-tmp",
    }
    return Diagnostic(**{**values, **changes})


def text(*diagnostics: Diagnostic, files: int = 1, source: Source = SOURCE, **options: Any) -> str:
    report = Report(diagnostics, {source.filename: source}, files, **options)
    return "\n".join(render(report, "text"))


def test_a_diagnostic_with_its_line_and_carets() -> None:
    assert text(diagnostic()) == dedent("""\
        job.sh:2:8: error[VD101] shared-tmp-wildcard-delete
          |
        2 | rm -rf /tmp/cache_*
          |        ^^^^^^^^^^^^
          = This deletes the files of other users.
          = lesson: shared-tmp

        Found 1 error in 1 script.""")


def test_related_places_and_long_messages() -> None:
    start = SOURCE.text.index("vllm")
    related = (Related("8 servers here", SOURCE.location(start, start + 4)),)
    shown = text(diagnostic(message="word " * 30, related=related, lesson=None), width=60)
    assert shown == dedent("""\
        job.sh:2:8: error[VD101] shared-tmp-wildcard-delete
          |
        2 | rm -rf /tmp/cache_*
          |        ^^^^^^^^^^^^
          :: job.sh:3:2: 8 servers here
          |
        3 |     vllm 模型 serve
          |     ----
          = word word word word word word word word word word word
            word word word word word word word word word word word
            word word word word word word word word

        Found 1 error in 1 script.""")


def marks(word: str, line: str) -> tuple[str, str]:
    source = Source("x.sh", line)
    shown = text(diagnostic(word, source), source=source).splitlines()
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


def test_a_long_line_is_cut_around_the_place() -> None:
    shown, under = marks("HERE", "a" * 5000 + "HERE" + "b" * 5000)
    assert len(shown) < 180
    assert shown[under.index("^") :].startswith("HEREbbb")
    assert shown.startswith("1 | …aaa")
    assert shown.endswith("bbb…")
    assert len(marks("H" * 3000, "H" * 3000)[1]) < 180


def test_what_is_about_a_whole_file_has_no_line() -> None:
    place = SOURCE.location(0, 0)
    shown = text(diagnostic(location=place, lesson=None)).splitlines()
    assert shown[:2] == [
        "job.sh:1:1: error[VD101] shared-tmp-wildcard-delete",
        "  = This deletes the files of other users.",
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
    shown = text(*(diagnostic(severity=each) for each in severities), files=files, show=show)
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
