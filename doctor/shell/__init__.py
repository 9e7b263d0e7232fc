"""Shell text in, a tree out: ``parse``.

``tree`` and ``walk`` are what the later stages need. The way through the rest: ``scanner``
(offsets), ``quoting`` and ``words`` (quotes and expansions), ``redirects``, ``simple`` and
``compounds`` (what bashlex misreads), ``mask`` and ``commands`` (what is left for bashlex),
``grammar`` (bashlex's nodes into the tree).
"""

from __future__ import annotations

from functools import lru_cache

from doctor.base.bounds import MAX_READ
from doctor.shell.commands import Reader
from doctor.shell.grammar import statements
from doctor.shell.scanner import Notes
from doctor.shell.tree import Script, Span, Statement, Unparsed

__all__ = ["Script", "parse"]


@lru_cache(maxsize=4)  # many scripts read the same library in; a tree takes 100 times its text
def parse(text: str) -> Script:
    """Parse a script. What can't be read is an ``Unparsed`` in the tree; nothing is raised.

    So is the end of a script that is too long, from a line of its own on.
    """
    notes = Notes()
    end = len(text) if len(text) <= MAX_READ else text.rfind("\n", 0, MAX_READ) + 1
    body = Reader(text[:end], range(end + 1), notes, statements).script()
    if end < len(text):
        rest = Unparsed(Span(end, len(text)), "the script is too long")
        body, notes.unparsed = (*body, Statement(rest)), [*notes.unparsed, rest]
    comments = tuple(sorted(notes.comments, key=lambda comment: comment.span))
    return Script(text, body, comments, tuple(notes.unparsed))
