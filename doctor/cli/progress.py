"""How far a long scan is, on the standard error of somebody who watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

_T = TypeVar("_T")

#: Before so many seconds nobody wonders.
_PATIENCE = 1.0


def watched(things: Iterable[_T], count: int) -> Iterator[_T]:
    """The things as they come, with a bar if they are long in coming and a terminal shows it."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield from things
        return
    began, each = time.monotonic(), iter(things)
    for done, thing in enumerate(each, 1):
        yield thing
        if time.monotonic() - began > _PATIENCE:
            yield from _shown(each, done, count)


def _shown(things: Iterator[_T], done: int, count: int) -> Iterator[_T]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Examining scripts", total=count, completed=done)
        for thing in things:
            yield thing
            bar.advance(task)
