"""Comments that suppress diagnostics: how they are written, and which rows they mean.

`# vllm-doctor: ignore[VD201]` at the end of a line means the command that ends there; on a line
of its own it means the command below with its continuation lines, or the rest of the `#SBATCH`
header below. `# vllm-doctor: ignore-block[VD201]` means all of the `if`, loop, function or other
block that begins in that line, or below a line of its own; `# vllm-doctor: ignore-file[VD201]`
means the whole file. The brackets hold codes, beginnings of codes or names; without brackets every
rule is meant. A reason may follow.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.diagnostic import Source
from doctor.shell.tree import (
    AndOr,
    Block,
    Command,
    Comment,
    Function,
    HereDocument,
    Pipeline,
    Script,
    Simple,
    Span,
    Unparsed,
)
from doctor.shell.walk import blocks

#: What a comment may tell us to do.
VERBS = ("ignore", "ignore-block", "ignore-file")
_MARKER = regex(r"#\s*vllm-doctor:\s*(?P<verb>[\w-]+)\s*(?:\[(?P<selectors>[^\]]*)\])?")
_SELECTOR = regex(r"[^\s,]+")
#: Codes behind a word of ours without the brackets that they need.
_BARE = regex(r"\s*[=:(]?\s*(?P<codes>V[DN]\d{3}(?:\s*,\s*V[DN]\d{3})*)")
#: What holds commands and is no block.
_NO_BLOCKS = Pipeline | AndOr
_DIRECTIVE = regex(r"\s*#+\s*\w*BATCH\b")


class Marker(Record):
    """What a comment tells us: a verb, and the rules that it means with their stretches.

    ``selectors`` holds an empty one, which means every rule, where no rule is named; ``named``
    says whether one is. ``bare`` are codes that follow without brackets. Offsets are those of
    the script.
    """

    comment: Comment
    span: Span
    verb: str
    selectors: tuple[tuple[str, Span], ...]
    named: bool
    bare: str | None = None


def marker(comment: Comment) -> Marker | None:
    """What a comment tells us; None if it isn't for us."""
    found = _MARKER.search(comment.text)
    if found is None:
        return None
    start = comment.span.start
    named: dict[str, Span] = {}
    if found["selectors"] is not None:
        begin, end = found.span("selectors")
        for word in _SELECTOR.finditer(comment.text, begin, end):
            named.setdefault(word[0], Span(start + word.start(), start + word.end()))
    behind = _BARE.match(comment.text, found.end()) if found["selectors"] is None else None
    span = Span(start + found.start(), start + found.end())
    return Marker(
        comment,
        span,
        found["verb"],
        tuple(named.items()) or (("", span),),
        bool(named),
        behind["codes"] if behind is not None and found["verb"] in VERBS else None,
    )


class Layout:
    """Which rows of a script the comments in it mean."""

    def __init__(self, script: Script, source: Source) -> None:
        self.script, self.source = script, source

    @cached_property
    def commands(self) -> Sequence[Command]:
        """Every command of the script, and those of the blocks inside it."""
        return tuple(_commands(self.script.body))

    @cached_property
    def _simple_in(self) -> Mapping[int, Sequence[Simple]]:
        """The plain commands by the rows that they begin and end in."""
        found = defaultdict[int, list[Simple]](list)
        for command in self.commands:
            if isinstance(command, Simple):
                for row in {self.source.position(offset).row for offset in command.span}:
                    found[row].append(command)
        return found

    @cached_property
    def _in_order(self) -> Sequence[Command]:
        """The commands as they begin, of several that begin at once the outermost first."""
        return sorted(self.commands, key=lambda each: (each.span.start, -each.span.end))

    @cached_property
    def _directives(self) -> Sequence[Comment]:
        return [comment for comment in self.script.comments if is_directive(comment)]

    def rows(self, found: Marker) -> range:
        """The rows that a comment means; none if its verb is none of ours."""
        if found.verb == "ignore-file":
            return range(1, self.source.rows + 1)
        if found.verb not in VERBS:
            return range(0)
        comment = found.comment
        row = self.source.position(comment.span.start).row
        follows_text = not self.is_on_a_line_of_its_own(comment)
        if found.verb == "ignore-block":
            return self._block(comment, row if follows_text else None)
        if follows_text or is_directive(comment):
            return self._ending_in(row)
        return self._below(comment)

    def is_on_a_line_of_its_own(self, comment: Comment) -> bool:
        """Whether nothing stands before a comment."""
        row = self.source.position(comment.span.start).row
        return self.source.line(row).lstrip().startswith("#")

    def rows_of(self, command: Command) -> range:
        """The rows of a command, with those of its here-documents."""
        first = self.source.position(command.span.start).row
        return range(first, self.source.position(_end(command)).row + 1)

    def _ending_in(self, row: int) -> range:
        """A row, and the rows of the plain commands that begin or end in it."""
        first, last = row, row
        for command in self._simple_in.get(row, ()):
            first = min(first, self.source.position(command.span.start).row)
            last = max(last, self.source.position(_end(command)).row)
        return range(first, last + 1)

    def _block(self, comment: Comment, row: int | None) -> range:
        """The rows of the outermost block that begins in a row, or in the command below."""
        found = [command for command in self.commands if not isinstance(command, _NO_BLOCKS)]
        below = [command for command in found if command.span.start >= comment.span.end]
        first = min(below, key=lambda c: (c.span.start, -c.span.end), default=None)
        begins = first.span.start if row is None and first is not None else None
        for command in found:
            at = self.source.position(command.span.start).row
            if any(blocks(command)) and (at == row or command.span.start == begins):
                return self.rows_of(command)
        return range(0)

    def _below(self, comment: Comment) -> range:
        """The row of a comment, and those of the command below, or of the directives before it."""
        row = self.source.position(comment.span.start).row
        after = comment.span.end
        below = bisect_left(self._in_order, after, key=_start)
        command = self._in_order[below] if below < len(self._in_order) else None
        stop = command.span.start if command else len(self.source.text) + 1
        if bisect_left(self._directives, after, key=_start) < bisect_left(
            self._directives, stop, key=_start
        ):
            last = self.script.comments[bisect_left(self.script.comments, stop, key=_start) - 1]
            return range(row, self.source.position(last.span.start).row + 1)
        return range(row, row + 1 if command is None else self.rows_of(command).stop)


def _start(part: Command | Comment) -> int:
    return part.span.start


def is_directive(comment: Comment) -> bool:
    """Whether a comment is a line for sbatch, be it one that is switched off."""
    return _DIRECTIVE.match(comment.text) is not None


def _commands(block: Block) -> Iterator[Command]:
    for statement in block:
        yield statement.command
        for inner in blocks(statement.command):
            yield from _commands(inner)


def _end(command: Command) -> int:
    """Where a command ends, the here-documents that belong to it included."""
    ends = [command.span.end]
    if not isinstance(command, Pipeline | AndOr | Function | Unparsed):
        targets = [redirect.target for redirect in command.redirects]
        ends += [t.body.span.end for t in targets if isinstance(t, HereDocument)]
    ends += [_end(statement.command) for block in blocks(command) for statement in block]
    return max(ends)
