"""Comments that suppress diagnostics.

`# vllm-doctor: ignore[VD201]` at the end of a line means the command that ends there; on a line
of its own it means the command below with its continuation lines, or the rest of the `#SBATCH`
header below. `# vllm-doctor: ignore-block[VD201]` means all of the `if`, loop, function or other
block that begins in that line, or below a line of its own; `# vllm-doctor: ignore-file[VD201]`
means the whole file. The brackets hold codes, beginnings of codes or names; without brackets every
rule is meant. A reason may follow. A rule that is named is also suppressed where the command
stands that its diagnostic concerns, wherever the place is that would have to change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from doctor.base.errors import nearest
from doctor.base.regex import regex
from doctor.config.selection import complaint, matches
from doctor.diagnostic import Diagnostic, Location, Source
from doctor.facts.inputs import Suppression
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
    Unparsed,
)
from doctor.shell.walk import blocks

_MARKER = regex(r"#\s*vllm-doctor:\s*(?P<verb>[\w-]+)\s*(?:\[(?P<selectors>[^\]]*)\])?")
#: How other linters are told to be silent, and how they are told so of one of our rules.
_FOREIGN = regex(
    r"#\s*vllm-doctor:\s*(?P<word>disable(?:-[a-z]+)*|noqa|nolint|nosec|off|skip|allow|suppress)\b"
)
_FOREIGN_FOR_OURS = regex(
    r"#\s*(?P<word>noqa|nolint|nosec|shellcheck\s+disable|pylint:\s*disable)\b"
)
_CODE = regex(r"\bV[DN]\d{3}\b")
_VERBS = ["ignore", "ignore-block", "ignore-file"]
#: Codes behind a word of ours without the brackets that they need.
_BARE = regex(r"\s*[=:(]?\s*(?P<codes>V[DN]\d{3}(?:\s*,\s*V[DN]\d{3})*)")
#: What holds commands and is no block.
_NO_BLOCKS = Pipeline | AndOr
_DIRECTIVE = regex(r"\s*#+\s*\w*BATCH\b")


def apply(
    script: Script,
    source: Source,
    diagnostics: Sequence[Diagnostic],
    known: Mapping[str, str],
    concerned: Sequence[Sequence[Location]] = (),
) -> tuple[list[Diagnostic], list[Suppression]]:
    """The diagnostics that no comment suppresses, and a fact for every useless comment.

    ``known`` maps the rules' codes to their names, ``concerned`` are for each diagnostic the
    commands that it is about. Give it the diagnostics of all rules, before any selection: a
    comment is not useless because its rule was not asked for today.
    """
    suppressed: set[int] = set()
    facts: list[Suppression] = []
    for comment in script.comments:
        if (foreign := _foreign(comment, known)) is not None:
            facts.append(Suppression(location=source.location(*foreign[0]), unused=foreign[1]))
            continue
        if (marker := _MARKER.search(comment.text)) is None:
            continue
        useless = [problem] if (problem := _without_brackets(comment, marker)) else []
        rows = _rows(comment, marker, script, source)
        for selector in [] if useless else _selectors(marker):
            hits = {
                index
                for index, diagnostic in enumerate(diagnostics)
                if (not selector or matches(selector, diagnostic.code, diagnostic.name))
                and any(
                    place.filename == source.filename and place.start.row in rows
                    for place in _places(index, diagnostic, concerned if selector else ())
                )
            }
            suppressed |= hits
            if not hits:
                useless.append(_described(selector, known))
        if marker["verb"] not in _VERBS:
            hint = nearest(marker["verb"], _VERBS)
            useless = [repr(marker["verb"]) + hint] if hint else []
        if useless:
            start = comment.span.start
            location = source.location(start + marker.start(), start + marker.end())
            facts.append(Suppression(location=location, unused=", ".join(useless)))
    return [d for i, d in enumerate(diagnostics) if i not in suppressed], facts


def _places(
    index: int, diagnostic: Diagnostic, concerned: Sequence[Sequence[Location]]
) -> Sequence[Location]:
    """Where a comment may stand that suppresses a diagnostic."""
    return (diagnostic.location, *(concerned[index] if concerned else ()))


def _without_brackets(comment: Comment, marker: re.Match[str]) -> str | None:
    """What is wrong with a comment that names rules without brackets, None if it doesn't."""
    verb = marker["verb"]
    bare = _BARE.match(comment.text, marker.end()) if verb in _VERBS else None
    if bare is None or marker["selectors"] is not None:
        return None
    return f"{bare['codes']} without brackets; write `{verb}[{bare['codes']}]`"


def _foreign(comment: Comment, known: Mapping[str, str]) -> tuple[tuple[int, int], str] | None:
    """A comment in another linter's words for our rules: its stretch, and what to write instead."""
    found = _FOREIGN.search(comment.text)
    codes = [code for code in dict.fromkeys(_CODE.findall(comment.text)) if code in known]
    if found is None and codes:
        found = _FOREIGN_FOR_OURS.search(comment.text)
    if found is None:
        return None
    start = comment.span.start
    selectors = f"[{', '.join(codes)}]" if codes else ""
    told = f"{found['word']!r}, which is another linter's word; ours is `ignore{selectors}`"
    return (start + found.start(), start + found.end()), told


def _selectors(marker: re.Match[str]) -> list[str]:
    """What stands between the brackets; an empty selector, which means every rule, if nothing."""
    words = re.split(r"[\s,]+", (marker["selectors"] or "").strip())
    return list(dict.fromkeys(words))


def _described(selector: str, known: Mapping[str, str]) -> str:
    if not selector:
        return "any rule"
    problem = complaint(selector, known)
    return f"{selector} ({problem})" if problem else selector


def _rows(comment: Comment, marker: re.Match[str], script: Script, source: Source) -> range:
    """The rows that a comment means; none if its verb is none of ours."""
    if marker["verb"] == "ignore-file":
        return range(1, source.rows + 1)
    if marker["verb"] not in _VERBS:
        return range(0)
    row = source.position(comment.span.start).row
    follows_text = not source.line(row).lstrip().startswith("#")
    if marker["verb"] == "ignore-block":
        return _block(comment, row if follows_text else None, script, source)
    if follows_text or _DIRECTIVE.match(comment.text):
        return _ending_in(row, script, source)
    return _below(comment, script, source)


def _ending_in(row: int, script: Script, source: Source) -> range:
    """A row, and the rows of the plain commands that begin or end in it."""
    first, last = row, row
    for command in _commands(script.body):
        span = command.span
        rows = {source.position(span.start).row, source.position(span.end).row}
        if isinstance(command, Simple) and row in rows:
            first = min(first, *rows)
            last = max(last, source.position(_end(command)).row)
    return range(first, last + 1)


def _block(comment: Comment, row: int | None, script: Script, source: Source) -> range:
    """The rows of the outermost block that begins in a row, or in the command below a comment."""
    found = [command for command in _commands(script.body) if not isinstance(command, _NO_BLOCKS)]
    below = [command for command in found if command.span.start >= comment.span.end]
    first = min(below, key=lambda c: (c.span.start, -c.span.end), default=None)
    begins = first.span.start if row is None and first is not None else None
    for command in found:
        at = source.position(command.span.start).row
        if any(blocks(command)) and (at == row or command.span.start == begins):
            return range(at, source.position(_end(command)).row + 1)
    return range(0)


def _below(comment: Comment, script: Script, source: Source) -> range:
    """The rows of the command below a comment, or of the directives before that command."""
    after = comment.span.end
    below = [command for command in _commands(script.body) if command.span.start >= after]
    command = min(below, key=lambda c: (c.span.start, -c.span.end), default=None)
    stop = command.span.start if command else len(source.text) + 1
    header = [c for c in script.comments if after <= c.span.start < stop]
    if any(_DIRECTIVE.match(directive.text) for directive in header):
        return range(source.position(after).row, source.position(header[-1].span.start).row + 1)
    if command is None:
        return range(0)
    return range(source.position(stop).row, source.position(_end(command)).row + 1)


def _commands(block: Block) -> Iterator[Command]:
    """Every command of a block and of the blocks inside it."""
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
