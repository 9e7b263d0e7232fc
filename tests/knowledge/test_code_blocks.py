"""The code blocks in our pages, scanned: what a page is about is found in the bad ones alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.knowledge import load
from doctor.knowledge.markdown import CodeBlock, code_blocks
from doctor.knowledge.rows import Page
from doctor.scan import scan_text

PAGES = load().pages


def blocks(verdict: str) -> list[object]:
    return [
        pytest.param(page, block, id=f"{page.id}:{block.line}")
        for page in PAGES
        for block in code_blocks(Path(page.place.filename).read_text(encoding="utf-8"))
        if block.info[:2] == ["bash", verdict]
    ]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Away from our own README, whose releases would count for scripts that lie beside it."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("page", "block"), blocks("bad"))
def test_a_bad_block_is_found(page: Page, block: CodeBlock) -> None:
    from doctor.rulebook import load

    code = block.info[2]
    assert code in page.codes
    if code not in {rule.code for rule in load().rules}:
        pytest.skip(f"there is no rule {code} yet")
    assert code in {found.code for found in scan_text(block.text, "script.sh")}


@pytest.mark.parametrize(("page", "block"), blocks("good"))
def test_a_good_block_is_quiet(page: Page, block: CodeBlock) -> None:
    """The rules of its page are; others may have hints for whoever copies it."""
    # The shipped list of bad nodes is an example: whoever reads on has a list of their own.
    found = scan_text(block.text, "script.sh", {"bad-nodes": []})
    assert [each for each in found if each.code in page.codes and each.severity.rank] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.id)
def test_a_page_shows_what_its_rules_find(page: Page) -> None:
    shown = {
        block.info[2]
        for block in code_blocks(Path(page.place.filename).read_text("utf-8"))
        if block.info[:2] == ["bash", "bad"]
    }
    scripts = {code for code in page.codes if code.startswith("VD")}
    missing = scripts - shown - {"VD905"}  # a token, which scanners for secrets would find
    assert not missing, f"{page.place.filename} needs a block ```bash bad CODE for each of these"
