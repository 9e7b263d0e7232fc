"""The ``#SBATCH`` lines of a script, read as sbatch reads them (``src/sbatch/opt.c``).

sbatch takes every line that begins with ``#SBATCH`` for options, until the first line that is
neither blank nor a comment. Lines that look as if they were meant so and have no effect are
read too: they are facts about the script. They are picked with care, since a wrong alarm about
a comment does more harm than a missed one.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.facts.jobs import Effect
from doctor.shell.header_words import BLANKS, SEPARATOR, is_filled_in_by_program, split
from doctor.shell.misspelling import are_options, is_misspelt
from doctor.shell.tree import Span, Word

EFFECTIVE: Final = "effective"
AFTER_FIRST_COMMAND: Final = "after-first-command"
MISSPELT: Final = "misspelt"
INDENTED: Final = "indented"
COMMENTED_OUT: Final = "commented-out"
IN_HERE_DOCUMENT: Final = "in-here-document"

_PREFIX = regex("#SBATCH|#SLURM")
_LATE = regex(r"^#SBATCH[ \t]*-{1,2}[A-Za-z][^\n]*", re.MULTILINE)
_INDENTED = regex(r"[ \t]+(?=#SBATCH[ \t]*-)")
_COMMENTED_OUT = regex(r"#[# \t]+SBATCH[ \t]*-")
_COMMENT_WORD = regex(r"#([A-Za-z]{4,8})[ \t]+(?=-)")
_TEMPLATE_STATEMENT = regex(r"\{%[^\n]{0,200}?%\}|\{#[^\n]{0,200}?#\}")
_ONLY_A_VARIABLE = regex(r"\$\{?\w+\}?")


class DirectiveLine(Record):
    """A line that sbatch reads as options, or that looks as if it did.

    ``words`` are its words after sbatch's own quoting. ``component`` counts the ``hetjob``
    lines before it. ``problem`` says why sbatch would give up at the line. ``meant`` is a
    misspelt or indented line as it ought to be. ``template`` is true where a program has yet
    to fill something in, so that nobody can say what sbatch will see.
    """

    span: Span
    row: int
    effect: Effect
    words: tuple[Word, ...] = ()
    component: int = 0
    problem: str | None = None
    meant: str | None = None
    template: bool = False


class Header(Record):
    """What sbatch sees of a script. ``read_until`` is the row of the first command, if any."""

    lines: tuple[DirectiveLine, ...]
    read_until: int | None

    @property
    def effective(self) -> tuple[DirectiveLine, ...]:
        """The lines that sbatch reads."""
        return tuple(line for line in self.lines if line.effect == EFFECTIVE)

    @property
    def components(self) -> tuple[tuple[Word, ...], ...]:
        """The option words of each component of the job; most jobs have one."""
        lines = self.effective
        last = max((line.component for line in lines), default=-1)
        return tuple(
            tuple(word for line in lines if line.component == component for word in line.words)
            for component in range(last + 1)
        )

    @property
    def template(self) -> bool:
        """Whether the script is a template that a program has yet to fill in."""
        return any(line.template for line in self.lines)


def read_header(text: str, quoted: Sequence[Span] = ()) -> Header:
    """Read a script's directives.

    ``quoted`` are stretches of the text that are not the script's own lines: the bodies of
    here-documents, and strings of several lines. A line that is nothing but a statement of a
    template, such as ``{% if account %}``, is gone when sbatch reads the script.
    """
    lines: list[DirectiveLine] = []
    component = 0
    generated = False
    for row, span in enumerate(_rows(text), start=1):
        line = text[span.start : span.end].lstrip(BLANKS)
        if _TEMPLATE_STATEMENT.fullmatch(line.rstrip(BLANKS)):
            generated = True
        elif line and not line.startswith("#"):
            late = _late_lines(text, span, row, quoted)
            return Header((*lines, *late), read_until=row)
        elif prefix := _PREFIX.match(text, span.start, span.end):
            component += bool(SEPARATOR.match(text, prefix.end(), span.end))
            read = _effective(text, span, row, prefix.end(), component)
            lines.append(replace(read, template=read.template or generated))
        elif ignored := _ignored(text, span, row):
            lines.append(ignored)
    return Header(tuple(lines), read_until=None)


def _rows(text: str) -> Iterator[Span]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield Span(start, end)
        start = end + 1


def _effective(text: str, span: Span, row: int, start: int, component: int) -> DirectiveLine:
    words, problem = split(text, start, span.end)
    return DirectiveLine(
        _trimmed(text, span),
        row,
        EFFECTIVE,
        words,
        component,
        problem=problem,
        template=is_filled_in_by_program(text, span),
    )


def _ignored(text: str, span: Span, row: int) -> DirectiveLine | None:
    """A line before the first command that was perhaps meant as a directive."""
    shown = _trimmed(text, span)
    template = is_filled_in_by_program(text, span)
    if indent := _INDENTED.match(text, *span):
        shown = Span(indent.end(), shown.end)
        meant = text[shown.start : shown.end]
        return DirectiveLine(shown, row, INDENTED, meant=meant, template=template)
    if _COMMENTED_OUT.match(text, *span):
        return DirectiveLine(shown, row, COMMENTED_OUT, template=template)
    word = _COMMENT_WORD.match(text, *span)
    if word is None or not is_misspelt(word[1]):
        return None
    words, problem = split(text, word.end(), span.end)
    if problem or not are_options([option.literal or "" for option in words]):
        return None
    meant = "#SBATCH" + text[word.end(1) : shown.end]
    return DirectiveLine(shown, row, MISSPELT, meant=meant, template=template)


def _late_lines(
    text: str, command: Span, row: int, quoted: Sequence[Span]
) -> Iterator[DirectiveLine]:
    """The directives after the first command, which sbatch never reads."""
    generated = _is_placeholder_line(text, command)
    bodies = deque(sorted(quoted))
    quoted_until = 0
    seen = command.start
    for match in _LATE.finditer(text, command.end):
        row += text.count("\n", seen, match.start())
        seen = match.start()
        while bodies and bodies[0].start <= seen:
            quoted_until = max(quoted_until, bodies.popleft().end)
        effect: Effect = IN_HERE_DOCUMENT if seen < quoted_until else AFTER_FIRST_COMMAND
        span = _trimmed(text, Span(*match.span()))
        template = generated or is_filled_in_by_program(text, span)
        yield DirectiveLine(span, row, effect, template=template)


def _is_placeholder_line(text: str, span: Span) -> bool:
    """Whether a line stands for something else, perhaps for more directives."""
    line = text[span.start : span.end].strip(BLANKS)
    return is_filled_in_by_program(text, span) or _ONLY_A_VARIABLE.fullmatch(line) is not None


def _trimmed(text: str, span: Span) -> Span:
    return Span(span.start, span.start + len(text[span.start : span.end].rstrip(BLANKS)))
