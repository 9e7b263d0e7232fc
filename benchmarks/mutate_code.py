"""Put one fault at a time into our own code, and count how many the tests notice.

    python benchmarks/mutate_code.py [--number N] [--seed S] [--package P]… [--since COMMIT]

The faults go into a copy of the working tree. The first run notes which tests enter which function
(slow; kept in the cache folder); each fault is then tried on the tests that enter its function,
the fastest first, and, if none notices it, on the test files that they stand in. `--results FILE`
keeps what was tried, so that a run can be stopped and taken up again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from random import Random

from code_faults import Fault, faults, files

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("trace", "fix", "rulebook", "vllm", "slurm", "knowledge", "node")
#: What is copied: all that the tests read.
_PARTS = ("doctor", "tests", "rules", "kb", "examples", "benchmarks", "pyproject.toml", "README.md")
_PYTEST = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider")
#: How many times as long as when it was noted a test may take on a busy machine.
_PATIENCE = 10


@dataclass(frozen=True)
class Outcome:
    """What became of a fault: `killed` ``by`` a test, `hangs` (noticed, too), or `survived`."""

    fault: Fault
    verdict: str
    seconds: float
    tests: int
    by: str = ""


class Suite:
    """Which tests enter which function, and how long each takes.

    What runs in other processes, as the probes of a node do, is entered by no test: such code is
    tried on the tests of its package.
    """

    def __init__(self, tests: Mapping[str, tuple[float, Sequence[str]]]) -> None:
        self.seconds = {test: seconds for test, (seconds, _) in tests.items()}
        self.trusted: dict[str, bool] = {}
        self.of_function = defaultdict[str, list[str]](list)
        self.of_file = defaultdict[str, list[str]](list)
        self.of_package = defaultdict[str, list[str]](list)
        for test, (_, functions) in sorted(tests.items(), key=lambda item: item[1][0]):
            self.of_package[test.split("/")[1]].append(test)
            for function in functions:
                self.of_function[function].append(test)
            for file in {function.partition(":")[0] for function in functions}:
                self.of_file[file].append(test)

    def stages(self, fault: Fault, limit: float) -> list[list[str]]:
        """The tests that enter the function, in so many seconds; then others of its module."""
        direct = self.of_function.get(f"{fault.path}:{fault.function}", [])
        first = self._within(direct, limit)
        package = self.of_package[fault.path.split("/")[1]]
        others = dict.fromkeys((*direct, *self.of_file[fault.path], *package))
        rest = self._within([test for test in others if test not in set(first)], limit)
        return [stage for stage in (first, rest) if stage]

    def _within(self, tests: Sequence[str], limit: float) -> list[str]:
        chosen, left = [], limit
        for test in tests:
            left -= self.seconds[test]
            if left < 0:
                break
            chosen.append(test)
        return chosen

    def may_be_trusted(self, test: str, place: Path) -> bool:
        """Whether a test passes where there is no fault; only then it tells of one."""
        if test in self.seconds and test not in self.trusted:
            verdict, _ = _run([test], place, 60 + _PATIENCE * self.seconds[test])
            self.trusted[test] = verdict == "survived"
        return self.trusted.get(test, True)

    def expected(self, tests: Sequence[str]) -> float:
        """The seconds that these tests took when they were noted."""
        return sum(self.seconds[test] for test in tests)


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
    environment = {**_environment(target), "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run(
        [*_PYTEST, "--collect-only"], cwd=target, env=environment, capture_output=True, check=False
    )


def suite(cache: Path, workers: int) -> Suite:
    """The tests' map of this tree, made by one run of all tests if there is none yet."""
    folder = cache / _digest()
    if not list(folder.glob("*.json")):
        folder.mkdir(parents=True, exist_ok=True)
        place = cache / "map"
        copy(place)
        print("noting which tests enter which function …", flush=True)
        subprocess.run(
            [*_PYTEST, "-p", "coverage_map", "-n", str(workers), "--maxfail=1000"],
            cwd=place,
            env=_environment(place, COVERAGE_MAP=str(folder), PYTHONPATH=f"{place}/benchmarks"),
            stdout=subprocess.DEVNULL,
            check=False,
        )
        shutil.rmtree(place)
    notes = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    return Suite({test: noted for note in notes for test, noted in note.items()})


def _digest() -> str:
    """What the map depends on: the code and the tests."""
    digest = hashlib.sha256()
    for part in ("doctor", "tests", "rules"):
        for path in sorted((ROOT / part).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _environment(place: Path, **more: str) -> dict[str, str]:
    # A mutant's bytecode is not kept: it would be taken for that of another one, which was written
    # in the same second.
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": _temporary(place), **more}


def _temporary(place: Path) -> str:
    folder = place.parent / f"{place.name}.tmp"
    folder.mkdir(exist_ok=True)
    return str(folder)


def try_out(fault: Fault, place: Path, tests: Suite, limit: float) -> Outcome:
    """Put the fault into the copy, run the tests until one fails, and take it out again."""
    began, ran = time.monotonic(), 0
    file = place / fault.path
    clean, times = file.read_bytes(), file.stat()
    stages = tests.stages(fault, limit)
    while stages:
        fault.put_into(place)
        verdict, failed = _run(stages[0], place, 60 + _PATIENCE * tests.expected(stages[0]))
        file.write_bytes(clean)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        ran += len(stages[0])
        if verdict == "survived":
            stages.pop(0)
        elif verdict == "hangs" or tests.may_be_trusted(failed, place):
            return Outcome(fault, verdict, time.monotonic() - began, ran, failed)
        else:
            stages[0].remove(failed)
    return Outcome(fault, "survived", time.monotonic() - began, ran)


def _run(stage: Sequence[str], place: Path, seconds: float) -> tuple[str, str]:
    """The verdict of these tests, and the one that failed."""
    arguments = place / "tests-to-run"
    arguments.write_text("\n".join(stage))
    try:
        done = subprocess.run(
            [*_PYTEST, f"@{arguments}"],
            cwd=place,
            env=_environment(place),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "hangs", ""
    failed = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
    return "killed" if done.returncode else "survived", failed[1] if failed else ""


def drawn(packages: Sequence[str], since: str | None, number: int, seed: int) -> list[Fault]:
    """So many faults, drawn from all that can be put into these packages' modules."""
    paths = list(files(ROOT, packages))
    if since is not None:
        told = subprocess.run(
            ["git", "diff", "--name-only", since, "--", "doctor"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        paths = [path for path in paths if path in told.stdout.split()]
    every = [fault for path in paths for fault in faults(ROOT, path)]
    return Random(seed).sample(every, min(number, len(every)))


def report(outcomes: Sequence[Outcome]) -> None:
    """Print how many were noticed of each package, and the survivors with their lines."""
    tried, noticed = Counter[str](), Counter[str]()
    for outcome in outcomes:
        package = outcome.fault.path.split("/")[1]
        for name in (package, "all"):
            tried[name] += 1
            noticed[name] += outcome.verdict != "survived"
    print(f"{'package':12}{'faults':>8}{'noticed':>9}{'survived':>10}{'share':>8}")
    for name in sorted(tried, key=lambda name: (name == "all", name)):
        share = 100 * noticed[name] / tried[name]
        left = tried[name] - noticed[name]
        print(f"{name:12}{tried[name]:>8}{noticed[name]:>9}{left:>10}{share:>6.0f} %")
    for outcome in sorted(outcomes, key=lambda outcome: str(outcome.fault)):
        if outcome.verdict == "survived":
            line = (ROOT / outcome.fault.path).read_text().splitlines()[outcome.fault.line - 1]
            print(f"\n{outcome.fault} ({outcome.tests} tests)\n    {line.strip()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=200, help="how many faults (default 200)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--package", action="append", help=f"of {', '.join(PACKAGES)} (default all)"
    )
    parser.add_argument("--since", metavar="COMMIT", help="only modules changed since then")
    parser.add_argument("--limit", type=float, default=60, help="seconds of tests a fault")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--results", type=Path, help="a file that keeps what was tried")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/vllm-doctor-mutants")
    options = parser.parse_args()
    chosen = drawn(options.package or PACKAGES, options.since, options.number, options.seed)
    known = _kept(options.results)
    outcomes = [known[fault] for fault in chosen if fault in known]
    tests = suite(options.cache, options.workers)
    places: Queue[Path] = Queue()
    for number in range(options.workers):
        places.put(options.cache / f"copy-{os.getpid()}-{number}")
        copy(places.queue[-1])

    def attempt(fault: Fault) -> Outcome:
        place = places.get()
        try:
            outcome = try_out(fault, place, tests, options.limit)
        finally:
            places.put(place)
        print(f"{outcome.verdict:9}{outcome.seconds:6.0f} s  {fault}", flush=True)
        _keep(options.results, outcome)
        return outcome

    with ThreadPoolExecutor(options.workers) as pool:
        outcomes += pool.map(attempt, [fault for fault in chosen if fault not in known])
    while not places.empty():
        shutil.rmtree(places.get())
    report(outcomes)


def _kept(results: Path | None) -> dict[Fault, Outcome]:
    if results is None or not results.exists():
        return {}
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    read = [Outcome(Fault(**line.pop("fault")), **line) for line in lines]
    return {outcome.fault: outcome for outcome in read}


def _keep(results: Path | None, outcome: Outcome) -> None:
    if results is not None:
        with results.open("a") as file:
            file.write(json.dumps({**vars(outcome), "fault": vars(outcome.fault)}) + "\n")


if __name__ == "__main__":
    main()
