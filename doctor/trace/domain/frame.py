"""Frames: the text that is walked, be it a file or a string that a shell reads inside one."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import ClassVar, TypeAlias

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.diagnostic import Source
from doctor.shell.header_words import placeholders
from doctor.shell.tree import Span
from doctor.values.value import Origin, Piece, Text, Unknown, Value, concatenated


class FileFrame(Record):
    """A whole file: its spans are where they are."""

    unknowns: ClassVar[Mapping[str, Value]] = {}

    source: Source

    @property
    def file(self) -> Source:
        return self.source

    def origin(self, span: Span) -> Origin:
        return Origin(self.source, span.start, span.end)

    def written(self, span: Span) -> str:
        return self.source.text[span.start : span.end]


class ForeignFrame(Record):
    """A file that is no part of the scan: all of it has the place of the command that names it."""

    unknowns: ClassVar[Mapping[str, Value]] = {}

    source: Source
    outer: Origin

    @property
    def file(self) -> Source:
        return self.source

    def origin(self, span: Span) -> Origin:
        row = self.source.position(span.start).row
        return replace(self.outer, within=f"{self.source.filename}, line {row}")

    def written(self, span: Span) -> str:
        return self.source.text[span.start : span.end]


class NestedFrame(Record):
    """A text that the script hands to another shell: ``bash -c "…"``, a here-document, ``eval``.

    ``text`` is what that shell reads, with each unknown replaced by a reference to a variable
    of ``unknowns``; ``pieces`` tells for every stretch of it where it was written.
    """

    text: str
    pieces: tuple[tuple[int, Piece], ...]
    unknowns: Mapping[str, Value]
    outer: Origin

    @property
    def file(self) -> Source:
        return self.outer.source

    def origin(self, span: Span) -> Origin:
        at = bisect_right(self.pieces, span.start, key=itemgetter(0))
        if not at:
            return self.outer
        start, piece = self.pieces[at - 1]
        return self._within(piece, span.start - start, span.end - start)

    def stretches(self, span: Span) -> list[Span]:
        """The parts of a stretch that were written apart from one another."""
        cuts = [at for at, _ in self.pieces if span.start < at < span.end]
        return [Span(*ends) for ends in pairwise((span.start, *cuts, span.end))]

    def _within(self, piece: Piece, first: int, last: int) -> Origin:
        origin = piece.origin
        if origin is None:
            return self.outer
        if not isinstance(piece, Text):
            return origin
        places = _places(origin.source.text, origin.start, origin.end, piece.text)
        if places is None:
            return origin
        start, end = places[min(first, len(piece.text))], places[min(last, len(piece.text))]
        return Origin(origin.source, start, max(start, end), origin.within)

    def written(self, span: Span) -> str:
        text = self.text[span.start : span.end]
        return _REFERENCE.sub(
            lambda found: (
                self.unknowns[found[1]].display if found[1] in self.unknowns else found[0]
            ),
            text,
        )


#: What a shell makes other text of: backslashes within double quotes, tabs that begin the lines of
#: a here-document, both, and the escapes of ``$'…'``.
_READ = (
    regex(r"(?!)"),
    regex(r'\\(?:([$`"\\])|\n)'),
    regex(r"^\t+()", re.MULTILINE),
    regex(r"\\(?:([$`\\])|\n)|^\t+", re.MULTILINE),
    regex(r"\\([nt'\"\\])"),
)
_CONTROL = {"n": "\n", "t": "\t"}


@lru_cache(maxsize=16)
def _places(text: str, start: int, end: int, read: str) -> Sequence[int] | None:
    """Where each character that a shell reads of a stretch of a text stands, and where it ends."""
    for pattern in _READ:
        control = _CONTROL if pattern is _READ[-1] else {}
        made: list[str] = []
        places: list[int] = []
        at = start
        for match in pattern.finditer(text, start, end):
            kept = control.get(match[1], match[1]) or ""
            made += text[at : match.start()], kept
            places += range(at, match.start() + len(kept))
            at = match.end()
        places += range(at, end + 1)
        found = "".join([*made, text[at:end]]).find(read)
        if found >= 0:
            return places[found : found + len(read) + 1]
    return None


#: What ``nested`` writes in place of an unknown: a variable whose name begins so.
UNKNOWN_PREFIX = "_unknown_"
#: The name of what a command prints.
_OUTPUT = regex(r"\$\((?!\()|`")
_REFERENCE = regex(r"\$\{(_unknown_\d+_\d+)\}")


def restored(text: str, frame: ScriptFrame, span: Span, quoted: bool) -> Value:
    """Literal text, written at ``span``, with the unknowns within it.

    These are placeholders of a template, and in a nested frame what was unknown outside.
    """
    if UNKNOWN_PREFIX not in text:
        parts = frame.stretches(span) if isinstance(frame, NestedFrame) else [span]
        if len(parts) == 1 or len(text) != span.end - span.start:
            return _filled_in(Text(text, frame.origin(span), quoted)) if text else Value()
        return concatenated(
            _filled_in(Text(text[each.start - span.start : each.end - span.start], place, quoted))
            for each, place in ((each, frame.origin(each)) for each in parts)
        )
    value = Value()
    at = span.start
    for index, part in enumerate(_REFERENCE.split(text)):
        if index % 2:
            value += frame.unknowns.get(part, Value((Unknown(part),)))
            at = _after(frame, part, at)
        elif part:
            value += Value((Text(part, frame.origin(Span(at, max(at, span.end))), quoted),))
    return value


def _filled_in(whole: Text) -> Value:
    """Text whose placeholders, ``{MODEL}`` or ``{{ model }}``, somebody fills in before it runs."""
    found = list(placeholders(whole.text))
    if not found:
        return Value((whole,))
    value, at = Value((whole,)), 0
    pieces: tuple[Piece, ...] = ()
    for span in found:
        part = value.slice(*span)
        pieces += value.slice(at, span.start).pieces if span.start > at else ()
        pieces += (Unknown(part.display, origin=part.origin),)
        at = span.end
    return Value(pieces + (value.slice(at).pieces if at < len(whole.text) else ()))


def _after(frame: ScriptFrame, name: str, at: int) -> int:
    """Where the text goes on after the reference to an unknown."""
    reference = f"${{{name}}}"
    found = frame.text.find(reference, at) if isinstance(frame, NestedFrame) else -1
    return at if found < 0 else found + len(reference)


def nested(value: Value, outer: Origin, depth: int) -> NestedFrame:
    """The frame of a value that is read as a script; ``outer`` is the command that does it."""
    texts: list[str] = []
    pieces: list[tuple[int, Piece]] = []
    unknowns: dict[str, Value] = {}
    at = 0
    for piece in value.pieces:
        text = piece.text if isinstance(piece, Text) else None
        if text is None:
            name = f"{UNKNOWN_PREFIX}{depth}_{len(unknowns)}"
            unknowns[name] = Value((_as_text(piece),), value.assumes)
            text = f"${{{name}}}"
        pieces.append((at, piece))
        texts.append(text)
        at += len(text)
    return NestedFrame("".join(texts), tuple(pieces), unknowns, outer)


def _as_text(piece: Piece) -> Piece:
    """An unknown within other text: what a command prints may be several words of it."""
    if isinstance(piece, Unknown):
        return replace(piece, many=_OUTPUT.match(piece.name) is not None)
    return piece


#: The frames of whole scripts.
ScriptFrame: TypeAlias = FileFrame | ForeignFrame | NestedFrame
