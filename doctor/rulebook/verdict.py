"""What the engine says: a diagnostic, and what its rule wants done about it."""

from __future__ import annotations

from collections.abc import Mapping

from doctor.base.record import Record
from doctor.diagnostic import Diagnostic
from doctor.facts.base import Fact


class Repair(Record):
    """A rule's remedy with its operands known, not yet turned into edits."""

    action: str
    operands: Mapping[str, object]
    safe: bool
    message: str


class Verdict(Record):
    """A diagnostic, all the facts that it stands for (its own first), and the repair if any."""

    diagnostic: Diagnostic
    facts: tuple[Fact, ...]
    repair: Repair | None = None
