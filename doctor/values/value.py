"""Values: what a word of a script may expand to, as far as that can be known.

A value is a sequence of parts. A part is text, or an unknown with a name; each remembers where
in the files it was written, so that a diagnostic can point there and a fix can edit it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from itertools import accumulate
from typing import Final, Literal, NamedTuple, TypeAlias

from doctor.base.bounds import MAX_CHARACTERS, MAX_PIECES
from doctor.base.record import Record
from doctor.base.unknown import UNKNOWN as UNKNOWN
from doctor.base.unknown import UnknownType as UnknownType
from doctor.diagnostic import Location, Source
from doctor.values.assumption import Assumption


class Origin(Record):
    """Where a part was written: offsets into a source's text, the end exclusive.

    What stands in a file that is no part of the scan has the place that names this file, and
    ``within`` tells where it stands there.
    """

    source: Source
    start: int
    end: int
    within: str = ""

    @property
    def location(self) -> Location:
        place = self.source.location(self.start, self.end)
        return place._replace(within=self.within) if self.within else place


class Text(Record):
    """A known stretch of a value. ``quoted`` text is safe from globbing and splitting."""

    text: str
    origin: Origin | None = field(default=None, compare=False)
    quoted: bool = field(default=False, compare=False)


class Iteration(NamedTuple):
    """The iterations of one loop, which its number tells from others."""

    loop: int


#: What an unknown may differ by. A task is a Slurm task of a step, or one of an array.
Vary: TypeAlias = (
    Literal["process", "task", "array-task", "host", "job", "random", "user"] | Iteration
)
PROCESS: Final = "process"
TASK: Final = "task"
ARRAY_TASK: Final = "array-task"
HOST: Final = "host"
JOB: Final = "job"
RANDOM: Final = "random"
USER: Final = "user"


class Unknown(Record):
    """A stretch that cannot be known, named as a person would: ``$USER``, ``$(date)``.

    ``varies`` says between what it surely differs.
    ``many`` is true where it may expand to no word or to several (``$ARGS`` unquoted, ``"$@"``).
    ``matched`` is true where the name is a pattern and the unknown a file name that matches it.
    Two of one name are surely equal only if ``which`` agrees: a command that runs twice may print
    something else. ``since`` is the moment of the walk at which it came to be, 0 if before it.
    ``filled`` is true where it surely is not empty.
    """

    name: str
    varies: frozenset[Vary] = frozenset()
    many: bool = False
    matched: bool = False
    origin: Origin | None = field(default=None, compare=False)
    which: int = 0
    since: int = 0
    filled: bool = field(default=False, compare=False)


Piece: TypeAlias = Text | Unknown


class Value(Record):
    """One thing that a word may expand to, and what that rests on."""

    pieces: tuple[Piece, ...] = ()
    assumes: frozenset[Assumption] = frozenset()

    @property
    def text(self) -> str | None:
        """The whole text, or None if any of it is unknown."""
        texts = []
        for piece in self.pieces:
            if isinstance(piece, Unknown):
                return None
            texts.append(piece.text)
        return "".join(texts)

    @property
    def display(self) -> str:
        """The text with each unknown by its name: ``/tmp/cache_$USER``."""
        return "".join(p.text if isinstance(p, Text) else p.name for p in self.pieces)

    @property
    def shadow(self) -> str:
        """``display`` with the unknowns' names blotted out by NULs, to search in known text."""
        return "".join(p.text if isinstance(p, Text) else "\0" * len(p.name) for p in self.pieces)

    @property
    def prefix(self) -> str:
        """The known text before the first unknown."""
        known = []
        for piece in self.pieces:
            if isinstance(piece, Unknown):
                break
            known.append(piece.text)
        return "".join(known)

    @property
    def identity(self) -> str:
        """The same for two values that are surely equal, if what they rest on holds."""
        return "".join(
            p.text if isinstance(p, Text) else f"\0{p.name}\0{p.which}\0" for p in self.pieces
        )

    @property
    def since(self) -> int:
        """The moment of the walk from which on the value is what it is."""
        return max((p.since for p in self.pieces if isinstance(p, Unknown)), default=0)

    @property
    def varies(self) -> frozenset[Vary]:
        """Between what the value surely differs."""
        return frozenset().union(*(p.varies for p in self.pieces if isinstance(p, Unknown)))

    @property
    def many(self) -> bool:
        """Whether it may stand for no word or for several."""
        return any(isinstance(piece, Unknown) and piece.many for piece in self.pieces)

    @property
    def origin(self) -> Origin | None:
        """Where its first piece with a known place was written."""
        return next((piece.origin for piece in self.pieces if piece.origin is not None), None)

    @property
    def location(self) -> Location | None:
        """Where it was written, as far as that is one stretch of a file.

        Of a path that is put together it is what holds its last name: in ``$ROOT/vllm_*`` that is
        the pattern, wherever ``ROOT=/tmp`` stands.
        """
        placed = [piece for piece in self.pieces if piece.origin is not None]
        if not placed:
            return None
        last = self._of_last_name()
        at = placed.index(last) if last in placed else len(placed) - 1
        run = [piece.origin for piece in placed if piece.origin is not None]
        while at and _follows(run[at - 1], run[at]):
            at -= 1
        return replace(run[at], end=max(run[at].end, _adjacent_end(run[at:]))).location

    def _of_last_name(self) -> Piece | None:
        """The piece, text or a pattern, that holds the last slash with something behind it."""
        behind = False
        for piece in reversed(self.pieces):
            if isinstance(piece, Text):
                kept = piece.text if behind else piece.text.rstrip("/")
                if "/" in kept:
                    return piece
                behind = behind or bool(kept)
            elif piece.matched and "/" in piece.name:
                return piece
            else:
                behind = True
        return None

    def __add__(self, other: Value) -> Value:
        return _bounded(self.pieces + other.pieces, self.assumes | other.assumes)

    def slice(self, start: int, end: int | None = None) -> Value:
        """The value of characters ``start`` to ``end`` of ``display``; known text only is cut.

        An unknown is kept whole if any of its name lies in the stretch. Origins of cut text
        are narrowed where the text was written as it stands.
        """
        return next(self.slices([(start, len(self.display) if end is None else end)]))

    def slices(self, spans: Iterable[tuple[int, int]]) -> Iterator[Value]:
        """Several slices, each from where it starts to where it ends."""
        sizes = (len(p.text if isinstance(p, Text) else p.name) for p in self.pieces)
        ends = list(accumulate(sizes))
        for start, end in spans:
            kept: list[Piece] = []
            for index in range(bisect_right(ends, start), len(ends)):
                piece, at = self.pieces[index], ends[index - 1] if index else 0
                if at >= end:
                    break
                first, last = max(start, at) - at, min(end, ends[index]) - at
                if first < last:
                    kept.append(_cut(piece, first, last) if isinstance(piece, Text) else piece)
            yield Value(tuple(kept), self.assumes)

    def split(self, separator: str) -> list[Value]:
        """The values between the separators, a character that counts in known text only."""
        spans, start = [], 0
        for item in self.shadow.split(separator):
            spans.append((start, start + len(item)))
            start += len(item) + 1
        return list(self.slices(spans))


def _cut(piece: Text, first: int, last: int) -> Text:
    origin = piece.origin
    if origin is not None:
        written = origin.source.text[origin.start : origin.end]
        at = written.find(piece.text)
        if at >= 0:
            start = origin.start + at
            origin = Origin(origin.source, start + first, start + last, origin.within)
    return Text(piece.text[first:last], origin, piece.quoted)


def _adjacent_end(origins: Iterable[Origin]) -> int:
    """The end of the run of origins that follow one another without a gap of a line."""
    end = -1
    before: Origin | None = None
    for origin in origins:
        if before is not None and not _follows(before, origin):
            break
        before, end = origin, origin.end
    return end


def _follows(one: Origin, other: Origin) -> bool:
    """Whether one is written right behind the other, with a quote or two between them."""
    return one.source is other.source and 0 <= other.start - one.end <= 2


#: The name of what stands for a value, or for words, that grew too long.
TOO_LONG = "… (too long)"


def concatenated(values: Iterable[Value]) -> Value:
    """The values one after the other as one."""
    every = list(values)
    assumes = frozenset[Assumption]().union(*(value.assumes for value in every))
    return _bounded(tuple(piece for value in every for piece in value.pieces), assumes)


def _bounded(pieces: tuple[Piece, ...], assumes: frozenset[Assumption]) -> Value:
    """The value of these pieces, one unknown in place of far too many or too long ones."""
    value = Value(pieces, assumes)
    size = sum(len(p.text) for p in pieces if isinstance(p, Text)) if len(pieces) > 8 else 0
    if len(pieces) <= MAX_PIECES and size <= MAX_CHARACTERS:
        return value
    return Value((derived(TOO_LONG, value, many=True, origin=value.origin),), assumes)


def is_too_long(value: Value) -> bool:
    """Whether a value ends in what stands for one that grew too long."""
    last = value.pieces[-1] if value.pieces else None
    return isinstance(last, Unknown) and last.name == TOO_LONG


def derived(
    name: str, *sources: Value, many: bool = False, origin: Origin | None = None
) -> Unknown:
    """An unknown that is made of other values: it differs as they do."""
    return Unknown(
        name,
        frozenset[Vary]().union(*(value.varies for value in sources)),
        many,
        origin=origin,
        which=hash(tuple(value.identity for value in sources)),
        since=max((value.since for value in sources), default=0),
    )


def moment(name: str, number: int, varies: frozenset[Vary] = frozenset()) -> Unknown:
    """An unknown that came to be at one moment of the walk, and is like no other."""
    return Unknown(name, varies, which=number, since=number)


def known(text: str, origin: Origin | None = None) -> Value:
    """A value of known text."""
    return Value((Text(text, origin),)) if text else Value()


def placed(value: Value, origin: Origin | None) -> Value:
    """The value with an origin for the pieces that have none."""
    if all(piece.origin is not None for piece in value.pieces):
        return value
    pieces = tuple(p if p.origin is not None else replace(p, origin=origin) for p in value.pieces)
    return Value(pieces, value.assumes)
