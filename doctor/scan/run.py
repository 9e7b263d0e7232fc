"""What the scripts of a run tell each other.

A rule may ask what all of them tell: `$run.allocation.named-families` are the values of an
attribute of all allocations of all scripts. Each script is judged by what it tells itself. Those
of which a rule has asked more, and that others tell more of, are judged once more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doctor.facts.base import Fact
    from doctor.knowledge import Knowledge

#: What scripts tell, by the names that rules have for it.
Told = Mapping[str, frozenset[str]]
NOTHING: Told = {}


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
