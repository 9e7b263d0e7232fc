"""What can't be read costs no more than its statement, and never a crash or much time."""

from __future__ import annotations

import pytest

from doctor.shell import parse
from doctor.shell.scanner import MAX_DEPTH

from .outline import outline


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n) b\nc", "a; UNPARSED<unexpected )>; c"),
        ("a;; b\nc", "UNPARSED<unexpected ;;>; c"),
        ("fi\nc", "UNPARSED<unexpected fi>; c"),
        ("echo (a)\nc", "UNPARSED<unexpected a)>; c"),
        ("echo a >\nc", "UNPARSED<the statement is incomplete>; c"),
        ("a | | b\nc", "UNPARSED<unexpected |>; c"),
        ("(( x )) y\nc", "UNPARSED<unexpected y>; c"),
        ("{ a; } b\nc", "UNPARSED<unexpected b>; c"),
        ("if a; b; fi\nc", "UNPARSED<unexpected fi>; c"),
        ("for ((a;b)); do c; done", "UNPARSED<unterminated for ((>"),
        ("a\nif b; then", "a; UNPARSED<the statement is incomplete>"),
        ("a\nb 'c\nd", "a; UNPARSED<unterminated '>"),
        ('a\nb "c\nd', 'a; UNPARSED<unterminated ">'),
        ("a\nb $'c\nd", "a; UNPARSED<unterminated $'>"),
        ("a\nb `c\nd", "a; UNPARSED<unterminated `>"),
        ("a\nb ${c\nd", "a; UNPARSED<unterminated ${>"),
        ("a\nb $[c\nd", "a; UNPARSED<unterminated $[>"),
        ("a\nb @(c\nd", "a; UNPARSED<unterminated @(>"),
        ("a\nb $(c\nd", "a; UNPARSED<unterminated (>"),
        ("a\nb=(c\nd", "a; UNPARSED<unterminated array>"),
        ("a\n[[ b", "a; UNPARSED<unterminated [[>"),
        ("a\ncase b", "a; UNPARSED<case without in>"),
        ("a\ncase b in", "a; UNPARSED<case pattern expected>"),
        ("a\ncase b in c d) ;; esac", "a; UNPARSED<case pattern without )>"),
    ],
)
def test_the_rest_of_the_script_counts(text: str, expected: str) -> None:
    assert outline(text) == expected


def test_a_fault_inside_a_substitution_stays_inside() -> None:
    script = parse("a $(b; fi) `c '` d\ne")
    assert [statement.command.span for statement in script.body] == [(0, 18), (19, 20)]
    assert [unparsed.reason for unparsed in script.unparsed] == ["unexpected fi", "unterminated '"]


def test_an_unparsed_statement_spans_its_text() -> None:
    script = parse("a\n  echo (b)  # c\nd\n")
    (unparsed,) = script.unparsed
    assert script.text[unparsed.span.start : unparsed.span.end] == "echo (b)"


def test_what_is_inside_an_unparsed_statement_counts_once() -> None:
    script = parse("a $(fi) 'b")
    assert [unparsed.reason for unparsed in script.unparsed] == ["unterminated '"]


NESTED = {
    "subshells": ("( ", "a", ")"),
    "groups": ("{ ", "a;", " };"),
    "ifs": ("if a; then ", "b;", " fi;"),
    "loops": ("while a; do ", "b;", " done;"),
    "functions": ("f() { ", "b;", " };"),
    "cases": ("case a in b) ", "c", " ;; esac;"),
    "substitutions": ("$(a ", "b", ")"),
    "quoted substitutions": ('"$(a ', "b", ')"'),
    "defaults": ("${a:-", "b", "}"),
    "quoted defaults": ('"${a:-', "b", '}"'),
    "arithmetic": ("$((1 + ", "2", "))"),
    "arithmetic commands": ("$((( 1 + ", "2", ")))"),
    "globs": ("@(a|", "b", ")"),
    "subscripts": ("${a[", "1", "]}"),
    "conditions": ("[[ $(a ", "b", ") ]];"),
    "process substitutions": ("<(a ", "b", ")"),
    "here-documents": ("$(a <<E\nE\n", "b", ")"),
}

REASONS = {
    "nested too deeply",
    "the script is too long",
    "the statement is incomplete",
    "case pattern expected",
    "unterminated (",
    "unterminated ${",
    "unterminated @(",
    "unterminated [",
}


@pytest.mark.parametrize("kind", NESTED)
def test_deep_nesting_is_read(kind: str) -> None:
    opener, middle, closer = NESTED[kind]
    depth = 12
    assert not parse(opener * depth + middle + closer * depth).unparsed


@pytest.mark.parametrize("kind", NESTED)
@pytest.mark.parametrize("depth", [MAX_DEPTH // 2, MAX_DEPTH - 1, MAX_DEPTH, 10_000])
@pytest.mark.parametrize("closed", [True, False])
def test_any_nesting_is_survived(kind: str, depth: int, closed: bool) -> None:
    opener, middle, closer = NESTED[kind]
    script = parse(opener * depth + middle + (closer * depth if closed else ""))
    assert script.body
    assert {unparsed.reason for unparsed in script.unparsed} <= REASONS


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "((" * 50_000,
        "$((" * 50_000,
        "${" * 100_000,
        "`" * 100_001,
        '"$(' * 50_000,
        "\\" * 100_001,
        "!" * 100_001,
        "! " * 50_000 + "a",
        "a | " * 50_000 + "a",
        "<" * 100_000,
        "a[" * 50_000,
        "$'" * 50_000,
        "'" * 100_001,
        "case a in " * 10_000,
        "if a; then b; " + "elif c; then d; " * 2_000 + "fi",
    ],
)
def test_monsters_are_survived(text: str) -> None:
    assert parse(text).body
