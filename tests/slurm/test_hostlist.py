"""Node lists and the names that they stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.slurm.hostlist import MAX_NODES, expand, fold


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ""),
        ("gpu01", "gpu01"),
        ("gpu01,gpu02", "gpu01 gpu02"),
        ("gpu01, gpu02 gpu03,", "gpu01 gpu02 gpu03"),
        ("gpu[08-11]", "gpu08 gpu09 gpu10 gpu11"),
        ("gpu[1,3-4],cpu1", "gpu1 gpu3 gpu4 cpu1"),
        ("r[1-2]n[1-2]", "r1n1 r1n2 r2n1 r2n2"),
        ("gpu[01-02]-ib", "gpu01-ib gpu02-ib"),
        ("=gpu01", "=gpu01"),
        ("$BAD", "$BAD"),
    ],
)
def test_known(text: str, names: str) -> None:
    assert expand(text) == frozenset(names.split())


@pytest.mark.parametrize(
    "text",
    [
        "n[1-999999999]",
        "n[1-9999]x[1-9999]",
        "n[1-" + "9" * 5000 + "]",
        "n[" + ",".join(["1-65536"] * 2) + "]",
        "@gpu",
        "@*",
        "n[1-4]!n2",
        "n[1-9/2]",
        "./exclude.txt",
        "n[1",
        "n1]",
        "n[]",
        "n[3-1]",
        "n[a-c]",
        "$BAD[1-2]",
    ],
)
def test_unknown(text: str) -> None:
    assert expand(text) is None


def test_a_group_is_never_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: pytest.fail("a program was run"))
    assert expand("@all,n[1-2]") is None


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["b"], "b"), (["gpu02", "gpu01", "a"], "a,gpu[01-02]"), (["=x", "b"], "=x,b")],
)
def test_fold(names: list[str], text: str) -> None:
    assert fold(names) == text


@given(st.sets(st.from_regex(r"[a-z]{1,3}[0-9]{1,3}", fullmatch=True), max_size=20))
def test_what_is_folded_expands_to_the_same(names: set[str]) -> None:
    assert expand(fold(names)) == names


@given(st.text(alphabet="n1-,[]@/ 9x", max_size=30))
def test_no_text_does_harm(text: str) -> None:
    names = expand(text)
    assert names is None or len(names) <= MAX_NODES
