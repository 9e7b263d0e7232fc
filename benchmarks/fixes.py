"""Fix real scripts in memory: what is offered, made and refused, and whether bash still reads them.

    python benchmarks/fixes.py PATH… [--from-file LIST] [--unsafe] [--vllm-version RELEASE]
                               [--diffs FOLDER]

A PATH is a script or a folder; with --from-file a file names one script a line. No script is
changed.
"""

from __future__ import annotations

import argparse
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from scanning import CHUNK, scripts

from doctor.config import Config
from doctor.diagnostic import Applicability, Diagnostic
from doctor.fix.rounds import repaired
from doctor.report import diff
from doctor.scan import Examiner
from doctor.sources import Unexamined, read_named

#: For each code: fixes that are offered, made, refused when they were tried, and never offered.
COLUMNS = ("found", "safe", "unsafe", "none", "made", "refused", "left")


@dataclass(frozen=True)
class Trial:
    """What the fixes made of one script; counts are by column and code, or by code and reason."""

    path: str
    counts: Counter[tuple[str, str]]
    reasons: Counter[tuple[str, str, str]]
    patch: bytes
    faults: tuple[str, ...] = ()


def trials(paths: Sequence[str], config: Config, unsafe: bool) -> list[Trial]:
    """Every script fixed in memory, spread over processes."""
    chunks = [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]
    with ProcessPoolExecutor() as pool:
        return list(chain.from_iterable(pool.map(partial(_chunk, config, unsafe), chunks)))


def _chunk(config: Config, unsafe: bool, paths: Sequence[str]) -> list[Trial]:
    examiner = Examiner(config, paths)
    return [_trial(path, examiner, unsafe) for path in paths]


def _trial(path: str, examiner: Examiner, unsafe: bool) -> Trial:
    source = read_named(path)
    counts, reasons = Counter[tuple[str, str]](), Counter[tuple[str, str, str]]()
    if isinstance(source, Unexamined):
        return Trial(path, counts, reasons, b"")
    try:
        first = examiner.examined(source)
        outcome = repaired(
            first, lambda text: examiner.examined(replace(source, text=text)), unsafe
        )
        fixed = replace(source, text=outcome.text)
        last = examiner.examined(fixed)
        again = repaired(last, lambda text: examiner.examined(replace(source, text=text)), unsafe)
    except Exception as error:  # to be told, so that the other scripts count
        return Trial(path, counts, reasons, b"", (f"{type(error).__name__}: {error}",))
    finally:
        examiner.texts[path] = source
    for offer in first.offers:
        code, fix = offer.diagnostic.code, offer.diagnostic.fix
        counts["found", code] += 1
        if fix is not None:
            counts[fix.applicability.value, code] += 1
        elif offer.refused:
            counts["none", code] += 1
            reasons["not offered", code, offer.refused] += 1
    counts.update(("made", found.code) for found in outcome.fixed)
    for refusal in outcome.refused:
        counts["refused", refusal.diagnostic.code] += 1
        reasons["refused", refusal.diagnostic.code, refusal.reason] += 1
    refused = Counter(refusal.diagnostic.code for refusal in outcome.refused)
    remaining = [offer.diagnostic for offer in outcome.remaining]
    left = Counter(each.code for each in remaining if _fixable(each, unsafe)) - refused
    for code, count in left.items():
        counts["left", code] += count
    return Trial(
        path,
        counts,
        reasons,
        b"".join(diff.render([(source, fixed)])),
        tuple(_faults(source.text, outcome.text, again.text)),
    )


def _fixable(found: Diagnostic, unsafe: bool) -> bool:
    return found.fix is not None and (unsafe or found.fix.applicability is Applicability.SAFE)


def _faults(before: str, after: str, again: str) -> Iterable[str]:
    if again != after:
        yield "a second run changes it again"
    if before != after and _bash_reads(before) and not _bash_reads(after):
        yield "bash -n reads it no more"


def _bash_reads(text: str) -> bool:
    done = subprocess.run(
        ["bash", "-n"], input=text.encode(), stderr=subprocess.DEVNULL, timeout=60, check=False
    )
    return done.returncode == 0


def report(done: Sequence[Trial]) -> None:
    """Print what became of the fixes, by code and by reason."""
    counts: Counter[tuple[str, str]] = Counter()
    reasons: Counter[tuple[str, str, str]] = Counter()
    for trial in done:
        counts += trial.counts
        reasons += trial.reasons
    changed = sum(bool(trial.patch) for trial in done)
    print(f"{len(done)} scripts, {changed} changed")
    fixable = ("safe", "unsafe", "none", "made")
    codes = {code for column, code in counts if column in fixable}
    print(f"{'code':8}" + "".join(f"{column:>9}" for column in COLUMNS))
    for code in sorted(codes):
        print(f"{code:8}" + "".join(f"{counts[column, code]:>9}" for column in COLUMNS))
    totals = (sum(counts[column, code] for code in codes) for column in COLUMNS)
    print(f"{'all':8}" + "".join(f"{total:>9}" for total in totals))
    for (what, code, reason), count in sorted(reasons.items(), key=_by_code):
        print(f"{count:>6}  {code} {what}: {reason}")
    for trial in done:
        for fault in trial.faults:
            print(f"FAULT {trial.path}: {fault}")


def _by_code(item: tuple[tuple[str, str, str], int]) -> tuple[str, str, int]:
    (what, code, _), count = item
    return what, code, -count


def write_patches(done: Sequence[Trial], folder: Path) -> None:
    """Write a patch for each changed script, under the codes that were fixed in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, trial in enumerate(done):
        if trial.patch:
            made = sorted({code for column, code in trial.counts if column == "made"})
            name = f"{'-'.join(made)}.{number:04}.patch"
            (folder / name).write_bytes(trial.patch)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("paths", nargs="*", type=Path, help="scripts and folders")
    arguments.add_argument("--from-file", type=Path, help="a file that names one script a line")
    arguments.add_argument("--unsafe", action="store_true", help="make the unsafe fixes too")
    arguments.add_argument("--vllm-version", help="migrate scripts that pin none to this release")
    arguments.add_argument("--diffs", type=Path, help="write a patch for each changed script")
    options = arguments.parse_args()
    named = options.from_file.read_text().splitlines() if options.from_file else []
    paths = scripts([*options.paths, *map(Path, named)])
    if not paths:
        arguments.error("there is no script in these paths")
    config = Config(vllm_version=options.vllm_version)
    done = trials(paths, config, options.unsafe)
    report(done)
    if options.diffs:
        write_patches(done, options.diffs)


if __name__ == "__main__":
    main()
