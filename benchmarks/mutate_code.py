"""Put one fault at a time into our own code, and count how many the tests notice.

    python benchmarks/mutate_code.py [--number N] [--seed S] [--package P]… [--since COMMIT]

The faults go into a copy of the working tree. The first run notes which tests reach which line
(slow; kept in the cache folder); each fault is then tried on the tests that reach its line, the
fastest first, in a fork of a process that has collected them all, and, if none notices it and few
reach it, on others of its module and its package. `--results FILE` keeps what was tried, so that a
run can be stopped and taken up again. Limits are seconds of the processor, so that a busy machine
neither cuts a test off nor leaves one out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from random import Random

from code_copy import ROOT, Place
from code_faults import Fault, faults, files
from code_tests import Suite, suite_of

PACKAGES = ("trace", "fix", "rulebook", "vllm", "slurm", "knowledge", "node")


@dataclass(frozen=True)
class Outcome:
    """What became of a fault: `killed` ``by`` a test, `hangs` (noticed, too), or `survived`."""

    fault: Fault
    verdict: str
    seconds: float
    tests: int
    by: str = ""


class Trial:
    """Tries faults in one copy of the tree."""

    def __init__(self, place: Place, suite: Suite, limit: float) -> None:
        self.place = place
        self.suite = suite
        self.limit = limit
        self.trusted: dict[tuple[str, bool], bool] = {}

    def outcome(self, fault: Fault) -> Outcome:
        """Run the tests until one fails: first in a fork, where that can't do by themselves."""
        began, ran, cold = time.monotonic(), 0, self.suite.at_import(fault)
        stages = self.suite.stages(fault, self.limit)
        while stages:
            seconds = self.suite.allowed(stages[0])
            verdict, failed = self.place.run(stages[0], seconds, fault, cold)
            if verdict == "cold":
                cold = True
                continue
            ran += len(stages[0])
            if verdict == "survived":
                stages.pop(0)
            elif verdict == "hangs" or self._may_be_trusted(failed, cold):
                return Outcome(fault, verdict, time.monotonic() - began, ran, failed)
            else:
                stages[0].remove(failed)
        return Outcome(fault, "survived", time.monotonic() - began, ran)

    def _may_be_trusted(self, test: str, cold: bool) -> bool:
        """Whether a test passes where there is no fault; only then it tells of one."""
        if test in self.suite.seconds and (test, cold) not in self.trusted:
            verdict, _ = self.place.run([test], self.suite.allowed([test]), cold=cold)
            self.trusted[test, cold] = verdict == "survived"
        return self.trusted.get((test, cold), True)


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
    suite = suite_of(options.cache, options.workers)
    trials: Queue[Trial] = Queue()
    for number in range(options.workers):
        place = Place(options.cache / f"copy-{os.getpid()}-{number}")
        trials.put(Trial(place, suite, options.limit))

    def attempt(fault: Fault) -> Outcome:
        trial = trials.get()
        try:
            outcome = trial.outcome(fault)
        finally:
            trials.put(trial)
        print(f"{outcome.verdict:9}{outcome.seconds:6.0f} s  {fault}", flush=True)
        _keep(options.results, outcome)
        return outcome

    untried = sorted((fault for fault in chosen if fault not in known), key=str)
    with ThreadPoolExecutor(options.workers) as pool:
        outcomes += pool.map(attempt, untried)
    while not trials.empty():
        trials.get().place.close()
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
