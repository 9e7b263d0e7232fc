"""The uses of a path in a script, found by pattern: one path is written in many ways.

`server_$port.log` is also `server_8000.log`, and `server_$p.log` where the variable has another
name. What a variable holds is known to the trace; what it doesn't know may be anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.fix.index import Use
from doctor.fix.work import Work

_ANY = "\0"
_VARIABLE = regex(r"\$\{[^}]*\}|\$\([^)]*\)|\$\w+|[*?]")
#: Variables that hold one thing for the whole job: no other name can stand for it.
_FIXED = regex(r"USER|LOGNAME|HOME|UID|SLURM_\w+")
_NAME = regex(r"\w+")
#: What may be a path in a word or a text: `--log=/tmp/x`, `open("/tmp/x")`, `/tmp/x:/cache`.
_PATH = regex(r"[^\s'\"=:;,|<>()\[\]&`\\]+")
_SLASHES = regex(r"/{2,}")
_LETTER = regex(r"[^\W_]")


class Path(Record):
    """A path as a pattern: its names, in which NUL stands for anything.

    A name that is nothing but a variable stands for itself. If ``below`` the path's folder is
    not known, so whatever ends in these names is the path.
    """

    names: tuple[str, ...]
    below: bool = False

    @classmethod
    def of(cls, text: str, below: bool = False) -> Path:
        """The pattern of a path, variables in it written as in the shell."""
        return cls(_names(_hidden(text)), below)

    def is_in(self, text: str) -> bool:
        """Whether a word or a text names the path, or something in it."""
        return any(map(self._is_at, _paths_in(text)))

    def _is_at(self, names: tuple[str, ...]) -> bool:
        size = len(self.names)
        starts = range(len(names) - size + 1) if self.below else range(min(1, len(names) // size))
        return any(
            all(map(_may_be_same, self.names, names[start : start + size])) for start in starts
        )


@lru_cache(maxsize=1 << 16)  # every fix asks of every word
def _paths_in(text: str) -> tuple[tuple[str, ...], ...]:
    """The names of whatever may be a path in a text."""
    return tuple(_names(found[0]) for found in _PATH.finditer(_hidden(text)))


def _hidden(text: str) -> str:
    """The text with variables by their names between NULs: `${PORT:-8000}` is `\0PORT\0`."""
    plain = "$HOME" + text[1:] if text.startswith("~") else text
    return _VARIABLE.sub(lambda found: _hidden_name(found[0]), plain)


def _hidden_name(variable: str) -> str:
    found = _NAME.search(variable)
    name = found[0] if found else ""
    return f"${{{name}}}" if _FIXED.fullmatch(name) else f"{_ANY}{name}{_ANY}"


def _names(hidden: str) -> tuple[str, ...]:
    return tuple(map(_pattern, _SLASHES.sub("/", hidden.rstrip("/")).split("/")))


def _pattern(name: str) -> str:
    """One name of a path, its variables replaced by NUL if there is more to it."""
    pieces = name.split(_ANY)
    if len(pieces) == 3 and not pieces[0] and not pieces[2]:
        return f"${{{pieces[1]}}}"
    return _ANY.join(pieces[::2])


def _may_be_same(one: str, other: str) -> bool:
    """Whether two patterns fit the same text; NUL stands for any."""
    if _ANY not in one and _ANY not in other:
        return one == other
    if not _LETTER.search(one) or not _LETTER.search(other):
        return False  # nothing but a variable and a dot would fit everything
    reached = _past_any({0}, other)
    for sign in one:
        if sign == _ANY:
            reached = set(range(min(reached, default=len(other) + 1), len(other) + 1))
        else:
            after = {at + 1 for at in reached if other[at : at + 1] == sign}
            within = {at for at in reached if other[at : at + 1] == _ANY}
            reached = _past_any(after | within, other)
    return len(other) in reached


def _past_any(places: Iterable[int], text: str) -> set[int]:
    """The places, and those behind the NULs there, which may stand for nothing."""
    found = set[int]()
    for at in places:
        found.add(at)
        while text[at : at + 1] == _ANY:
            at += 1
            found.add(at)
    return found


def uses(work: Work, paths: Iterable[Path]) -> Iterator[Use]:
    """Every use of the paths that the trace or the script's text shows."""
    wanted = tuple(paths)
    for text, found in work.index.uses.items():
        if any(path.is_in(text) for path in wanted):
            yield from found
