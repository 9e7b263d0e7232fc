"""Places: the shared folder that a path lies in, and whether its name makes it one's own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache

from doctor.base.record import Record
from doctor.shell.header_words import holds_placeholder
from doctor.trace.programs.invocation import Container
from doctor.trace.readers import people
from doctor.values.value import JOB, PROCESS, RANDOM, USER, Text, Unknown, Value, known

_OWN = frozenset({USER, JOB, PROCESS, RANDOM})


class Place(Record):
    """Where a path lies below a shared folder.

    ``private`` is true where a container has that folder for itself; ``owned`` where the name
    holds the user, the job or something else that nobody shares, None where that can't be known;
    ``reaches_others`` where it is a pattern that matches other users' names.
    """

    shown: str
    folder: str
    private: bool
    owned: bool | None
    reaches_others: bool


def below(path: Value, directory: Value | None) -> Value:
    """The path as it is seen from the root, if it is relative and the folder is surely known."""
    first = path.pieces[0] if path.pieces else None
    named = isinstance(first, Text) or (first is not None and first.matched)
    if not named or directory is None or not directory.prefix.startswith("/"):
        return path
    while path.shadow.startswith("./"):
        path = path.slice(2)
    if path.display.startswith("./"):  # of the files that find sees, a slash and their pattern
        bare = len(directory.display.rstrip("/"))
        return directory.slice(0, bare) + path.slice(1)
    if path.display.startswith(("/", "~", "..")) or path.text == "." or "/../" in path.shadow:
        return path
    between = "" if directory.shadow.endswith("/") else "/"
    return directory + known(between) + path


def is_own(value: Value) -> bool:
    """Whether a name holds something that other users' names don't."""
    return bool(value.varies & _OWN)


@lru_cache(maxsize=256)  # each program that a script starts sees the same variables
def place_of(
    path: Value, folders: tuple[str, ...], container: Container | None, logins: frozenset[str]
) -> Place | None:
    """The shared folder that a path lies in; None if it lies in none or that isn't known.

    ``logins`` are names of people: a path that holds one of them is theirs.
    """
    known = _squeezed(path)
    private = False
    if container is not None:
        outside = container.outside(known)
        if outside is None:
            private = True
        else:
            known = outside
    folder = _folder_of(known, folders)
    if folder is None:
        return None
    owned = _owned(known, folder, logins)
    return Place(path.display, folder, private, owned, _reaches_others(known, folder, logins))


def _squeezed(path: Value) -> Value:
    """The path without repeated slashes at its start, and without ``.`` parts there."""
    while path.shadow.startswith(("//", "/./")):
        path = path.slice(1 if path.shadow.startswith("//") else 2)
    return path


def _folder_of(path: Value, folders: Sequence[str]) -> str | None:
    shadow = path.shadow
    for folder in sorted(folders, key=len, reverse=True):
        bare = folder.rstrip("/")
        if path.prefix.startswith(bare) and (shadow == bare or shadow[len(bare)] in "/\0"):
            rest = path.display[len(bare) :]
            if shadow == bare or rest.startswith("/"):
                return bare
    return None


def _reaches_others(path: Value, folder: str, logins: Collection[str]) -> bool:
    """Whether the path's first part below the shared folder matches other users' names too."""
    rest = path.slice(len(folder))
    if not rest.display.strip("/"):
        return True
    first = _first_component(rest)
    pattern = any(isinstance(p, Unknown) and p.matched for p in first.pieces)
    certain = all(
        p.matched if isinstance(p, Unknown) else not holds_placeholder(p.text) for p in first.pieces
    )
    own = is_own(first) or people.names(first.display, logins)
    return pattern and certain and not own


def _owned(path: Value, folder: str, logins: Collection[str]) -> bool | None:
    below = path.slice(len(folder))
    if is_own(below) or people.names(below.display, logins):
        return True
    known = below.text is not None and not holds_placeholder(below.text)
    return False if known else None


def _first_component(rest: Value) -> Value:
    shown = rest.display
    start = len(shown) - len(shown.lstrip("/"))
    end = shown.find("/", start)
    return rest.slice(start, end if end >= 0 else None)
