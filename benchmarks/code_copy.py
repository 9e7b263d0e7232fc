"""Copies of the working tree to put faults into, each with a process that runs its tests."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from code_faults import Fault

ROOT = Path(__file__).resolve().parents[1]
_PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
#: Runs tests until one fails.
PYTEST = (*_PYTEST, "-x")
#: What is copied: all that the tests read.
_PARTS = "doctor tests renew rules kb docs examples benchmarks pyproject.toml README.md".split()


class Place:
    """A copy of the working tree, and a process that has collected its tests."""

    def __init__(self, root: Path) -> None:
        self.root = root
        copy(root)
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [*_PYTEST, "-p", "warm_tests", "--continue-on-collection-errors", "tests"],
                cwd=root,
                env=environment(
                    root, WARM_TESTS=str(theirs.fileno()), PYTHONPATH=f"{root}/benchmarks"
                ),
                pass_fds=[theirs.fileno()],
                stdout=subprocess.DEVNULL,
            )
        self.wishes = ours.makefile("rw")
        ours.close()

    def run(
        self, tests: Sequence[str], seconds: float, fault: Fault | None = None, cold: bool = False
    ) -> tuple[str, str]:
        """The verdict of these tests, while the fault is in the copy, and the test that failed.

        `killed`, `survived`, or `hangs` after so many seconds of the processor; `cold` if the fault
        is run when the module is imported, so that a fork, which has done that, can't show it.
        """
        if fault is None:
            return self._cold(tests, seconds) if cold else self._warm(tests, seconds)
        file = self.root / fault.path
        clean, times = file.read_bytes(), file.stat()
        fault.put_into(self.root)
        try:
            if cold:
                return self._cold(tests, seconds)
            return self._warm(tests, seconds, path=fault.path, before=clean.decode())
        finally:
            file.write_bytes(clean)
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    def close(self) -> None:
        """End the process and remove the copy."""
        self.wishes.close()
        self.process.wait()
        shutil.rmtree(self.root)

    def _warm(self, tests: Sequence[str], seconds: float, **changed: str) -> tuple[str, str]:
        wish = {"tests": tests, "seconds": seconds, **changed}
        self.wishes.write(json.dumps(wish) + "\n")
        self.wishes.flush()
        verdict, failed = json.loads(self.wishes.readline())
        return verdict, failed

    def _cold(self, tests: Sequence[str], seconds: float) -> tuple[str, str]:
        arguments = self.root / "tests-to-run"
        arguments.write_text("\n".join(tests))
        limit = int(seconds)
        done = subprocess.run(
            [*PYTEST, f"@{arguments}"],
            cwd=self.root,
            env=environment(self.root),
            capture_output=True,
            text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 10)),
            check=False,
        )
        if done.returncode < 0:
            return "hangs", ""
        failed = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
        return "killed" if done.returncode else "survived", failed[1] if failed else ""


def copy(target: Path) -> None:
    """A copy of the working tree, its bytecode made anew."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for part in filter(lambda part: (ROOT / part).exists(), _PARTS):
        source = ROOT / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
            shutil.copytree(source, target / part, ignore=ignored, symlinks=True)
        else:
            shutil.copy2(source, target / part)
    made = {**environment(target), "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run(
        [*PYTEST, "--collect-only"], cwd=target, env=made, capture_output=True, check=False
    )


def environment(place: Path, **more: str) -> dict[str, str]:
    """The variables for tests in a copy, whose temporary files stand beside it."""
    # A mutant's bytecode is not kept: it would be taken for that of another one, which was written
    # in the same second.
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": _temporary(place), **more}


def _temporary(place: Path) -> str:
    folder = place.parent / f"{place.name}.tmp"
    folder.mkdir(exist_ok=True)
    return str(folder)
