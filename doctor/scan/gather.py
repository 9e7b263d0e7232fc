"""What the paths of a command line come to: scripts, and what could not be done or is left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from doctor.base.record import Record
from doctor.diagnostic import Source
from doctor.sources import Missing, Omitted, Unexamined
from doctor.sources.discover import Found


class Gathered(Record):
    """The scripts, sentences about paths that don't exist, and what was named and left out."""

    scripts: Sequence[Source | Unexamined]
    problems: tuple[str, ...]
    omitted: tuple[Omitted, ...]


def gather(found: Iterable[Found]) -> Gathered:
    """What was found, sorted by what it is."""
    scripts: list[Source | Unexamined] = []
    problems: list[str] = []
    omitted: list[Omitted] = []
    for each in found:
        if isinstance(each, Missing):
            problems.append(f"{each.path}: there is no such file or folder")
        elif isinstance(each, Omitted):
            omitted.append(each)
        else:
            scripts.append(each)
    return Gathered(scripts, tuple(problems), tuple(omitted))
