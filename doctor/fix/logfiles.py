"""Fixes of the files that jobs and servers write their logs to."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from doctor.base.regex import regex
from doctor.base.unknown import UNKNOWN
from doctor.diagnostic import Edit, Location
from doctor.facts.logs import LogFile
from doctor.fix.lines import line_before, statements_around
from doctor.fix.stretches import Stretches
from doctor.fix.uses import Path, uses
from doctor.fix.work import How, NoFixError, Work
from doctor.shell.tree import Redirect, Simple, Span, Word

_FOLDER = "$HOME/logs"
_VOLATILE = regex(r"(?:/dev/shm|/var/tmp|/tmp|\$TMPDIR|\$\{TMPDIR\})/")
_IN_PATTERN = regex(r"%\d*[jJA]")
_IN_PATH = regex(r"SLURM_(?:ARRAY_)?JOB_?ID")
#: A path that may be put into a word, in quotes or without them.
_PLAIN_PATH = regex(r"(?:[\w./:@%+,=-]|\$\w+|\$\{\w+\})+")


def keep_log(work: Work) -> Iterator[Edit]:
    """`keep-log`: the log on storage that lasts, under a name with the job's number."""
    fact = work.fact
    assert isinstance(fact, LogFile)
    place, path = _written_path(work, fact)
    _refuse_other_uses(work, place, path)
    if fact.whose == "job":
        lasting = posixpath.basename(path) if fact.lost else path
        task = "%A_%a" if work.traced.job.array else "%j"
        yield Edit(place, lasting if _IN_PATTERN.search(lasting) else _numbered(lasting, task))
        return
    command = work.command()
    lasting = _VOLATILE.sub(f"{_FOLDER}/", path, count=1) if fact.lost else path
    if fact.lost and lasting == path:
        raise NoFixError("the folder does not stand there literally")
    numbered = lasting if _IN_PATH.search(path) else _numbered(lasting, "${SLURM_JOB_ID}")
    yield Edit(place, numbered)
    if fact.lost:
        yield from _folder_made(work, command, posixpath.dirname(numbered))


def _written_path(work: Work, fact: LogFile) -> tuple[Location, str]:
    """The stretch that is the path, without the option before it and the quotes around it."""
    location = work.place("path")
    if fact.whose == "job":
        path, begin = fact.path, location.start.offset
    else:
        location = _word(work, location)
        text = work.written(location)
        path = text[1:-1] if text[:1] == text[-1:] == '"' else text
        begin = location.start.offset
    start = work.written(location).rfind(path)
    if start < 0 or not _PLAIN_PATH.fullmatch(path):
        raise NoFixError("the path does not stand there literally")
    return work.stretch(begin + start, begin + start + len(path)), path


def _word(work: Work, part: Location) -> Location:
    """The word that a part of it stands in."""
    for word in work.words():
        if word.span.start <= part.start.offset < word.span.end:
            return work.stretch(word.span.start, word.span.end)
    raise NoFixError("the path does not stand there literally")


def _refuse_other_uses(work: Work, place: Location, written: str) -> None:
    """Refuse where the file is used by a name that would not change with it."""
    names = {written, *(str(getattr(fact, "path", written)) for fact in work.facts)}
    paths = [Path.of(posixpath.basename(name), below=True) for name in names]
    own = Stretches([Span(place.start.offset, place.end.offset)])
    if not all(use.is_covered_by(own) for use in uses(work, paths)):
        raise NoFixError("the script names the file elsewhere, too")


def _numbered(path: str, number: str) -> str:
    root, suffix = posixpath.splitext(path)
    return f"{root}-{number}{suffix}"


def _folder_made(work: Work, command: Simple, folder: str) -> Iterator[Edit]:
    """A line before the command that makes the folder, unless there is one."""
    around = statements_around(work.traced.script.body, command)
    place, indent = line_before(work, around[-1])
    line = f'mkdir -p "{folder}"{work.newline}'
    if f"\n{line}" not in work.source.text[: place.start.offset]:
        yield Edit(place, indent + line)


# --- a log where there is none ---------------------------------------------------------------


def write_log(work: Work) -> Iterator[Edit]:
    """`write-log`: a log below the user's home for a server whose output nobody can read later."""
    path = f"{_FOLDER}/server-{_port(work)}-${{SLURM_JOB_ID:-$$}}.log"
    if getattr(work.fact, "stdout_goes", None) == "null":
        command = work.command()
        yield from _instead_of_nothing(work, command, path)
    else:
        command = _around(work)
        end = work.own(work.fact.location).end.offset
        yield Edit(work.stretch(end, end), f" 2>&1 | tee {path}")
    yield from _folder_made(work, command, _FOLDER)


def _port(work: Work) -> int:
    """The server's port, by which its log differs from those of the script's other servers."""
    ports = {server.server.port for server in work.servers()}
    others = {s.server.port for s in work.traced.servers if s not in work.servers()}
    port = next(iter(ports), None)
    if len(ports) != 1 or not isinstance(port, int) or port in others or UNKNOWN in others:
        raise NoFixError("several servers would write one log")
    return port


def _instead_of_nothing(work: Work, command: Simple, path: str) -> Iterator[Edit]:
    """The log for `/dev/null`, and standard error with it."""
    thrown = [r for r in command.redirects if _to_nothing(r)]
    outputs = [r for r in thrown if r.descriptor in (None, "1")]
    errors = [r for r in thrown if r.descriptor == "2"]
    if len(outputs) != 1 or len(outputs) + len(errors) != len(thrown):
        raise NoFixError("the redirection is not the command's own")
    target = outputs[0].target
    yield Edit(work.stretch(target.span.start, target.span.end), f'"{path}"')
    for redirect in errors:
        if redirect.span.start < outputs[0].span.start:
            raise NoFixError("standard error is redirected before standard output")
        yield Edit(work.stretch(redirect.span.start, redirect.span.end), "2>&1")


def _to_nothing(redirect: Redirect) -> bool:
    return isinstance(redirect.target, Word) and redirect.target.literal == "/dev/null"


def _around(work: Work) -> Simple:
    """The command of tmux or screen in which the server's command is a quoted text."""
    inner = work.own(work.fact.location)
    for command in work.index.commands:
        for word in command.words if isinstance(command, Simple) else ():
            text = work.source.text[word.span.start : word.span.end]
            inside = word.span.start < inner.start.offset and inner.end.offset < word.span.end
            if inside and text[0] == text[-1] and text[0] in "\"'" and isinstance(command, Simple):
                return command
    raise NoFixError("the server's command is not a quoted text in this script")


HOW: Mapping[str, How] = {
    "keep-log": How(keep_log),
    "write-log": How(write_log),
}
