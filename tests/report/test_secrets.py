"""A report shows the line of a secret, and never the secret."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOKEN = "hf_" + "NqVwYSVPHbDXpPdkhxEpyIgKpaUnArlXyk"


def test_no_report_prints_a_token(tmp_path: Path) -> None:
    script = tmp_path / "serve.sh"
    script.write_text(f"export HF_TOKEN={TOKEN}\nrm -rf /tmp/a* # {TOKEN}\nvllm serve a/b\n")
    for options in ([], ["--format", "json"]):
        command = [sys.executable, "-m", "doctor", "scan", "--no-config", str(script), *options]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "VD905" in found.stdout
        assert "VD101" in found.stdout
        assert TOKEN not in found.stdout
