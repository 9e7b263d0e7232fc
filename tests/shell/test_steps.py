"""Twice the text takes twice the steps: nothing is read again and again."""

from __future__ import annotations

import sys

import pytest

from doctor.shell import parse

SHAPES = {
    "lines": ("", 'srun --gpus 8 python a.py "$b" | tee c &\n', ""),
    "one line": ("", "a \"b $c\" 'd' && e; ", ""),
    "words": ("a", " b-$c/d", "\n"),
    "pipelines": ("", "a | b | c; ", "\n"),
    "substitutions": ("", "a $(b $(c `d \\`e\\``)) $((1 + $(f)))\n", ""),
    "nested once": ("echo $(", "a $b; ", ")\n"),
    "here-documents": ("", "cat <<E\na $b\nE\n", ""),
    "here-documents of a line": ("", "cat <<E; ", "\n"),
    "here-documents in substitutions": ("", "$(cat <<E) ", "\n"),
    "a function": ("f() {\n", "  if a; then b; else c; fi\n", "}\n"),
    "a case": ("case a in\n", "b | c) d ;;\n", "esac\n"),
    "elifs": ("if a; then b\n", "elif c; then d\n", "fi\n"),
    "quoted text": ("a '", "some text\n", "'\n"),
    "double quotes": ('a "', 'some \\" text $b\n', '"\n'),
    "a body": ("cat <<E\n", "some text $b\n", "E\n"),
    "an array": ("a=(\n", "b 'c' [d]=e # f\n", ")\n"),
    "arithmetic": ("", "((a + 1)); ((b); (c)); ", "\n"),
    "arithmetic not closed": ("", "((a ", "\n"),
    "brackets not closed": ("", "a[b ", "\n"),
    "quotes not closed": ("", "a $'b \"c `d ", "\n"),
    "joined lines": ("a", " b \\\n", "c\n"),
    "comments": ("", "a # b\n", ""),
    "blank lines in a loop": ("while a; do\n", "\n\n", "b; done\n"),
    "conditions": ("while a\n\n\ndo b; done\n" * 3, "until a\n\ndo b; done; ", "\n"),
    "faults": ("", "a ) b\n", ""),
    "declarations": ("export", " A=b C=(d)", "\n"),
    "backslashes": ("a ", "\\b", "\n"),
    "carriage returns": ("", "a b \\\r\n c\r\n", ""),
}
ENOUGH = 120


def steps(text: str) -> int:
    """Calls that parsing takes, of Python and of built-in functions."""
    count = 0

    def called(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        parse(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("shape", SHAPES)
def test_doubling_a_script_doubles_the_steps(shape: str) -> None:
    start, repeated, end = SHAPES[shape]
    parse("a | b")  # what is imported and cached is no step
    few, many = (steps(start + repeated * count + end) for count in (ENOUGH, 2 * ENOUGH))
    assert many <= 2.2 * few


def test_nesting_costs_its_depth() -> None:
    parse("a | b")
    few, many = (steps("$(a " * depth + ")" * depth) for depth in (10, 20))
    assert many <= 2.2 * few
