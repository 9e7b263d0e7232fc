"""What the scripts of a run tell each other.

A rule may ask what all of them tell: `$run.allocation.named-families` are the values of an
attribute of all allocations of all scripts of a project. Each script is judged by what it tells
itself. Those of which a rule has asked more, and that others tell more of, are judged once more.

A project is a repository or, outside of any, a folder with all below it: what one of them says of
its cluster tells nothing of another's, which may be a stranger's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from doctor.base.record import Record

if TYPE_CHECKING:
    from doctor.facts.base import Fact
    from doctor.knowledge import Knowledge

#: What scripts tell, by the names that rules have for it.
Told = Mapping[str, frozenset[str]]


class Run(Record):
    """What the scripts of a run tell each other: by the folder of each project, all of it."""

    projects: Mapping[str, Told]

    @classmethod
    def of(cls, scripts: Mapping[str, Told]) -> Run:
        """The run of these scripts, by what each of them tells."""
        parts = defaultdict[Path, list[Told]](list)
        project = cache(_project)
        for name, tells in scripts.items():
            parts[project(_folder(name))].append(tells)
        return cls({str(folder): together(several) for folder, several in parts.items()})

    def tells(self, script: str) -> Told:
        """What the scripts tell of a script's project, and of those that it lies below."""
        folder = _folder(script)
        around = (self.projects.get(str(place)) for place in (folder, *folder.parents))
        return together(filter(None, around))


NOTHING = Run({})


def _folder(script: str) -> Path:
    return Path(script).absolute().parent


def _project(folder: Path) -> Path:
    """The repository that a folder lies in; outside of any, the folder itself."""
    places = (folder, *folder.parents)
    return next((place for place in places if (place / ".git").exists()), folder)


def told(facts: Iterable[Fact], paths: Iterable[str]) -> Told:
    """What the facts of a script tell of what rules want to know: `KIND.ATTRIBUTE`."""
    wanted = [(path, *path.partition(".")[::2]) for path in paths]
    found = defaultdict[str, set[str]](set)
    for fact in facts if wanted else ():
        for path, kind, attribute in wanted:
            if fact.kind == kind:
                found[path] |= _strings(getattr(fact, attribute.replace("-", "_"), None))
    return {path: frozenset(values) for path, values in found.items() if values}


def together(parts: Iterable[Told]) -> Told:
    """What several scripts tell together."""
    found = defaultdict[str, set[str]](set)
    for part in parts:
        for path, values in part.items():
            found[path] |= values
    return {path: frozenset(values) for path, values in found.items()}


def _strings(value: object) -> frozenset[str]:
    if isinstance(value, str):
        return frozenset((value,))
    return frozenset(value) if isinstance(value, frozenset | tuple) else frozenset()


class InRun:
    """Knowledge, and what the scripts of a run tell; ``asked`` is of what a rule has asked."""

    def __init__(self, knowledge: Knowledge, run: Told) -> None:
        self._knowledge, self._run = knowledge, run
        self.asked: set[str] = set()

    def lookup(self, dotted: str) -> object:
        """The value of ``run.KIND.ATTRIBUTE``, or of a piece of knowledge, or UNKNOWN."""
        scope, _, path = dotted.partition(".")
        if scope != "run":
            return self._knowledge.lookup(dotted)
        self.asked.add(path)
        return self._run.get(path, frozenset())

    def row(self, table: str, key: str) -> Mapping[str, object] | None:
        """A row of the knowledge."""
        return self._knowledge.row(table, key)
