"""A loop whose condition never changes is one loop, however the condition is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

Command = Callable[..., Outcome]

FOR_EVER = [
    "while true",
    "while :",
    "while [ 1 ]",
    "while [ 1 -eq 1 ]",
    "while test 1",
    "while [[ 1 ]]",
    "while [[ yes == yes ]]",
    "while ((1))",
    "while ! false",
    "until false",
    "until [ ]",
    "until ((0))",
    "for ((;;))",
    "for ((; ; i++))",
]
NEVER = ["while false", "while [ ]", "while [ 1 -eq 2 ]", "while ((0))", "until true", "until :"]


@pytest.fixture
def lines(command: Command, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """What `trace` says of a server in a loop with this head."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(head: str) -> str:
        Path("serve.sh").write_text(f"{head}; do\n  vllm serve m || true\ndone\n")
        return command("trace", "serve.sh").out

    return run


@pytest.mark.parametrize("head", FOR_EVER)
def test_what_is_always_so_is_not_counted(lines: Callable[[str], str], head: str) -> None:
    assert "one for each turn of a loop" in lines(head)


@pytest.mark.parametrize("head", NEVER)
def test_what_is_never_so_starts_nothing(lines: Callable[[str], str], head: str) -> None:
    assert "starts no vLLM server" in lines(head)
