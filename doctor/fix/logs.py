"""Fixes of where a server's output goes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from doctor.diagnostic import Edit
from doctor.facts.servers import Launch
from doctor.fix.lines import statements_around
from doctor.fix.work import How, NoFixError, Work
from doctor.shell.tree import Command, For, HereDocument, Pipeline, Redirect, Simple, Word
from doctor.shell.walk import redirects, words
from doctor.trace.programs.invocation import Invocation

_JOINED = "2>&1"
_OUTPUTS = (">", ">>", ">|")
#: Programs that show a log, or what has no interest in what it holds.
_INDIFFERENT = frozenset("cat chmod echo head less ls mkdir printf rm tail touch".split())


def join_errors(work: Work) -> Iterator[Edit]:
    """`join-errors`: `2>&1` behind the redirection, or before the `|` of a `tee`."""
    command = work.command()
    for redirect in _of_errors(command):
        yield _without(work, redirect)
    if getattr(work.fact, "stdout_goes", None) == "tee":
        place = work.stretch(command.span.end, command.span.end)
    else:
        outputs = _of_output(command)
        if not outputs:
            raise NoFixError("the redirection is not the command's own")
        place = work.stretch(outputs[-1].span.end, outputs[-1].span.end)
    yield Edit(place, " " + _JOINED)


def _of_output(command: Simple) -> list[Redirect]:
    return [r for r in command.redirects if r.operator in _OUTPUTS and r.descriptor in (None, "1")]


def _of_errors(command: Simple) -> list[Redirect]:
    """The redirections of standard error that have to go."""
    return [
        r
        for r in command.redirects
        if r.descriptor == "2" and not isinstance(r.target, HereDocument)
    ]


def _without(work: Work, redirect: Redirect) -> Edit:
    start = len(work.source.text[: redirect.span.start].rstrip(" \t"))
    return Edit(work.stretch(start, redirect.span.end), "")


# --- who else is concerned -------------------------------------------------------------------


def is_harmless(work: Work) -> bool:
    """Whether what joins the log comes to nobody but to those who look into it.

    A program that reads the log, or gets what `tee` passes on, would be given more than before.
    """
    command = work.command()
    if any(r.descriptor not in (None, "0", "1", "2") for r in command.redirects):
        return False
    if getattr(work.fact, "stdout_goes", None) != "tee":
        return not _is_read(work, command, [r.target for r in _of_output(command)])
    tee = _tee_behind(work, command)
    return tee is not None and not _is_read(work, tee, tee.words[1:])


def _tee_behind(work: Work, command: Simple) -> Simple | None:
    """The `tee` that ends the command's pipeline and prints for people, or not at all."""
    for around in statements_around(work.traced.script.body, command)[-1:]:
        if not isinstance(around, Pipeline) or around.commands[-2] != command:
            continue
        tee = around.commands[-1]
        started = [
            each
            for each in work.traced.walk.invocations
            if each.origin.location == work.stretch(*tee.span)
        ]
        if started and all(map(_passes_on_to_nobody, started)) and isinstance(tee, Simple):
            return tee
    return None


def _passes_on_to_nobody(tee: Invocation) -> bool:
    output = tee.context.outputs.get(1)
    return tee.program == "tee" and (output is None or output.kind == "null")


def _is_read(work: Work, own: Simple, targets: Sequence[Word | HereDocument]) -> bool:
    """Whether another command of the script may read the log that ``own`` writes."""
    logs = {fact.log for fact in work.facts if isinstance(fact, Launch)}
    variables = {name for target in targets for name in _named_by(work, target)}
    names = [_pattern(log) for log in logs if log is not None]
    names += [rf"\$\{{?{re.escape(name)}\b" for name in variables]
    wanted = re.compile("|".join(filter(None, names)) or r"(?!)")
    for command in work.index.commands:
        texts = (work.source.text[w.span.start : w.span.end] for w in _read_words(command))
        reads = any(wanted.search(t) or any(_matches(t, log) for log in logs) for t in texts)
        if reads and not _holds(own, command) and not _is_indifferent(work, command, variables):
            return True
    return None in logs


def _named_by(work: Work, target: Word | HereDocument) -> Iterator[str]:
    """The variable that alone is a path's last part."""
    text = work.source.text[target.span.start : target.span.end].strip("\"'")
    found = re.fullmatch(r"(?:.*/)?\$\{?(\w+)\}?", text)
    if found is not None:
        yield found[1]


def _pattern(log: str) -> str:
    """What finds the log's name in a text, whatever stands there for its unknown parts."""
    known = re.split(r"\$\{[^}]*\}|\$\([^)]*\)|\$\w+", posixpath.basename(log))
    return r"[^\s/]*".join(map(re.escape, known)) if any(known) else ""


def _matches(text: str, log: str | None) -> bool:
    """Whether a pattern of files means the log."""
    pattern = posixpath.basename(text.strip("\"'"))
    return "*" in pattern and log is not None and fnmatchcase(posixpath.basename(log), pattern)


def _holds(own: Simple, command: Command) -> bool:
    return own.span.start <= command.span.start and command.span.end <= own.span.end


def _is_indifferent(work: Work, command: Command, variables: Collection[str]) -> bool:
    """Whether a command only names the log, or shows it."""
    if isinstance(command, For):
        return command.name in variables
    if not isinstance(command, Simple):
        return False
    if not command.words:
        return all(each.name in variables for each in command.assignments)
    alone = statements_around(work.traced.script.body, command)[-1:] == [command]
    return alone and command.words[0].literal in _INDIFFERENT


def _read_words(command: Command) -> Iterator[Word]:
    """The words of a command but for the files that it writes."""
    written = [r.target for r in redirects(command) if r.operator in (*_OUTPUTS, "&>", "&>>", ">&")]
    yield from (word for word in words(command) if word not in written)


HOW: Mapping[str, How] = {
    "join-errors": How(join_errors, is_harmless),
}
