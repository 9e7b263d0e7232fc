"""Put one fault at a time into real scripts, and count how many a scan finds.

    python benchmarks/mutate.py PATH… [--seed S] [--limit N] [--keep FOLDER]

Each script gives at most one mutant a rule, each folder directly below a PATH only a few, so
that no project dominates. A script counts only where it was clean before, and where bash can
read the mutant.
"""

from __future__ import annotations

import argparse
import difflib
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from faults import FAULTS, OF_THE_JOB
from scanning import scripts
from subject import LAUNCH, Mutant, Subject

from doctor.config import from_mapping
from doctor.diagnostic import Diagnostic
from doctor.knowledge import Knowledge, load
from doctor.scan import Examiner
from doctor.sources import decode

#: Other codes that tell of the same fault.
ALSO = {"VD301": {"VD302"}}


@dataclass(frozen=True)
class Outcome:
    """What a scan said of a mutant: the severities of the diagnostics of its code."""

    mutant: Mutant
    severities: tuple[str, ...]

    @property
    def found(self) -> bool:
        return bool(self.severities)


@cache
def _knowledge() -> Knowledge:
    return load((), bad_nodes=None, shared_folders=(), named_in="")


@cache
def _examiner(bad_nodes: tuple[str, ...] | None) -> Examiner:
    table = {} if bad_nodes is None else {"bad-nodes": list(bad_nodes)}
    return Examiner(from_mapping(table, Path.cwd()))


def _diagnostics(mutant: Mutant, text: str) -> list[Diagnostic]:
    nodes = mutant.config.get("bad-nodes")
    examiner = _examiner(None if nodes is None else tuple(nodes))
    examiner.texts.clear()
    codes = {mutant.code} | ALSO.get(mutant.code, set())
    found = examiner.examination(decode(text.encode(), mutant.path)).diagnostics
    return [diagnostic for diagnostic in found if diagnostic.code in codes]


def outcomes(task: tuple[str, int]) -> list[Outcome]:
    """The mutants of one script, and what a scan says of them."""
    path, seed = task
    try:
        text = Path(path).read_bytes().decode()
    except UnicodeDecodeError:
        return []
    if "\r" in text or not _readable(text):
        return []
    return [
        Outcome(mutant, tuple(found.severity.value for found in _diagnostics(mutant, mutant.text)))
        for mutant in _mutants(Subject(path, text, _knowledge(), Random(f"{seed} {path}")))
    ]


def _mutants(subject: Subject) -> Iterator[Mutant]:
    starts_server = LAUNCH.search(subject.text) is not None
    for code, fault in FAULTS.items():
        if not starts_server and code not in OF_THE_JOB:
            continue
        for mutant in fault(subject):
            changed = mutant.text != mutant.clean and _readable(mutant.text)
            if changed and not _diagnostics(mutant, mutant.clean):
                yield mutant
                break


def _readable(text: str) -> bool:
    return not subprocess.run(["bash", "-n"], input=text.encode(), capture_output=True).returncode


def drawn(
    all_outcomes: Sequence[Outcome], roots: Sequence[Path], limit: int, each: int
) -> list[Outcome]:
    """At most ``limit`` a code, and of those at most ``each`` from one project."""
    kept: list[Outcome] = []
    codes, projects = Counter[str](), Counter[tuple[str, str]]()
    for outcome in all_outcomes:
        code = outcome.mutant.code
        project = code, _project(Path(outcome.mutant.path), roots)
        if codes[code] < limit and projects[project] < each:
            codes[code] += 1
            projects[project] += 1
            kept.append(outcome)
    return kept


def _project(path: Path, roots: Sequence[Path]) -> str:
    for root in roots:
        if root in path.parents:
            return path.relative_to(root).parts[0]
    return str(path.parent)


def difference(mutant: Mutant) -> str:
    """The lines that the fault changed."""
    lines = difflib.unified_diff(
        mutant.clean.splitlines(), mutant.text.splitlines(), lineterm="", n=0
    )
    return "\n".join(f"      {line}" for line in list(lines)[2:])


def report(tried: Sequence[Outcome]) -> None:
    """Print the recall of each code, and each miss with the lines that were changed."""
    by_code = defaultdict[str, list[Outcome]](list)
    for outcome in tried:
        by_code[outcome.mutant.code].append(outcome)
    print(f"{'code':8}{'made':>6}{'found':>7}{'recall':>9}{'as info':>9}")
    for code in FAULTS:
        made = by_code[code]
        found = sum(outcome.found for outcome in made)
        infos = sum(set(outcome.severities) == {"info"} for outcome in made)
        share = f"{100 * found / len(made):.0f} %" if made else "-"
        print(f"{code:8}{len(made):>6}{found:>7}{share:>9}{infos:>9}")
    for outcome in tried:
        if not outcome.found:
            mutant = outcome.mutant
            print(f"\nmissed {mutant.code} ({mutant.how}): {mutant.path}\n{difference(mutant)}")


def keep(tried: Sequence[Outcome], folder: Path) -> None:
    """Write the missed mutants, to read them whole."""
    for index, outcome in enumerate(tried):
        if not outcome.found:
            target = folder / outcome.mutant.code / f"{index:04}.sh"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(outcome.mutant.text)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("paths", nargs="*", type=Path, help="scripts and folders")
    arguments.add_argument("--from-file", type=Path, help="a file that names one script a line")
    arguments.add_argument("--root", type=Path, action="append", default=[])
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--limit", type=int, default=60, help="mutants a code (default 60)")
    arguments.add_argument("--each", type=int, default=5, help="of those from one project")
    arguments.add_argument("--keep", type=Path, help="write the missed mutants to this folder")
    options = arguments.parse_args()
    named = options.from_file.read_text().splitlines() if options.from_file else []
    paths = scripts([*options.paths, *map(Path, named)])
    Random(options.seed).shuffle(paths)
    with ProcessPoolExecutor() as pool:
        tasks = [(path, options.seed) for path in paths]
        found = [o for some in pool.map(outcomes, tasks, chunksize=8) for o in some]
    tried = drawn(found, [*options.root, *options.paths], options.limit, options.each)
    report(tried)
    if options.keep:
        keep(tried, options.keep)


if __name__ == "__main__":
    main()
