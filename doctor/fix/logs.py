"""Fixes of where a server's output goes."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.diagnostic import Edit
from doctor.fix.work import NoFixError, Work
from doctor.shell.tree import HereDocument, Redirect, Simple

_JOINED = "2>&1"


def join_errors(work: Work) -> Iterator[Edit]:
    """`join-errors`: `2>&1` behind the redirection, or before the `|` of a `tee`."""
    command = work.command()
    for redirect in _of_errors(command):
        yield _without(work, redirect)
    if getattr(work.fact, "stdout_goes", None) == "tee":
        place = work.stretch(command.span.end, command.span.end)
    else:
        outputs = [
            r
            for r in command.redirects
            if r.operator in (">", ">>", ">|") and r.descriptor in (None, "1")
        ]
        if not outputs:
            raise NoFixError("the redirection is not the command's own")
        place = work.stretch(outputs[-1].span.end, outputs[-1].span.end)
    yield Edit(place, " " + _JOINED)


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
