"""The script that the workflow runs, with a stand-in for GitHub's command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from . import releases

ROOT = Path(__file__).resolve().parents[2]
GH = """#!/bin/bash
printf '%s ' "$@" >> "$GH_LOG"
echo >> "$GH_LOG"
while [ $# -gt 1 ]; do
    [ "$1" != --body-file ] || cat "$2" >> "$GH_LOG"
    shift
done
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with tables of vLLM 0.9.0, and one beside it to push to."""
    folder = tmp_path / "checkout"
    (folder / "kb" / "vllm").mkdir(parents=True)
    for name, text in (("gh", GH),):
        program = tmp_path / "bin" / name
        program.parent.mkdir()
        program.write_text(text)
        program.chmod(0o755)
    releases.archive(tmp_path / "cache", "0.9.0")
    git(tmp_path, "init", "-q", "--bare", "origin")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", str(tmp_path / "origin"))
    renewed = subprocess.run(
        [sys.executable, "-m", "renew", *options(tmp_path)], cwd=ROOT, check=False
    )
    assert renewed.returncode == 0
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "before")
    return folder


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def options(tmp_path: Path) -> list[str]:
    tables = tmp_path / "checkout" / "kb" / "vllm"
    return ["--offline", "--cache", str(tmp_path / "cache"), "--tables", str(tables)]


def propose(checkout: Path) -> tuple[str, str]:
    """What the script says, and what GitHub's command was told."""
    tmp_path = checkout.parent
    log = tmp_path / "gh.log"
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
        "GH_LOG": str(log),
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [ROOT / "renew" / "propose", *options(tmp_path)],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, log.read_text() if log.exists() else ""


def test_nothing_new(checkout: Path) -> None:
    out, told = propose(checkout)
    assert out.endswith("There is nothing to propose.\n")
    assert told == ""


def test_a_new_release(checkout: Path) -> None:
    change = {releases.TOOLS: ("{", '{"glm45": ("glm", "Glm"), ')}
    releases.archive(checkout.parent / "cache", "0.9.1", change=change)
    _, told = propose(checkout)
    assert "pr create --head renew-0.9.1 --title Renew the tables up to vLLM 0.9.1" in told
    assert "New: vLLM `0.9.1`." in told
    assert "- 1 tool parser added: `glm45`" in told
    pushed = git(checkout.parent / "origin", "log", "-1", "--format=%B", "renew-0.9.1")
    assert pushed.startswith("Renew the tables up to vLLM 0.9.1\n\nNew: vLLM `0.9.1`.")
    changed = git(checkout, "show", "--stat", "--format=", "HEAD")
    assert "kb/vllm/parsers.yaml" in changed


def test_the_workflow_runs_the_script() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "renew.yml").read_text())
    runs = [step.get("run") for step in workflow["jobs"]["renew"]["steps"]]
    assert "renew/propose" in runs
