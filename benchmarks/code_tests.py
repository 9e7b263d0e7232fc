"""Which tests reach which line of our code."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from code_copy import PYTEST, ROOT, copy, environment
from code_faults import Fault
from coverage import CoverageData

#: How many times as long as when it was noted a test may take, and how much longer any may.
_PATIENCE, _START = 5, 30
#: Of a line that fewer tests reach, what it computed may have been kept for the others.
_FEW = 20


class Suite:
    """Which tests reach which line, and how long each takes.

    What runs in other processes, as the probes of a node do, is reached by no test: such code is
    tried on the tests of its package.
    """

    def __init__(self, folder: Path) -> None:
        self.lines = [CoverageData(str(path)) for path in folder.glob("*.coverage")]
        self.seconds: dict[str, float] = {}
        for path in folder.glob("*.json"):
            self.seconds |= json.loads(path.read_text())
        for lines in self.lines:
            lines.read()
        self._of_last: dict[str, Mapping[int, set[str]]] = {}

    def stages(self, fault: Fault, limit: float) -> list[list[str]]:
        """The tests that reach the line, in so many seconds; if they are few, then others."""
        reaching = self._reaching(fault)
        stages = [self._within(reaching, limit)]
        if len(reaching) < _FEW:
            package = f"tests/{fault.path.split('/')[1]}/"
            others = {test for tests in self._tests(fault.path).values() for test in tests}
            others |= {test for test in self.seconds if test.startswith(package)}
            stages.append(self._within(others - reaching, limit / 2))
        return [stage for stage in stages if stage]

    def at_import(self, fault: Fault) -> bool:
        """Whether the fault is run when modules are imported and tests collected."""
        return any("" in self._tests(fault.path).get(line, ()) for line in fault.lines)

    def _reaching(self, fault: Fault) -> set[str]:
        by_line = self._tests(fault.path)
        return {test for line in fault.lines for test in by_line.get(line, ()) if test}

    def _tests(self, path: str) -> Mapping[int, set[str]]:
        """The tests that reach each line of a module; those of the last module are kept."""
        if path not in self._of_last:
            found = defaultdict[int, set[str]](set)
            for lines in self.lines:
                for line, tests in lines.contexts_by_lineno(path).items():
                    found[line].update(tests)
            self._of_last = {path: found}
        return self._of_last[path]

    def _within(self, tests: set[str], limit: float) -> list[str]:
        chosen, left = [], limit
        known = (test for test in tests if test in self.seconds)
        for test in sorted(known, key=lambda test: (self.seconds[test], test)):
            left -= self.seconds[test]
            if left < 0:
                break
            chosen.append(test)
        return chosen

    def allowed(self, tests: Sequence[str]) -> float:
        """The seconds of the processor after which these tests are taken to hang."""
        return _START + _PATIENCE * sum(self.seconds[test] for test in tests)


def suite_of(cache: Path, workers: int) -> Suite:
    """The tests' map of this tree, made by one run of all tests if there is none yet."""
    folder = cache / _digest()
    if not list(folder.glob("*.json")):
        folder.mkdir(parents=True, exist_ok=True)
        place = cache / "map"
        copy(place)
        print("noting which tests reach which line …", flush=True)
        subprocess.run(
            [*PYTEST, "-p", "coverage_map", "-n", str(workers), "--maxfail=1000"],
            cwd=place,
            env=environment(place, COVERAGE_MAP=str(folder), PYTHONPATH=f"{place}/benchmarks"),
            stdout=subprocess.DEVNULL,
            check=False,
        )
        shutil.rmtree(place)
    return Suite(folder)


def _digest() -> str:
    """What the map depends on: the code and the tests."""
    digest = hashlib.sha256()
    for part in ("doctor", "tests", "rules"):
        for path in sorted((ROOT / part).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
