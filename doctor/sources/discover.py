"""From the paths on a command line to the scripts that they mean."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO, TypeAlias

from doctor.base.folders import is_below
from doctor.base.record import Record
from doctor.config import Config
from doctor.diagnostic import Source
from doctor.sources.read import Unexamined, load, read_stream, unreadable

#: Folders that hold other people's scripts, or copies.
_SKIPPED = {
    *(".git", ".hg", ".svn", ".jj", ".tox", ".nox", ".venv"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"),
    *("node_modules", "site-packages"),
}


class Missing(Record):
    """A path that was named and does not exist."""

    path: str


Found: TypeAlias = "Source | Unexamined | Missing"


def discover(
    paths: Iterable[str],
    config: Config,
    stdin: BinaryIO | None = None,
    stdin_filename: str = "<stdin>",
) -> Iterator[Found]:
    """The scripts that the paths mean, each once; ``-`` is what ``stdin`` holds."""
    seen: set[str] = set()
    for path in dict.fromkeys(paths):
        if path == "-" and stdin is not None:
            if not config.excludes(stdin_filename):
                yield read_stream(stdin, stdin_filename)
        elif os.path.isdir(path):
            closed: list[OSError] = []
            for filename in _walk(os.path.normpath(path), config, closed):
                yield from _once(filename, seen, named=False)
            yield from (unreadable(error.filename, error) for error in closed)
        elif not os.path.lexists(path):
            yield Missing(path)
        elif not config.excludes(path):
            yield from _once(os.path.normpath(path), seen, named=True)


def _once(filename: str, seen: set[str], named: bool) -> Iterator[Source | Unexamined]:
    real = os.path.realpath(filename)
    if real in seen:
        return
    found = load(filename, filename, named)
    if found is not None:
        seen.add(real)
        yield found


def _walk(folder: str, config: Config, closed: list[OSError]) -> Iterator[str]:
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
        folders[:] = sorted(f for f in folders if _enters(os.path.join(base, f), f, config))
        for name in sorted(files):
            path = os.path.join(base, name)
            if config.excludes(path):
                continue
            if not os.path.islink(path):
                yield path
            elif is_below(path, [root]):
                links.append(path)
    yield from links


def _enters(path: str, name: str, config: Config) -> bool:
    if name in _SKIPPED or config.excludes(path, folder=True):
        return False
    return not os.path.exists(os.path.join(path, "pyvenv.cfg"))
