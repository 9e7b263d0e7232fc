"""A write that is killed at any of its system calls leaves the old file or the new one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from .conftest import ROOT

OLD = b"#!/bin/bash\n" + b"echo old\n" * 2_000
NEW = b"#!/bin/bash\n" + b"echo new and longer\n" * 2_000
WRITE = """
import os, sys
sys.path.insert(0, sys.argv[1])
from doctor.diagnostic import Source
from doctor.fix.files import replace_file
old, new = (Source("job.sh", open(name).read()) for name in ("old", "new"))
os.access("the write begins", os.F_OK)
replace_file(old, new)
os.access("the write has ended", os.F_OK)
"""


def _traced(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The write under strace, from the old file."""
    for name, data in (("old", OLD), ("new", NEW), ("job.sh", OLD)):
        (folder / name).write_bytes(data)
    compiled = f"pycache_prefix={folder}.compiled"  # not shared, so all runs call the same
    program = [sys.executable, "-I", "-S", "-X", compiled, "-c", WRITE, str(ROOT)]
    return subprocess.run(
        ["strace", "-qq", *options, *program],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def calls(tmp_path: Path) -> list[tuple[str, int]]:
    """The system calls of the write, each with how often it was called until then."""
    if shutil.which("strace") is None:
        pytest.skip("missing part: strace")
    _traced(tmp_path)  # compiles what it imports
    done = _traced(tmp_path)
    if done.returncode != 0:
        pytest.skip(f"missing part: a strace that may trace: {done.stderr[:200]}")
    count: Counter[str] = Counter()
    found: list[tuple[str, int]] = []
    within = False
    for line in done.stderr.splitlines():
        call = re.match(r"(\w+)\(", line)
        if call is None:
            continue
        count[call[1]] += 1
        within = (within or "the write begins" in line) and "the write has ended" not in line
        if within and "the write begins" not in line:
            found.append((call[1], count[call[1]]))
    return found


def test_a_killed_write_leaves_the_old_file_or_the_new(
    calls: list[tuple[str, int]], tmp_path: Path
) -> None:
    names = {name for name, _ in calls}
    assert {"write", "fsync", "fchmod"} < names
    assert any(name.startswith("rename") for name in names)
    left = []
    for name, number in calls:
        done = _traced(tmp_path, "-e", f"inject={name}:signal=KILL:when={number}")
        assert done.returncode in (-9, 137), f"it was not killed at {name}, number {number}"
        data = (tmp_path / "job.sh").read_bytes()
        assert data in (OLD, NEW), f"killed at {name}, number {number}"
        left.append(data == NEW)
        for half in tmp_path.glob(".vllm-doctor-*"):
            half.unlink()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["job.sh", "new", "old"]
    assert left == sorted(left), "once new, it stays new"
    assert {*left} == {True, False}


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(
    calls: list[tuple[str, int]], tmp_path: Path
) -> None:
    for name, number in calls:
        if not name.startswith(("open", "write", "fsync", "fchmod", "rename")):
            continue
        inject = f"inject={name}:error=ENOSPC:when={number}"
        done = _traced(tmp_path, "-e", inject)
        data = (tmp_path / "job.sh").read_bytes()
        if data == OLD:
            assert "not fixed: No space left on device" in done.stderr, (name, number)
        else:  # the folder's own flush, which some file systems can't do
            assert (data, done.returncode) == (NEW, 0)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["job.sh", "new", "old"]
