"""What bashlex doesn't get to see, to be found again by its offset in the text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from doctor.base.record import Record
from doctor.shell.tree import ArithmeticCommand, Assignment, Case, Redirect, Span, Test, Word

# A redirection is given by its offset: its here-document may be yet to come.
SimpleParts: TypeAlias = list[Word | Assignment | int]
Hidden: TypeAlias = Case | Test | ArithmeticCommand


class LoopHeader(Record):
    """``name in words`` of a ``for``; ``words`` is None where there is no ``in``."""

    name: str
    words: tuple[Word, ...] | None


class Clauses(Record):
    """``((start; condition; step))`` of a ``for``."""

    start: Word
    condition: Word
    step: Word


@dataclass
class Tables:
    """What our own scanner has read, by the offset at which it starts."""

    simples: dict[int, SimpleParts] = field(default_factory=dict)
    redirects: dict[int, Redirect] = field(default_factory=dict)
    compounds: dict[int, Hidden] = field(default_factory=dict)
    headers: dict[int, LoopHeader | Clauses] = field(default_factory=dict)
    functions: dict[int, str] = field(default_factory=dict)


class Masked(Record):
    """A statement as bashlex gets it.

    ``mask`` is as long as the statement's source, which starts at ``start`` of ``text``;
    ``last`` is where the statement's last token starts. ``span`` makes of two offsets
    ``text`` into a place in the script.
    """

    mask: str
    start: int
    last: int
    text: str
    tables: Tables
    span: Callable[[int, int], Span]
