"""How long `vllm-doctor node` takes on a node with eight GPUs, beside a bare start of Python.

The GPUs are those of the tests' stand-in for NVIDIA's library, so the driver itself costs nothing
here. Both are run in turn, and the middle of each is told; the ratio is what a busy machine and a
slow one have in common.

    python benchmarks/node.py [RUNS]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_SOURCE = _ROOT / "tests" / "node" / "nvml" / "stand_in.c"
_GPUS = 8

PEER = [sys.executable, "-c", "pass"]
NODE = [sys.executable, "-m", "doctor", "node", "--no-config", "--format", "json"]
NO_ANSWERS = [*NODE, "--timeout", "1"]


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        healthy = _environment(Path(folder), "healthy", "gpu\n" * _GPUS)
        hanging = _environment(Path(folder), "hanging", "answer nvmlInitWithFlags HANG\ngpu\n")
        _seconds(NODE, healthy, _GPUS)  # fills the caches
        pairs = [(_seconds(PEER, healthy), _seconds(NODE, healthy, _GPUS)) for _ in range(runs)]
        bound = [_seconds(NO_ANSWERS, hanging) for _ in range(runs)]
    peer, node = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"a bare start of Python        {peer:6.2f} s")
    print(f"vllm-doctor node, {_GPUS} GPUs      {node:6.2f} s, {node / peer:.0f} times as long")
    print(f"a driver that hangs, 1 s      {max(bound):6.2f} s at most, of {runs}")


def _environment(folder: Path, name: str, scenario: str) -> dict[str, str]:
    """The environment in which NVML answers as the scenario says."""
    library, written = folder / "libnvidia-ml.so.1", folder / name
    if not library.exists():
        options = ["-shared", "-fPIC", "-I", _headers(), "-o", str(library)]
        subprocess.run(["gcc", *options, str(_SOURCE)], check=True)
    written.write_text(scenario)
    return {**os.environ, "LD_LIBRARY_PATH": str(folder), "NVML_STAND_IN": str(written)}


def _headers() -> str:
    """Where the package nvidia-nvml-dev put nvml.h."""
    import nvidia

    found = [header for root in nvidia.__path__ for header in Path(root).glob("*/include/nvml.h")]
    return str(found[0].parent)


def _seconds(command: Sequence[str], environment: Mapping[str, str], gpus: int = 0) -> float:
    """How long the command takes, which must show so many GPUs."""
    started = time.monotonic()
    done = subprocess.run(command, env=dict(environment), cwd=_ROOT, stdout=subprocess.PIPE)
    seconds = time.monotonic() - started
    if gpus and len(json.loads(done.stdout)["gpus"]) != gpus:
        sys.exit(f"it does not show {gpus} GPUs")
    return seconds


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
