"""A rule as the engine runs it: conditions over one kind of fact, and what to say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from doctor.base.record import Record
from doctor.diagnostic import Severity
from doctor.rulebook.predicates import Predicate, Reference, Scope, Truth, every, some


class Clause(Record):
    """One predicate about one attribute or reference."""

    subject: Reference
    predicate: Predicate

    def holds(self, scope: Scope) -> Truth:
        return self.predicate.holds(scope.resolve(self.subject), scope)


class Conditions(Record):
    """What a ``when`` holds: every clause, and of each ``any`` at least one alternative."""

    clauses: tuple[Clause, ...] = ()
    alternatives: tuple[Conditions, ...] = ()

    def hold(self, scope: Scope) -> Truth:
        clauses = every(clause.holds(scope) for clause in self.clauses)
        if clauses is False or not self.alternatives:
            return clauses
        return every((clauses, some(each.hold(scope) for each in self.alternatives)))

    def support(self, scope: Scope) -> Iterator[Reference]:
        """What conditions that hold rest on; of alternatives, the first that holds."""
        yield from (clause.subject for clause in self.clauses)
        for each in self.alternatives:
            if each.hold(scope) is True:
                yield from each.support(scope)
                return


class LookUp(Record):
    """One row of a table of knowledge, found by an attribute's value."""

    table: str
    by: Reference


class Message(Record):
    """Text with references in it; ``{missing}`` and ``{common}`` are bound by predicates."""

    pieces: tuple[str | Reference, ...]

    @property
    def references(self) -> tuple[Reference, ...]:
        return tuple(piece for piece in self.pieces if isinstance(piece, Reference))


class Remedy(Record):
    """A ``fix``: an action, what it is done with, and what that is in words.

    An operand that is a place is the name of an attribute. ``safe`` is true, false, or an
    attribute, where that is true. A remedy without an action says that in this case there is none.
    """

    action: str | None = None
    operands: tuple[tuple[str, object], ...] = ()
    safe: bool | Reference = False
    message: Message = Message(())


class Case(Record):
    """What changes where its conditions hold; None leaves what the rule says.

    ``silent`` is the severity ``off``: the rule says nothing in this case.
    """

    when: Conditions
    silent: bool = False
    severity: Severity | None = None
    message: Message | None = None
    why: Message | None = None
    help: Message | None = None
    fix: Remedy | None = None
    remedy: Message | None = None
    once_per: str | None = None


class RelatedPlace(Record):
    """Places to show with the diagnostic: where an attribute's value was written."""

    at: str
    message: Message


#: What a rule about nodes tells of the node as a whole: that others hold its GPUs, that one is ill,
#: that some are missing, that Slurm gave us another node, that vLLM isn't there.
Tells: TypeAlias = Literal["held", "ill", "missing", "elsewhere", "no-vllm"]


class Rule(Record):
    """One rule file.

    ``message`` says what is wrong in a sentence, ``why`` what comes of it, ``help`` what to do.
    The last two are left out where they speak of a value that isn't there, or isn't known.

    ``looks_at``, ``evidence`` and ``remedy`` are for rules about nodes: what the check looks at, in
    a few words that say nothing of how it ends, what was seen, one fact a line, and what to do,
    ready to paste. So are ``launch_critical``, that nobody can say whether a server starts while
    this is unknown, and ``tells``, what it tells of the node as a whole.
    """

    code: str
    name: str
    lesson: str | None
    fact: str
    severity: Severity
    when: Conditions
    message: Message
    path: Path
    look_ups: tuple[tuple[str, LookUp], ...] = ()
    cases: tuple[Case, ...] = ()
    at: tuple[str, ...] = ()
    related: RelatedPlace | None = None
    looks_at: str = ""
    launch_critical: bool = False
    tells: Tells | None = None
    evidence: Message | None = None
    remedy: Message | None = None
    once_per: str | None = None
    why: Message | None = None
    help: Message | None = None
    fix: Remedy = Remedy()

    @property
    def references(self) -> Iterator[Reference]:
        """All that it reads: attributes, knowledge, and what the scripts of a run tell."""
        return _inside(self)


def _inside(part: object) -> Iterator[Reference]:
    """The references anywhere in a part of a rule."""
    if isinstance(part, Reference):
        yield part
    elif isinstance(part, tuple):
        for each in part:
            yield from _inside(each)
    elif is_dataclass(part):
        for field in fields(part):
            yield from _inside(getattr(part, field.name))
