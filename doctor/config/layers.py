"""Which files are in force: the site's, the user's and the project's, each over those before it.

The site's lie in `vllm-doctor/config.toml` below /etc/xdg, or the folders that XDG_CONFIG_DIRS
names; the user's below ~/.config, or XDG_CONFIG_HOME. The project's is the one in the nearest
folder that holds all the scanned paths, or in a folder above it; in one folder
`.vllm-doctor.toml` wins over `pyproject.toml`. A file that the user names takes the place of the
project's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.base.regular import read_regular
from doctor.config.config import Config
from doctor.config.reading import PYPROJECT, absolute, joined, layers_of, near
from doctor.config.text import MAX_BYTES
from doctor.config.trust import is_ours, is_strangers

FILENAME = ".vllm-doctor.toml"
#: What a site's and a user's file are called, below the folders that XDG names.
SHARED = "vllm-doctor/config.toml"


class Layers(Record):
    """What each file says, the weakest first, and the files of strangers that don't count."""

    files: tuple[Config, ...]
    project: Config | None
    passed_over: tuple[str, ...]

    @property
    def joined(self) -> Config:
        """All of them together."""
        return replace(joined(self.files, self.project), passed_over=self.passed_over)


def find(paths: Iterable[str] = (".",), chosen: Path | None = None) -> Config:
    """The configuration in force for the paths; ``chosen`` is a file that the user names.

    One that a stranger has put above the paths, as anybody may in /tmp, is passed over.
    """
    return layers(paths, chosen).joined


def layers(paths: Iterable[str] = (".",), chosen: Path | None = None) -> Layers:
    """The files that are in force for the paths."""
    if chosen is not None:
        project, passed_over = layers_of(chosen), list[str]()
        if not project:
            raise DoctorError("there is no table [tool.vllm-doctor] in this file", str(chosen))
    else:
        project, passed_over = _project(paths)
    root = project[-1].root if project else Path.cwd()
    shared = [
        layer for path in shared_files(passed_over) for layer in layers_of(path, root)
    ]  # fmt: skip
    return Layers((*shared, *project), project[-1] if project else None, tuple(passed_over))


def shared_files(passed_over: list[str]) -> Iterator[Path]:
    """The files of the site and of the user that are there."""
    for path in site_candidates():
        with suppress(OSError):  # there is none, or it may not be looked at
            if path.is_file():
                yield path
    users = user_candidate()
    with suppress(OSError):
        if users is not None and users.is_file():
            if is_ours(users):
                yield users
            else:  # HOME may be /tmp
                passed_over.append(str(users))


def site_candidates() -> list[Path]:
    """Where a site's files may lie, the weakest first."""
    folders = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    return [Path(each) / SHARED for each in reversed(folders.split(":")) if each.startswith("/")]


def user_candidate() -> Path | None:
    """Where the user's file may lie; None for somebody without a home."""
    folder = os.environ.get("XDG_CONFIG_HOME", "")
    if folder.startswith("/"):
        return Path(folder) / SHARED
    with suppress(RuntimeError):
        return Path.home() / ".config" / SHARED
    return None


def shared_candidates() -> list[Path]:
    """Where the files of the site and of the user may lie, the weakest first."""
    return [*site_candidates(), *filter(None, [user_candidate()])]


def shadowed(folder: Path) -> Path | None:
    """The project's file that is in force in a folder as long as it has none of its own."""
    for path in _candidates(folder):
        with suppress(OSError):
            own = path == folder / FILENAME
            counts = not own and path.is_file() and not is_strangers(path, folder)
            if counts and layers_of(path):
                return path
    return None


def _candidates(start: Path) -> Iterator[Path]:
    """Where a project's file may lie, the nearest first."""
    for folder in (start, *start.parents):
        yield from (folder / name for name in (FILENAME, PYPROJECT))


def _project(paths: Iterable[str]) -> tuple[list[Config], list[str]]:
    """The project's file, after those that it extends, and the files of strangers."""
    folders = [path if path.is_dir() else path.parent for path in map(absolute, paths)]
    start = Path(os.path.commonpath(folders)) if folders else Path.cwd()
    passed_over: list[str] = []
    for path in map(near, _candidates(start)):
        with suppress(OSError):  # there is none, or it may not be looked at
            if not path.is_file():
                continue
            if is_strangers(path, start):
                passed_over += [str(path)] if _holds_table(path) else []
            elif found := layers_of(path):
                return found, passed_over
    return [], passed_over


def _holds_table(path: Path) -> bool:
    """Whether it is worth a word that a file is passed over."""
    return path.name == FILENAME or b"vllm-doctor" in read_regular(path, MAX_BYTES)
