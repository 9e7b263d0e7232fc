"""Patterns as in a `.gitignore`, matched in time that grows with their length and the path's.

A stranger's configuration holds them, so none may take for ever: a pattern is taken apart into
segments, between slashes, and a segment into the texts between its stars. The first place where
such a text is found is as good as any later one, so there is no way back from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from doctor.base.record import Record
from doctor.base.regex import regex

#: The most patterns of a list, and characters in all of them.
MAX_PATTERNS, MAX_CHARACTERS = 1000, 1 << 16

_TOKEN = regex(r"\*+|\?|\[[!^]?\]?[^\]]{0,64}\]|\\.|.", re.DOTALL)
_MEMBER = regex(r"\\?(.)(?:-\\?(.))?", re.DOTALL)
_ALL_STARS = regex(r"\A\*{2,}\Z")
_SPECIAL = regex(r"[*?\[\\]")

#: Whether a name fits a segment of a pattern; None stands for any number of folders (`**`).
_Segment = Callable[[str], object] | None
_NOTHING = "".__eq__  # no name is empty


class Pattern(Record):
    """One pattern; ``negated`` (`!`) takes back what others before it mean."""

    segments: tuple[_Segment, ...]
    negated: bool
    folders_only: bool

    def means(self, parts: Sequence[str], folder: bool) -> bool:
        """Whether it means the path, apart from what lies above it."""
        return (folder or not self.folders_only) and _fit(self.segments, parts)


class Ignores:
    """What a list of patterns means; of those that mean a path the last one decides.

    Raises ``re.error`` for what is no pattern.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [made for text in patterns for made in _patterns(text)][::-1]
        self._folders: dict[tuple[str, ...], bool] = {}

    def mean(self, path: str, folder: bool = False) -> bool:
        """Whether a path, relative to where the patterns stand, or a folder above it is meant."""
        parts = tuple(path.split("/"))
        above = (parts[:end] for end in range(1, len(parts)))
        return any(map(self._means_folder, above)) or self._mean(parts, folder)

    def says(self, path: str, folder: bool = False) -> bool | None:
        """Whether a path is meant, apart from what lies above it; None where no pattern fits it."""
        return self._says(path.split("/"), folder)

    def _means_folder(self, parts: tuple[str, ...]) -> bool:
        if parts not in self._folders:
            self._folders[parts] = self._mean(parts, True)
        return self._folders[parts]

    def _mean(self, parts: Sequence[str], folder: bool) -> bool:
        return self._says(parts, folder) is True

    def _says(self, parts: Sequence[str], folder: bool) -> bool | None:
        found = (each for each in self._patterns if each.means(parts, folder))
        last = next(found, None)
        return None if last is None else not last.negated


def _patterns(text: str) -> Iterator[Pattern]:
    """The pattern that a line holds, unless it is empty or a comment."""
    blanks = len(text) - len(text.rstrip(" "))
    text = text.rstrip(" ")
    if blanks and text.endswith("\\"):
        text += " "
    if text.startswith("#"):
        return
    negated, text = text.startswith("!"), text.removeprefix("!")
    folders_only, text = text.endswith("/"), text.removesuffix("/")
    words = [_ALL_STARS.sub("**", word) for word in text.removeprefix("/").split("/")]
    if "/" not in text:
        words.insert(0, "**")  # at any depth
    if words[-1] == "**":
        words.append("*")  # what is in a folder, but not the folder itself
    if text.strip("/"):
        yield Pattern(tuple(map(_segment, words)), negated, folders_only)


def _segment(word: str) -> _Segment:
    if word == "**":
        return None
    if not _SPECIAL.search(word):
        return word.__eq__
    texts = [""]
    for token in _TOKEN.findall(word):
        if token[0] == "*":
            texts.append("")
        else:
            texts[-1] += _expression(token)
    first, *others = texts
    if others:
        *inner, last = others
        # A lookahead is never tried again: it finds the first place, and the group goes there.
        steps = (f"(?=(?P<to{n}>.*?{text}))(?P=to{n})" for n, text in enumerate(inner))
        first = f"{first}{''.join(steps)}.*{last}"
    return re.compile(first, re.DOTALL).fullmatch


def _expression(token: str) -> str:
    """The regular expression of what stands for one character."""
    if token == "?":
        return "."
    if token[0] == "[" and len(token) > 1:
        negated = token[1] in "!^"
        members = _MEMBER.sub(_member, token[1 + negated : -1])
        return f"[{'^' if negated else ''}{members}]"
    return re.escape(token[-1])


def _member(found: re.Match[str]) -> str:
    first, last = found.groups()
    return re.escape(first) + (f"-{re.escape(last)}" if last else "")


def _fit(segments: Sequence[_Segment], parts: Sequence[str]) -> bool:
    """Whether the parts of a path fit the segments; only the last `**` is ever extended."""
    at = part = 0
    stars, resume = -1, 0
    while part < len(parts):
        segment = segments[at] if at < len(segments) else _NOTHING
        if segment is None:
            stars, resume = at, part
            at += 1
        elif segment(parts[part]):
            at, part = at + 1, part + 1
        elif stars >= 0:
            resume += 1
            at, part = stars + 1, resume
        else:
            return False
    return all(segment is None for segment in segments[at:])
