"""The command as a program of its own, for what only bytes and the system show."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Runs `vllm-doctor scan` with the arguments, in ``tmp_path``; ``before`` is what starts it.
Program = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    def run(
        *arguments: str, stdin: bytes = b"", before: Sequence[str] = (), folder: Path = tmp_path
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*before, sys.executable, "-m", "doctor", "scan", *arguments],
            input=stdin,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=120,
            check=False,
        )

    return run
