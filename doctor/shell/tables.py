"""What the mask hides from bashlex, to be found again by its offset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from doctor.shell.tree import (
    ArithmeticCommand,
    Assignment,
    Case,
    Redirect,
    Span,
    Statement,
    Test,
    Word,
)

Hidden: TypeAlias = Case | Test | ArithmeticCommand
Clauses: TypeAlias = tuple[Word, Word, Word]


@dataclass
class Tables:
    """The nodes that our own scanner has read, by the offset at which they start."""

    words: dict[int, Word | Assignment] = field(default_factory=dict)
    redirects: dict[int, Redirect] = field(default_factory=dict)
    compounds: dict[int, Hidden] = field(default_factory=dict)
    clauses: dict[int, Clauses] = field(default_factory=dict)


@dataclass(frozen=True)
class Masked:
    """A statement as bashlex gets it.

    ``mask`` is as long as the statement's source, which starts at ``start`` of ``text``;
    ``last`` is where the statement's last token starts. ``span`` turns two such offsets into
    a place in the script.
    """

    mask: str
    text: str
    start: int
    last: int
    tables: Tables
    span: Callable[[int, int], Span]


Grammar: TypeAlias = Callable[[Masked], tuple[Statement, ...]]
