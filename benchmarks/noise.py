"""Count warnings and errors per 100 scripts, and list each for reading.

    python benchmarks/noise.py PATH… [--sample N] [--seed S] [--list FILE.tsv]

A PATH is a script, a folder, or with --from-file a file that names one script a line.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from scanning import Finding, findings, scripts

COLUMNS = ("code", "severity", "file", "row", "message", "line")


def report(found: Sequence[Finding], files: int) -> None:
    """Print how many alarms there are, and in how many files, for each code."""
    codes = Counter(finding.diagnostic.code for finding in found)
    print(f"{files} scripts, {len({finding.path for finding in found})} with a warning or error")
    print(f"{'code':8}{'alarms':>8}{'files':>8}{'per 100 files':>16}")
    for code, count in sorted(codes.items()):
        touched = len({finding.path for finding in found if finding.diagnostic.code == code})
        print(f"{code:8}{count:>8}{touched:>8}{100 * count / files:>16.2f}")
    print(f"{'all':8}{len(found):>8}{'':8}{100 * len(found) / files:>16.2f}")


def write_list(found: Sequence[Finding], path: Path) -> None:
    """Write one row an alarm, with the source line that it points at."""
    with path.open("w", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(COLUMNS)
        for finding in found:
            told = finding.diagnostic
            place = (finding.path, finding.row)
            table.writerow((told.code, told.severity.value, *place, told.message, finding.line))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("paths", nargs="*", type=Path, help="scripts and folders")
    arguments.add_argument("--from-file", type=Path, help="a file that names one script a line")
    arguments.add_argument("--sample", type=int, help="so many scripts, drawn at random")
    arguments.add_argument("--seed", type=int, default=0, help="for the drawing (default 0)")
    arguments.add_argument("--list", type=Path, help="write every alarm to this TSV file")
    options = arguments.parse_args()
    named = options.from_file.read_text().splitlines() if options.from_file else []
    paths = scripts([*options.paths, *map(Path, named)])
    if options.sample and options.sample < len(paths):
        paths = random.Random(options.seed).sample(paths, options.sample)
    if not paths:
        arguments.error("there is no script in these paths")
    found = [finding for finding in findings(paths) if finding.alarms]
    report(found, len(paths))
    if options.list:
        write_list(found, options.list)


if __name__ == "__main__":
    main()
