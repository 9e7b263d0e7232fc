"""The action for GitHub: its steps, run as a runner would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def step(number: int, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one `run:` step of the action in a folder, with bash as the runner starts it."""
    steps = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
    script = [each["run"] for each in steps if "run" in each][number]
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    environment = {**os.environ, "RUNNER_TEMP": str(folder / "temp"), **variables}
    return subprocess.run(
        shell, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_action_annotates_what_it_finds_and_fails(tmp_path: Path) -> None:
    programs = tmp_path / "temp/vllm-doctor/bin"
    programs.mkdir(parents=True)
    program = programs / "vllm-doctor"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m doctor "$@"\n')
    program.chmod(0o755)
    (tmp_path / "clean_up.sh").write_text("#!/bin/bash\nrm -rf /tmp/torchinductor_*\n")
    outcome = step(1, tmp_path, ARGUMENTS="--select VD1 clean_up.sh")
    assert outcome.returncode == 1, outcome.stderr
    assert outcome.stdout.startswith("::error ")
    assert "file=clean_up.sh,line=2," in outcome.stdout
