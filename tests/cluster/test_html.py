"""The page of a survey: whole in itself, safe, light and dark, as a browser shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from doctor.cluster.merge import merge
from doctor.cluster.node_report import NOT_LOOKED_AT
from doctor.report import nodes_html

from .nodes import NodeReport, fit, held, silent

EVIL = "<script>alert(1)</script>"


def page() -> str:
    drained = NodeReport("gpu05", NOT_LOOKED_AT, state="drained", reason=EVIL)
    nodes = [replace(fit("gpu01"), state="idle"), held("gpu02"), silent("gpu03"), drained]
    return "\n".join(nodes_html.render(merge(nodes), "nodes of the cluster"))


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_it_loads_nothing_and_runs_nothing() -> None:
    tags = Tags()
    tags.feed(page())
    assert not tags.tags & {"script", "img", "link", "iframe", "object"}
    assert not tags.attributes & {"src", "href", "onclick", "style"}
    assert "http" not in page()
    assert EVIL not in page()


def _chromium() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("missing part: chromium")
    return found


def _shown(folder: Path, *options: str) -> None:
    file = folder / "page.html"
    file.write_text(page())
    words = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'user'}"]
    subprocess.run(
        [_chromium(), *words, *options, file.as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
        cwd=folder,
    )


def test_a_browser_lays_it_out(tmp_path: Path) -> None:
    """In the light and in the dark, as the reader has it."""
    sizes = []
    schemes: tuple[tuple[str, ...], ...] = ((), ("--blink-settings=preferredColorScheme=0",))
    for number, dark in enumerate(schemes):
        picture = tmp_path / f"{number}.png"
        _shown(tmp_path, f"--screenshot={picture}", "--window-size=1000,800", *dark)
        sizes.append(picture.read_bytes())
    assert all(len(each) > 5000 for each in sizes)
    assert sizes[0] != sizes[1]


def test_colours_are_named_for_both() -> None:
    light, dark = page().split("@media (prefers-color-scheme: dark)")
    names = set(re.findall(r"--\w+(?=:)", light))
    assert names <= set(re.findall(r"--\w+(?=:)", dark.partition("</style>")[0]))
