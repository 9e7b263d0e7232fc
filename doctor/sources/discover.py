"""From the paths on a command line to the scripts that they mean."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO, TypeAlias

from doctor.base.folders import is_below
from doctor.base.record import Record
from doctor.config import Config
from doctor.diagnostic import Source
from doctor.sources.choice import Choice
from doctor.sources.read import Unexamined, load, read_stream, unreadable


class Missing(Record):
    """A path that was named and does not exist."""

    path: str


class Omitted(Record):
    """A file that was named and is left out, and why."""

    path: str
    reason: str


Found: TypeAlias = "Source | Unexamined | Missing | Omitted"

_NO_SCRIPT = "not a shell or Slurm script by its name, its first line or #SBATCH"


def discover(
    paths: Iterable[str],
    config: Config,
    stdin: BinaryIO | None = None,
    stdin_filename: str = "<stdin>",
    only: frozenset[str] | None = None,
) -> Iterator[Found]:
    """The scripts that the paths mean, each once; ``-`` is what ``stdin`` holds.

    ``only`` these files are meant, by their real paths, whatever the paths are; None for all.
    """
    seen: set[str] = set()
    for path in dict.fromkeys(paths):
        choice = Choice(config, path)
        if path == "-" and stdin is not None:
            reason = choice.why_not_named(stdin_filename)
            yield Omitted(path, reason) if reason else read_stream(stdin, stdin_filename)
        elif os.path.isdir(path):
            yield from _in_folder(os.path.normpath(path), choice, seen, only)
        elif not os.path.lexists(path):
            yield Missing(path)
        elif only is None or os.path.realpath(path) in only:
            yield from _named(path, choice, seen)


def _named(path: str, choice: Choice, seen: set[str]) -> Iterator[Found]:
    """The script that was named itself, unless it was met before."""
    filename = os.path.normpath(path)
    if (reason := choice.why_not_named(filename)) is not None:
        yield Omitted(path, reason)
    elif os.path.realpath(filename) not in seen:
        found: list[Found] = [*_once(filename, seen)]
        yield from found or [Omitted(path, _NO_SCRIPT)]


def _in_folder(
    folder: str, choice: Choice, seen: set[str], only: frozenset[str] | None
) -> Iterator[Found]:
    """The scripts in a folder and below it; and the folders that can't be read."""
    if (reason := choice.why_not_named(folder, folder=True)) is not None:
        yield Omitted(folder, reason)
        return
    closed: list[OSError] = []
    for filename in _walk(folder, choice, closed):
        if only is None or os.path.realpath(filename) in only:
            yield from _once(filename, seen, choice)
    yield from (unreadable(error.filename, error) for error in closed)


def _once(
    filename: str, seen: set[str], choice: Choice | None = None
) -> Iterator[Source | Unexamined]:
    """The script in a file, unless it was met before; the ``choice`` if nobody named the file.

    Git is asked of scripts alone: most files of a folder are none, and it takes longer.
    """
    real = os.path.realpath(filename)
    if real in seen:
        return
    found = load(filename, filename, named=choice is None)
    if found is not None and not (choice is not None and choice.ignores(filename)):
        seen.add(real)
        yield found


def _walk(folder: str, choice: Choice, closed: list[OSError]) -> Iterator[str]:
    """The files under a folder in sorted order, those that are links to files last.

    So a link is only followed where it leads to a script that was not met under its own name,
    and never out of the folder: what lies elsewhere is not ours to read, or to repair. Links to
    folders are not followed, hence there are no loops. ``closed`` collects the errors of folders
    that can't be read.
    """
    links: list[str] = []
    root = os.path.realpath(folder)
    for parent, folders, files in os.walk(folder, onerror=closed.append):
        base = "" if parent == "." else parent.removeprefix("./")
        folders[:] = sorted(f for f in folders if choice.enters(os.path.join(base, f)))
        for name in sorted(files):
            path = os.path.join(base, name)
            if not choice.takes(path):
                continue
            if not os.path.islink(path):
                yield path
            elif is_below(path, [root]):
                links.append(path)
    yield from links
