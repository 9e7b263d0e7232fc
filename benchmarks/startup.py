"""How long one scan of one script takes, start-up included, beside what else starts as often.

The peer is bashate, another linter of shell scripts that is written in Python and runs as a
pre-commit hook (`pip install bashate`); a bare start of Python shows what nobody can avoid. All
are run in turn, and the shortest of each is told, which a busy machine disturbs least.

    python benchmarks/startup.py SCRIPT [RUNS]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

_SCAN = [sys.executable, "-m", "doctor", "scan", "--no-config"]


def main(script: str, runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "other.sh"
        other.write_text("make -j 4 && echo done\n")
        changed = Path(folder) / "changed.sbatch"
        commands = {
            "a bare start of Python": [sys.executable, "-c", "pass"],
            "bashate SCRIPT": [sys.executable, "-m", "bashate.bashate", script],
            "bashlex's import": [sys.executable, "-c", "import bashlex"],
            "a script of no interest": [*_SCAN, str(other)],
            "vllm-doctor scan SCRIPT": [*_SCAN, script],
            "after a change to it": [*_SCAN, str(changed)],
            "the same, nothing kept": [*_SCAN, script],
        }
        if find_spec("bashate") is None:
            del commands["bashate SCRIPT"]
        best = dict.fromkeys(commands, float("inf"))
        for run in range(runs + 1):  # the first fills the caches
            changed.write_text(f"{Path(script).read_text()}\n# {run}\n")
            for name, command in commands.items():
                kept = f"{folder}/{run}" if name.endswith("nothing kept") else f"{folder}/kept"
                spent = _seconds(command, {**os.environ, "XDG_CACHE_HOME": kept})
                if run:
                    best[name] = min(best[name], spent)
    least = best["a bare start of Python"]
    for name, seconds in best.items():
        print(f"{name:<26}{1000 * seconds:6.0f} ms{seconds / least:6.1f} times a bare start")


def _seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, capture_output=True, check=False)
    return time.perf_counter() - start


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20)
