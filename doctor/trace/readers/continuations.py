"""Broken lines: commands that end sooner than their author meant, and blanks given to servers.

A backslash joins two lines only as the last character of the first, outside of a comment: a blank
behind it is an argument instead, and with a comment, or an empty line after it, the command ends.
"""

from __future__ import annotations

from collections.abc import Iterator

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.diagnostic import Location
from doctor.facts.base import Evidence
from doctor.facts.commands import BrokenBy, BrokenLine
from doctor.shell.tree import Simple
from doctor.shell.walk import commands
from doctor.trace.readers.scene import Scene
from doctor.trace.readers.servers import Started
from doctor.values.value import Origin

_OPTION = regex(r"--?[A-Za-z][\w.-]*(?=[=\s])")
_BLANK = regex(r"\\[ \t]+")
#: How a line ends that was meant to go on, by what breaks it.
_ENDS: tuple[tuple[BrokenBy, str], ...] = (
    ("comment", r"^[ \t]*(#.*)$"),
    ("blank", r"(\\[ \t]+)(?:#.*)?$"),
    ("comment", r"[ \t](#.*\\)[ \t]*$"),
    ("doubled", r"(\\\\)$"),
)
_BREAKS = tuple((by, regex(pattern)) for by, pattern in _ENDS)


class _Break(Record):
    """What breaks a line, and where it stands."""

    by: BrokenBy
    origin: Origin
    option: str | None = None


def read(scene: Scene) -> Iterator[BrokenLine]:
    """The lines that break off before an option, then the blanks that servers are given."""
    found = {_place(each.origin): each for each in _before_options(scene)}
    for started in scene.started:
        for origin in _blanks(started):
            found.setdefault(_place(origin), _Break("blank", origin))
    for each in found.values():
        evidence = {"commands": Evidence(tuple(_apart(each, scene)))}
        place = each.origin.location
        yield BrokenLine(location=place, evidence=evidence, by=each.by, option=each.option)


def _apart(broken: _Break, scene: Scene) -> Iterator[Location]:
    """The commands that a break makes of one: the one that ends there, and the one behind it."""
    if broken.origin.source is not scene.source or broken.origin.within:
        return
    found = [c for c in commands(scene.script.body) if isinstance(c, Simple) and c.words]
    before = [c for c in found if c.span.start < broken.origin.start]
    after = [c for c in found if c.span.start >= broken.origin.start]
    if before:
        yield scene.source.location(*max(before, key=lambda each: each.span.start).span)
    if after:
        yield scene.source.location(*min(after, key=lambda each: each.span.start).words[0].span)


def _place(origin: Origin) -> tuple[str, int]:
    return origin.source.filename, origin.start


def _before_options(scene: Scene) -> Iterator[_Break]:
    """What breaks the lines above options, in the script and in texts that other shells read.

    The whole of the script is looked at: what stands behind an ``exec`` that was cut off, too.
    """
    for command in commands(scene.script.body):
        if isinstance(command, Simple) and command.words:
            start, end = command.words[0].span
            if (option := _option(Origin(scene.source, start, end))) is not None:
                yield _break_above(option)
    for invocation in scene.invocations:
        origin = invocation.outer[0].origin
        if origin is not None and (option := _option(origin)) is not None:
            yield _break_above(option)


def _option(command: Origin) -> Origin | None:
    """The name of an option that is written as a command, at the beginning of a line."""
    text, start = command.source.text, command.start
    match = _OPTION.match(text, start)
    begins = text[text.rfind("\n", 0, start) + 1 : start].strip(" \t") == ""
    if match is None or not begins or command.within:
        return None
    return Origin(command.source, start, match.end())


def _break_above(option: Origin) -> _Break:
    """What breaks the line above an option; the option itself where nothing is seen there."""
    text = option.source.text
    name = text[option.start : option.end]
    end = max(text.rfind("\n", 0, option.start), 0)
    start = text.rfind("\n", 0, end) + 1
    line = text[start:end].rstrip("\r")
    if not line.strip():  # the backslash may stand above several empty lines
        at = len(text[:start].rstrip()) - 1
        if text[max(at, 0)] == "\\":
            return _Break("empty-line", Origin(option.source, at, at + 1), name)
    for by, pattern in _BREAKS:
        if match := pattern.search(line):
            origin = Origin(option.source, start + match.start(1), start + match.end(1))
            return _Break(by, origin, name)
    return _Break("nothing", option, name)


def _blanks(started: Started) -> Iterator[Origin]:
    """Where blanks are written that a server is given for arguments: ``\\ &``."""
    arguments = started.server.arguments
    for word in (*arguments.positional, *(flag.value for flag in arguments.flags if flag.problem)):
        origin = word.origin if word is not None and (word.text or "").isspace() else None
        if origin is None or origin.within:
            continue
        if _BLANK.fullmatch(origin.source.text, origin.start, origin.end):
            yield origin
