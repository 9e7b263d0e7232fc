"""One rule over one fact: what the names in it stand for, and its texts with them filled in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from doctor.base.unknown import UNKNOWN
from doctor.facts.base import Evidence, Fact
from doctor.rulebook.predicates import Reference
from doctor.rulebook.rule import Message, Rule

#: The most characters of a message: a value may be as long as a script.
MAX_LENGTH = 10_000
_NO_EVIDENCE = Evidence()


class Knowledge(Protocol):
    """What rules ask of the knowledge base."""

    def lookup(self, dotted: str) -> object:
        """The value of ``kb.PAGE.SETTING`` or ``site.NAME``, or UNKNOWN."""

    def row(self, table: str, key: str) -> Mapping[str, object] | None:
        """The row of a table that is found by the key, its columns by name.

        The key of several things is their names, joined by commas.
        """


@dataclass
class Scope:
    """One rule over one fact: what its references stand for."""

    rule: Rule
    fact: Fact
    knowledge: Knowledge
    bound: dict[str, object] = field(default_factory=dict)

    def bind(self, name: str, value: object) -> None:
        self.bound[name] = value

    def resolve(self, operand: object) -> object:
        if isinstance(operand, tuple):
            return tuple(self.resolve(each) for each in operand)
        if not isinstance(operand, Reference):
            return operand
        path = operand.path
        if path in self.bound:
            return self.bound[path]
        if not path.startswith("$"):
            return getattr(self.fact, _field(path))
        root, _, rest = path[1:].partition(".")
        for name, look_up in self.rule.look_ups:
            if name == root:
                return self._row(look_up.table, self.resolve(look_up.by)).get(rest, UNKNOWN)
        return self.knowledge.lookup(path[1:])

    def _row(self, table: str, key: object) -> Mapping[str, object]:
        if isinstance(key, frozenset):
            key = ",".join(sorted(map(str, key)))
        row = self.knowledge.row(table, key) if isinstance(key, str) else None
        return row or {}

    def evidence(self, attribute: str) -> Evidence:
        return self.fact.evidence.get(_field(attribute), _NO_EVIDENCE)

    def attributes(self, references: Iterable[Reference]) -> Iterator[str]:
        """The attributes that references rest on; a look-up rests on the one it is made by."""
        look_ups = dict(self.rule.look_ups)
        for reference in references:
            root = reference.path[1:].partition(".")[0]
            if not reference.path.startswith("$"):
                yield reference.path
            elif root in look_ups:
                yield from self.attributes((look_ups[root].by,))


def render(message: Message, scope: Scope) -> str:
    """The message with values for its names; what is too long for anybody to read is cut."""
    text = ""
    for piece in message.pieces:
        text += piece if isinstance(piece, str) else _words(scope.resolve(piece))
        if len(text) > MAX_LENGTH:
            return f"{text[: MAX_LENGTH - 1]}…"
    return text


def _words(value: object) -> str:
    """A value as a person would write it."""
    if value is UNKNOWN:
        return "(unknown)"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (frozenset, set)):
        return ", ".join(sorted(map(_words, value)))
    if isinstance(value, (tuple, list)):
        return ", ".join(map(_words, value))
    return str(value)


def _field(attribute: str) -> str:
    return attribute.replace("-", "_")
