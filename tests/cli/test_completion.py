"""Completion by the shell, as a real bash asks for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

Command = Callable[..., Outcome]

#: Completes the words that it is given, as readline would, and prints what it would offer.
_BASH = """
eval "$(vllm-doctor completion bash)"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_vllm_doctor_completion vllm-doctor
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """What bash offers for the last of the words of a command line."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/vllm-doctor"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m doctor "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)

    def complete(*words: str) -> list[str]:
        shell = ["bash", "--norc", "-c", _BASH, "bash", "vllm-doctor", *words]
        done = subprocess.run(shell, capture_output=True, text=True, check=True, timeout=60)
        assert not [line for line in done.stderr.splitlines() if "compopt" not in line]
        return done.stdout.split()

    return complete


def test_codes_and_what_else_can_be_explained(completed: Callable[..., list[str]]) -> None:
    assert completed("explain", "VD30") == ["VD301", "VD302"]
    assert completed("explain", "shared-co") == ["shared-compile-cache"]
    assert "tool-parsers" in completed("explain", "tool")
    assert completed("explain", "laun") == ["launch"]


def test_the_last_word_of_a_list_of_rules(completed: Callable[..., list[str]]) -> None:
    assert completed("scan", "--select", "VD1,VD30") == ["VD1,VD301", "VD1,VD302"]
    assert completed("scan", "--ignore", "VN1") == [], "that is a check of a node"
    assert "VN101" in completed("node", "--select", "VN1")


def test_formats_and_commands(completed: Callable[..., list[str]]) -> None:
    assert completed("scan", "--output-format", "gi") == ["github", "gitlab"]
    assert completed("comp") == ["completion"]


def test_a_site_s_own_rules(completed: Callable[..., list[str]], tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/SITE001-x.yaml").write_text(
        "code: SITE001\nname: too-many-servers\nlesson: server-logs\nfact: launch\n"
        "severity: error\nwhen: {speculative: true}\nmessage: many\nexamples: [{good: date}]\n"
    )
    (tmp_path / ".vllm-doctor.toml").write_text('rules = ["rules"]\n')
    assert completed("scan", "--select", "SITE") == ["SITE001"]
    (tmp_path / ".vllm-doctor.toml").write_text("wrong = 1\n")
    assert completed("scan", "--select", "VD30") == [], "nobody is told of faults while typing"


def test_how_to_switch_it_on(command: Command) -> None:
    outcome = command("completion")
    assert outcome.code == 0
    for shell in ("bash", "zsh", "fish"):
        assert f"vllm-doctor completion {shell}" in outcome.out
        assert "_VLLM_DOCTOR_COMPLETE" in command("completion", shell).out
