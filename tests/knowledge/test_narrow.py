"""What a page does not mean: a pattern's ends, and the dates of releases."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.base.unknown import UNKNOWN
from doctor.knowledge import load


@pytest.mark.parametrize(
    ("pattern", "others"),
    [
        ("xcoder*", ["our-xcoder", "xcode-7b"]),
        ("*xcoder", ["xcoder-7b", "team/xcoder-7b"]),
        ("*xcoder*", ["xcode-7b", "coderx"]),
        ("ab*ba", ["aba", "abab"]),
        ("a*bb*c", ["abc", "abxbc"]),
    ],
)
def test_a_pattern_means_no_other_models(tmp_path: Path, pattern: str, others: list[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"| Model | Tool parser |\n|---|---|\n| `{pattern}` | mine |\n")
    knowledge = load([page])
    assert [model for model in others if knowledge.row("families", model) is not None] == []


def test_the_newest_release_has_a_date() -> None:
    knowledge = load([])
    row = knowledge.row("releases", knowledge.releases.newest)
    assert row is not None
    assert row["date"] is not UNKNOWN
