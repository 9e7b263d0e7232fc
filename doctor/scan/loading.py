"""Files that scripts name, read where a scan may read them, and a note of all that they name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from doctor import sources
from doctor.base.bounds import MAX_ASKED
from doctor.base.folders import is_below
from doctor.diagnostic import Source

#: How many scripts of one folder are read for what they do to another script's job.
_MOST_BESIDE = 100
#: Files with the commands of a project, by their names in small letters.
_RECIPES = frozenset({"makefile", "gnumakefile", "justfile", ".justfile", "snakefile"})
#: From how many folders above a script's own a name is looked for.
_MOST_ABOVE = 8


def digest(*words: str) -> str:
    """A short hash of some words in a row."""
    made = blake2b(digest_size=16)
    for word in words:
        data = word.encode(errors="surrogatepass")
        made.update(b"%d:" % len(data) + data)
    return made.hexdigest()


class Loader:
    """Reads the files that scripts name.

    Only files below the ``scanned`` files and folders and the folder ``here`` that one is in are
    read, so that a script can't make us read anything else; none at all if that is None.
    ``texts`` holds every text that was read, by name; ``asked`` the names of the files and
    folders that were looked for since it was emptied.
    """

    def __init__(self, scanned: Sequence[str] = (), here: str | None = "") -> None:
        self.here = here
        self.scanned = tuple(os.path.realpath(path) for path in scanned)
        self.texts: dict[str, Source] = {}
        self.asked: set[str] = set()
        own = (path if os.path.isdir(path) else os.path.dirname(path) for path in self.scanned)
        readable = () if here is None else (here, *own)
        self._readable = tuple(dict.fromkeys(map(os.path.realpath, readable)))
        self._fingerprints: dict[str, str | None] = {}

    def load(self, path: str, script: Source) -> Source | None:
        """A file that a script names: seen from its own folder, from where we are, or from one
        of the folders above its own, since many are started from their project's."""
        found = map(self._read, self._ask(path, script))
        return next((source for source in found if source is not None), None)

    def holds(self, folder: str, script: Source) -> bool:
        """Whether a folder that a script names is there, looked for like a file."""
        return any(
            os.path.isdir(name) and is_below(os.path.join(name, "any"), self._readable)
            for name in self._ask(folder, script)
        )

    def _ask(self, path: str, script: Source) -> Iterator[str]:
        """Where a path that a script names may lie."""
        own = os.path.dirname(script.filename)
        for folder in (own, "", *_above(own)):
            if len(self.asked) >= MAX_ASKED:
                return
            name = os.path.normpath(os.path.join(folder, path))
            self.asked.add(name)
            yield name

    def beside(self, script: Source) -> Iterator[Source]:
        """The other scripts, and makefiles, in a script's folder and in the one above it."""
        own = os.path.dirname(script.filename)
        for folder in (own or os.curdir, os.path.join(own, os.pardir)):
            self.asked.add(folder)
            for name in self._scripts(folder):
                path = os.path.normpath(os.path.join(folder, name))
                self.asked.add(path)
                found = self._read(path)
                if found is not None and found.text != script.text:
                    yield found

    def fingerprints(self) -> Mapping[str, str | None]:
        """Of what was asked for, a hash each of what is there; None for what isn't there."""
        return {name: self.fingerprint(name) for name in self.asked}

    def fingerprint(self, name: str) -> str | None:
        """A hash of the text of a file, or of the names of the scripts in a folder."""
        if name not in self._fingerprints:
            self._fingerprints[name] = self._fingerprint(name)
        return self._fingerprints[name]

    def _fingerprint(self, name: str) -> str | None:
        if os.path.isdir(name):
            return digest(*self._scripts(name))
        found = self._read(name)
        return None if found is None else digest(found.text, found.encoding, str(found.included))

    def _read(self, name: str) -> Source | None:
        if name in self.texts:
            return self.texts[name]
        if not os.path.isfile(name) or not is_below(name, self._readable):
            return None
        found = sources.read_text(name)
        if found is None:
            return None
        included = is_below(name, self.scanned)
        return self.texts.setdefault(name, replace(found, included=included))

    def _scripts(self, folder: str) -> list[str]:
        """The names of a folder's scripts and makefiles: of a large one only the first."""
        if not is_below(os.path.join(folder, "any"), self._readable):
            return []
        try:
            return sorted(filter(_has_commands, os.listdir(folder)))[:_MOST_BESIDE]
        except OSError:  # a script on the standard input may claim to lie anywhere
            return []


def _has_commands(name: str) -> bool:
    return sources.has_suffix(name) or name.lower() in _RECIPES


def _above(folder: str) -> Iterator[str]:
    """The folders above one, the nearest first."""
    for _ in range(_MOST_ABOVE):
        above = os.path.dirname(folder)
        if above in ("", folder):
            return
        yield above
        folder = above
