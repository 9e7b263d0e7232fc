"""What git leaves alone: `.gitignore` in each folder, `.git/info/exclude`, the user's own list.

Of the patterns that fit a path those of the nearest file decide, and of one file the last. A file
that git follows all the same, though it is ignored, counts as ignored.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from doctor.base.record import Record
from doctor.base.regular import read_regular
from doctor.config.ignores import MAX_CHARACTERS, MAX_PATTERNS, Ignores
from doctor.config.trust import is_strangers


class _List(Record):
    """The patterns of a file, relative to the folder ``base``; ``said`` is the file's name."""

    base: str
    ignores: Ignores
    said: str


class GitIgnore:
    """Answers for paths below one folder whether git ignores them, and which file says so.

    A repository that belongs to a stranger counts as none: anybody may make /tmp one.
    """

    def __init__(self, start: str) -> None:
        self._start = Path(start).absolute()
        self._known: dict[str, tuple[_List, ...]] = {}

    def ignored_by(self, path: str, folder: bool = False) -> str | None:
        """The file that has a file or folder ignored, apart from what lies above it."""
        path = os.path.abspath(path)
        for each in self._lists(os.path.dirname(path)):
            said = each.ignores.says(os.path.relpath(path, each.base), folder)
            if said is not None:
                return each.said if said else None
        return None

    def ignored_with_those_above(self, path: str, folder: bool = False) -> str | None:
        """The file that has a file or folder ignored, or a folder that it lies in."""
        path = os.path.abspath(path)
        for above in reversed(Path(path).parents):
            if (said := self.ignored_by(str(above), folder=True)) is not None:
                return said
        return self.ignored_by(path, folder)

    def _lists(self, folder: str) -> tuple[_List, ...]:
        """The lists that hold in a folder, the strongest first; none outside of a repository."""
        if folder not in self._known:
            self._known[folder] = tuple(self._read(folder))
        return self._known[folder]

    def _read(self, folder: str) -> Iterator[_List]:
        git = os.path.join(folder, ".git")
        above = os.path.dirname(folder)
        if os.path.lexists(git):
            if self._is_strangers(git):
                return
            yield from _list(folder, os.path.join(folder, ".gitignore"))
            yield from _list(folder, os.path.join(_common(git), "info", "exclude"))
            yield from _list(folder, _users())
        elif above != folder and (lists := self._lists(above)):
            yield from _list(folder, os.path.join(folder, ".gitignore"))
            yield from lists

    def _is_strangers(self, git: str) -> bool:
        try:
            return is_strangers(Path(git), self._start)
        except OSError:  # a script on the standard input may claim to lie anywhere
            return True


def _list(base: str, path: str) -> Iterator[_List]:
    """The patterns in a file, if it is there; those that are none are left out, as by git."""
    try:
        text = read_regular(Path(path), MAX_CHARACTERS).decode("utf-8-sig", "replace")
    except OSError:
        return
    good = []
    for line in text.split("\n")[:MAX_PATTERNS]:
        try:
            Ignores([line := line.removesuffix("\r")])
        except re.error:
            continue
        good.append(line)
    yield _List(base, Ignores(good), os.path.relpath(path))


def _common(git: str) -> str:
    """The folder in which a repository keeps its own things; of a worktree that of the first."""
    try:
        if os.path.isdir(git):
            return git
        named = _line(git).removeprefix("gitdir:").strip()
        folder = os.path.join(os.path.dirname(git), named)
        return os.path.join(folder, _line(os.path.join(folder, "commondir")))
    except OSError:
        return git


def _line(path: str) -> str:
    return read_regular(Path(path), 4096).decode(errors="surrogateescape").strip()


def _users() -> str:
    """Where a user's own list lies unless git's settings say otherwise."""
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return os.path.join(home, "git", "ignore")
