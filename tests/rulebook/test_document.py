"""YAML is read to items with lines, in bounded time whoever wrote it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from doctor.base.document import MAX_BYTES, parse, read
from doctor.base.errors import DoctorError


def test_items_know_their_lines() -> None:
    root = parse("a: 1\nb:\n  - x\n  - {c: off}\n", "f.yaml")
    assert root.plain == {"a": 1, "b": ["x", {"c": False}]}
    inner = root.value["b"].value[1]
    assert (inner.line, inner.value["c"].text) == (4, "off")


def test_key_is_what_is_written() -> None:
    assert parse("on: 1\n404: 2\n", "f").plain == {"on": 1, "404": 2}


BOMB = "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", None, "is empty"),
        ("# nothing\n", None, "is empty"),
        ("a: [1\n", 2, "is not YAML"),
        ("a: 1\n\tb: 2\n", 2, "is not YAML"),
        ("a: \x01\n", None, "characters that YAML forbids"),
        ("a: 1\na: 2\n", 2, "'a' stands here twice"),
        ("a: 1\n---\nb: 1\n", 2, "a second document"),
        ("a: &x [*x]\n", 1, "`*x` is an alias"),
        ("a: &a [z]\n" + BOMB, 2, "`*a` is an alias"),
        ("a: &x {}\nb:\n  <<: *x\n", 3, "`*x` is an alias"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "tags"),
        ("a: !!python/name:os.system x\n", 1, "put it in quotes"),
        ("a: !mine x\n", 1, "put it in quotes"),
        ("a: 2025-12-28\n", 1, "'2025-12-28' is a YAML timestamp; put it in quotes"),
        ("a: !!binary a\n", 1, "'a' is not a YAML binary"),
        ("a: !!int x\n", 1, "'x' is not a YAML int"),
        ("a: !!bool x\n", 1, "'x' is not a YAML bool"),
        ("{[a]: 1}\n", 1, "a key must be a word"),
        ("[" * 50 + "]" * 50, 1, "nested more than"),
        ("[" * 200_000, 1, "nested more than"),
        ("- " * 200_000, 1, "nested more than"),
    ],
)
def test_refused(text: str, line: int | None, said: str) -> None:
    started = time.perf_counter()
    with pytest.raises(DoctorError) as refusal:
        parse(text, "f.yaml")
    assert said in str(refusal.value)
    assert str(refusal.value).startswith("f.yaml")
    assert refusal.value.line == line
    assert time.perf_counter() - started < 5


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"a: \xe9\n")
    large = tmp_path / "large.yaml"
    large.write_text("#" * (MAX_BYTES + 1))
    for path, said in (
        (latin, "is not UTF-8"),
        (large, "is larger than 1 MiB"),
        (tmp_path / "none.yaml", "cannot be read"),
    ):
        with pytest.raises(DoctorError, match=said):
            read(path)
