"""Which files and folders are left alone, and why."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from doctor.config import Config

if TYPE_CHECKING:
    from doctor.sources.gitignore import GitIgnore

#: Folders that hold other people's scripts, or copies.
_SKIPPED = {
    *(".git", ".hg", ".svn", ".jj", ".tox", ".nox", ".venv"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"),
    *("node_modules", "site-packages"),
}


class Choice:
    """What is taken of the file or folder that a ``path`` names, as the configuration wants it.

    What a person names is taken, unless the configuration is to be followed there, too
    (`force-exclude`); what lies in a named folder must be left alone by nobody.
    """

    def __init__(self, config: Config, path: str) -> None:
        self._config = config
        self._folder = path if os.path.isdir(path) else os.path.dirname(path) or os.curdir

    def takes(self, path: str) -> bool:
        """Whether a file in the folder is wanted, but for what git says of it."""
        return self._config.excluded_by(path) is None

    def enters(self, path: str) -> bool:
        """Whether what lies in a folder below is wanted."""
        if os.path.basename(path) in _SKIPPED or self._config.excluded_by(path, folder=True):
            return False
        if os.path.exists(os.path.join(path, "pyvenv.cfg")):
            return False
        return not self.ignores(path, folder=True)

    def why_not_named(self, path: str, folder: bool = False) -> str | None:
        """Why a file or folder is left out though it was named; None if it is not."""
        if not self._config.force_exclude:
            return None
        if (said := self._config.excluded_by(path, folder)) is not None:
            return said
        if not self._config.respect_gitignore:
            return None
        return self._git.ignored_with_those_above(path, folder)

    def ignores(self, path: str, folder: bool = False) -> bool:
        """Whether git ignores a file or folder, apart from what lies above it."""
        if not self._config.respect_gitignore:
            return False
        return self._git.ignored_by(path, folder) is not None

    @cached_property
    def _git(self) -> GitIgnore:
        from doctor.sources.gitignore import GitIgnore

        return GitIgnore(self._folder)
