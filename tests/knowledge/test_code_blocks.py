"""The code blocks in our pages, scanned: the bad ones are found, the good ones are quiet."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.base.data import data_folder
from doctor.knowledge import load
from doctor.knowledge.markdown import CodeBlock, code_blocks
from doctor.knowledge.rows import Page
from doctor.scan import scan_text

PAGES = sorted(data_folder("kb").glob("*.md"))


def blocks(verdict: str) -> list[object]:
    return [
        pytest.param(block, id=f"{page.stem}:{block.line}")
        for page in PAGES
        for block in code_blocks(page.read_text(encoding="utf-8"))
        if block.info[:2] == ["bash", verdict]
    ]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Away from our own README, whose releases would count for scripts that lie beside it."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("block", blocks("bad"))
def test_a_bad_block_is_found(block: CodeBlock) -> None:
    from doctor.rulebook import load

    code = block.info[2]
    if code not in {rule.code for rule in load().rules}:
        pytest.skip(f"there is no rule {code} yet")
    assert code in {found.code for found in scan_text(block.text, "script.sh")}


@pytest.mark.parametrize("block", blocks("good"))
def test_a_good_block_is_quiet(block: CodeBlock) -> None:
    # The shipped list of bad nodes is an example: whoever reads on has a list of their own.
    found = scan_text(block.text, "script.sh", {"bad-nodes": []})
    assert [each for each in found if each.severity.value != "info"] == []


@pytest.mark.parametrize("page", load().pages, ids=lambda page: page.id)
def test_a_page_shows_what_its_rules_find(page: Page) -> None:
    shown = {
        block.info[2]
        for block in code_blocks(Path(page.place.filename).read_text("utf-8"))
        if block.info[:2] == ["bash", "bad"]
    }
    scripts = {code for code in page.codes if code.startswith("VD")}
    assert scripts - shown <= {"VD905"}, "a token, which scanners for secrets would find"
