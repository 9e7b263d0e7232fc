"""Compare what a scan finds with what a careful reader labelled.

    python benchmarks/accuracy.py FOLDER LABELS [--file-level]

FOLDER holds each script at OWNER+NAME/PATH. LABELS is a TSV file with the columns repo, path,
lesson, line, verdict (FLAG, DONTFLAG, else ignored), confidence (high, med, low) and reason.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanning import Finding, findings, scripts

from doctor import rulebook
from doctor.diagnostic import Location

#: The pages in kb/ that hold each lesson of the labels.
LESSONS = {
    "L1": ["shared-tmp"],
    "L2": ["occupied-gpus"],
    "L3": ["cache-corruption"],
    "L4": ["srun-and-tmux"],
    "L5": ["cache-persistence"],
    "L6": ["speculative-decoding"],
    "L7": ["tool-parsers", "vllm-versions"],
    "L8": ["server-logs"],
}
#: Rules on what the readers did not look for: of logs, they asked whether one is kept, not
#: whether its folder is there in time or whether the next job writes over it.
UNLABELLED = frozenset({"VD804", "VD805"})
CONFIDENCES = ("high", "med", "low")
NEAR = 3


@dataclass(frozen=True)
class Label:
    """One row of the labels."""

    path: str
    lesson: str
    line: int
    verdict: str
    confidence: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.lesson} {self.confidence}: {self.reason}"

    def distance(self, finding: Finding) -> float:
        """How many lines lie between the label and a finding of its lesson."""
        told = finding.diagnostic
        if told.lesson not in LESSONS[self.lesson] or told.code in UNLABELLED:
            return math.inf
        places = [told.location, *(related.location for related in told.related)]
        return min(self._lines_to(place) for place in places)

    def _lines_to(self, place: Location) -> float:
        if place.filename != self.path:
            return math.inf
        return max(place.start.row - self.line, self.line - place.end.row, 0)


def read_labels(path: Path, folder: Path) -> list[Label]:
    """The labels, each with the file's path below ``folder``."""
    with path.open(newline="") as file:
        return [
            Label(
                str(folder / row["repo"].replace("/", "+", 1) / row["path"]),
                row["lesson"],
                int(row["line"]),
                row["verdict"],
                row["confidence"],
                row["reason"],
            )
            for row in csv.DictReader(file, delimiter="\t")
        ]


def match(
    labels: Sequence[Label], found: Sequence[Finding], file_level: bool
) -> dict[Label, list[Finding]]:
    """The findings that each label means; one that a FLAG asks for is no false alarm."""
    reach = sys.maxsize if file_level else NEAR
    matches: dict[Label, list[Finding]] = {label: [] for label in labels}
    by_file = defaultdict[str, list[Label]](list)
    for label in labels:
        by_file[label.path].append(label)
    for finding in found:
        related = (related.location.filename for related in finding.diagnostic.related)
        near = {
            label: label.distance(finding)
            for filename in {finding.path, *related}
            for label in by_file[filename]
            if label.distance(finding) <= reach
        }
        nearest = min((near[label] for label in near if label.verdict == "FLAG"), default=math.inf)
        for label, distance in near.items():
            if label.verdict != "DONTFLAG" or distance < nearest:
                matches[label].append(finding)
    return matches


def report(matches: Mapping[Label, Sequence[Finding]], examined: Collection[str]) -> None:
    """Print the figures of each lesson, and the labels behind them."""
    flags = {label: bool(found) for label, found in matches.items() if label.verdict == "FLAG"}
    tempting = {label: found for label, found in matches.items() if label.verdict == "DONTFLAG"}
    heads = "".join(f"{'found, ' + name:>14}" for name in CONFIDENCES)
    print(f"{'lesson':8}{heads}{'false alarms':>16}")
    for lesson in sorted({label.lesson for label in matches}):
        cells = [
            _ratio(
                found
                for label, found in flags.items()
                if (label.lesson, label.confidence) == (lesson, confidence)
            )
            for confidence in CONFIDENCES
        ]
        alarms = _ratio(bool(found) for label, found in tempting.items() if label.lesson == lesson)
        print(f"{lesson:8}" + "".join(f"{cell:>14}" for cell in cells) + f"{alarms:>16}")
    missed = [label for label, found in flags.items() if not found]
    _print_list(
        "missed",
        [f"{label}" + ("" if label.path in examined else " (not examined)") for label in missed],
    )
    _print_list(
        "false alarms",
        [f"{label}\n    {finding}" for label, found in tempting.items() for finding in found],
    )


def _ratio(outcomes: Iterable[bool]) -> str:
    counts = Counter(outcomes)
    return f"{counts[True]} of {counts.total()}" if counts else "-"


def _print_list(title: str, lines: Sequence[str]) -> None:
    print(f"\n{title}: {len(lines)}")
    for line in lines:
        print(f"  {line}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("labels", type=Path)
    arguments.add_argument(
        "--file-level", action="store_true", help="let a label mean any line of its file"
    )
    options = arguments.parse_args()
    covered = {rule.lesson for rule in rulebook.load().rules}
    labels = [
        label
        for label in read_labels(options.labels, options.folder)
        if covered.intersection(LESSONS[label.lesson])
    ]
    examined = scripts([options.folder])
    found = findings(examined)
    matches = match(labels, found, options.file_level)
    report(matches, set(examined))
    meant = {id(finding) for means in matches.values() for finding in means}
    _print_list("others", [str(finding) for finding in found if id(finding) not in meant])


if __name__ == "__main__":
    main()
