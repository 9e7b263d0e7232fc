"""bashlex's tables are kept between runs, and a scan is the same with them, without and with a
folder that holds nonsense."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = "if true; then\n  rm -rf /tmp/torchinductor_* && echo gone\nfi\n"


def scan(cache: Path) -> str:
    """Scan it; what an earlier scan found is forgotten, so that it is parsed again."""
    for results in (cache / "vllm-doctor").glob("results-*"):
        results.unlink()
    return subprocess.run(
        [sys.executable, "-m", "doctor", "scan", "--no-config", "--format", "json", "-"],
        input=SCRIPT,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def kept_in(cache: Path) -> Path:
    [tables] = (cache / "vllm-doctor").glob("bashlex-tables.*json")
    return tables


def test_the_second_run_reads_what_the_first_one_kept(tmp_path: Path) -> None:
    first = scan(tmp_path)
    tables = kept_in(tmp_path)
    kept = tables.read_bytes()
    made = tables.stat().st_mtime_ns
    assert "VD101" in first
    assert scan(tmp_path) == first
    assert tables.read_bytes() == kept
    assert tables.stat().st_mtime_ns == made


@pytest.mark.parametrize("nonsense", ["", "{", "[]", '{"digest": "of another grammar"}'])
def test_nonsense_is_made_anew(tmp_path: Path, nonsense: str) -> None:
    first = scan(tmp_path)
    tables = kept_in(tmp_path)
    kept = tables.read_bytes()
    tables.write_text(nonsense)
    assert scan(tmp_path) == first
    assert tables.read_bytes() == kept


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    assert scan(Path("/proc")) == scan(tmp_path)
