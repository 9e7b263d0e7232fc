"""Where a line of its own may be written into a script, and the fixes that write one."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping

from doctor.diagnostic import Edit, Location
from doctor.fix.work import How, NoFixError, Work
from doctor.shell.tree import AndOr, Block, Command, Function, Pipeline, Simple, Statement
from doctor.shell.walk import blocks


def statements_around(body: Block, command: Simple) -> list[Command]:
    """The statements that a command stands in, the outermost first, the innermost its own.

    Parts of a pipeline or of an and-or list are no statements of their own.
    """
    found: list[Command] = []
    block = body
    while True:
        last = bisect_right(block, command.span.start, key=_start) - 1
        if last < 0 or not _holds(block[last].command, command):
            return found
        found.append(block[last].command)
        block = tuple(s for inner in _inner_blocks(found[-1]) for s in inner)


def _start(statement: Statement) -> int:
    return statement.command.span.start


def _holds(outer: Command, inner: Command) -> bool:
    return outer.span.start <= inner.span.start and inner.span.end <= outer.span.end


def _inner_blocks(command: Command) -> Iterator[Block]:
    for block in blocks(command):
        if isinstance(command, (Pipeline, AndOr)):
            for statement in block:
                yield from _inner_blocks(statement.command)
        elif isinstance(command, Function):
            yield from _inner_blocks(command.body)
        else:
            yield block


def line_before(work: Work, statement: Command) -> tuple[Location, str]:
    """The place before a statement, which must begin its line, and the indentation there."""
    start = statement.span.start
    begin = work.line_start(start)
    indent = work.source.text[begin:start]
    before = work.source.text[:begin].rstrip()
    if indent.strip() or before.endswith(("\\", "|", "&&")):
        raise NoFixError("the server's command does not begin a line")
    return work.stretch(begin, begin), indent


def write_line(work: Work) -> Iterator[Edit]:
    """`write-line`: a line of its own before the statement in which the first server starts."""
    around = statements_around(work.traced.script.body, work.command())
    if not around or isinstance(around[0], Function):
        raise NoFixError("the server starts in a function")
    place, indent = line_before(work, around[0])
    begin = _above_comments(work, place.start.offset)
    yield Edit(work.stretch(begin, begin), indent + work.operand("text") + work.newline)


def _above_comments(work: Work, begin: int) -> int:
    """The beginning of the lines of comment that end before a line, or of that line."""
    while begin:
        above = work.line_start(begin - 1)
        line = work.source.text[above:begin].strip()
        if not _is_comment(line):
            break
        begin = above
    return begin


def _own_comment(work: Work, line: int, end: int) -> int:
    """The beginning of a line of comment that is about the next line alone, or of that line.

    It is if it stands by itself above the line, and a blank line follows, or the end.
    """
    text = work.source.text
    above = work.line_start(line - 1) if line else line
    before = text[work.line_start(above - 1) : above].strip() if above else ""
    alone = not _is_comment(before)
    ends = re.match(r"\s*\Z|\r?\n[ \t]*\r?\n", text[end:]) is not None
    return above if alone and ends and _is_comment(text[above:line].strip()) else line


def with_comment(work: Work, line: int, end: int) -> int:
    """The beginning of a line, of a comment about it alone, or of a blank line too many above."""
    begin = _own_comment(work, line, end)
    above = work.line_start(begin - 1) if begin else 0
    blank = begin < line and not work.source.text[above:begin].strip()
    return above if blank else begin


def _is_comment(line: str) -> bool:
    return line.startswith("#") and not line.startswith(("#!", "#SBATCH"))


def wait_at_end(work: Work) -> Iterator[Edit]:
    """`wait-at-end`: the last command waits for what runs in the background.

    Comments at the end stay there, and so does an `exit` that ends the script well.
    """
    work.command()
    last = work.traced.script.body[-1].command
    if isinstance(last, Simple) and _source(work, last) in ("exit", "exit 0"):
        place, _ = line_before(work, last)
        yield Edit(place, f"wait{work.newline}")
        return
    text = work.source.text
    end = _end_of_code(work)
    before = "" if text[:end].endswith("\n") else work.newline
    after = work.newline if text[:end].endswith("\n") else ""
    yield Edit(work.stretch(end, end), f"{before}wait{after}")


def _source(work: Work, command: Command) -> str:
    return work.source.text[command.span.start : command.span.end]


def _end_of_code(work: Work) -> int:
    """The end of the last line that is neither blank nor a comment."""
    end = len(work.source.text)
    while end:
        begin = work.line_start(end - 1)
        line = work.source.text[begin:end]
        if line.strip() and not work.is_comment(begin + len(line) - len(line.lstrip())):
            break
        end = begin
    return end


HOW: Mapping[str, How] = {
    "write-line": How(write_line),
    "wait-at-end": How(wait_at_end),
}
