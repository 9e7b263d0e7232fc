"""The lessons document's own code blocks, scanned: what it says against itself is told."""

from __future__ import annotations

from pathlib import Path

from doctor.knowledge.markdown import code_blocks
from doctor.scan import scan_text

DOCUMENT = Path(__file__).parent / "knowledge" / "slurm-cluster-lessons.md"


def block_with(words: str) -> str:
    texts = [block.text for block in code_blocks(DOCUMENT.read_text())]
    found = [text for text in texts if words in text]
    assert len(found) == 1
    return found[0]


def codes(script: str) -> set[str]:
    found = scan_text(script, "script.sh", {"slurm": True, "kb": [str(DOCUMENT)]})
    return {diagnostic.code for diagnostic in found}


def test_the_wildcard_that_it_warns_of() -> None:
    assert codes("rm -rf /tmp/torchinductor_*\n") == {"VD101"}


def test_its_loop_of_isolated_servers() -> None:
    loop = block_with("vllm serve ... &\ndone")
    # Folders without a user in a /tmp that all share, caches that don't last, one port for all.
    assert codes(loop) == {"VD102", "VD501", "VD904"}


def test_its_right_pairings_of_models_and_parsers() -> None:
    assert codes(block_with("--tool-call-parser openai")) == set()


def test_its_request_for_a_node() -> None:
    request = block_with("salloc -N 1 -G 8")
    assert codes(request) == set()
    assert codes(request.replace("research-secure-03,", "")) == {"VD201"}
