"""What a log tells, gathered from one block after the other in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from doctor.log import header
from doctor.log.header import Header
from doctor.log.line import Line, line
from doctor.log.search import Find, Searcher, mark_of
from doctor.log.signature import Role, Signature

_READY = b"Application startup complete"
#: Whoever ends a server ends its processes, too: what they say then is no fault.
_STOPS = {
    b"INFO:     Shutting down": None,
    b"KeyboardInterrupt": None,
    b" CANCELLED AT ": b"rror: ",
}
#: The marks of lines that are looked at for as long as a log goes on.
_ALWAYS = (b"rror: ", b"xception: ")
#: What is searched for besides signatures, and the mark of such a line.
_TURNS = {**dict.fromkeys((*header.TEXTS, _READY)), **_STOPS}
#: How many errors of one stretch, speakers of one fault and stretches of one log are kept.
_MOST_ERRORS = 3
_MOST_SPEAKERS = 9
_MOST_STRETCHES = 40
#: A pattern that was not found in so many lines with its text is not tried any more.
_MOST_MISSES = 1000


@dataclass
class Sighting:
    """A signature in one stretch of a log: where it first fits, how often, and who says so."""

    signature: Signature
    first: Line
    groups: Mapping[str, str]
    speakers: list[str] = field(default_factory=list)
    count: int = 0


@dataclass
class Stretch:
    """A part of a log: a server's start, or what it says once it is ready.

    ``errors`` are the first of those that are not known better, ``last_error`` is the last one.
    """

    serving: bool = False
    header: Header = field(default_factory=Header)
    sightings: dict[str, Sighting] = field(default_factory=dict)
    errors: list[Sighting] = field(default_factory=list)
    last_error: Sighting | None = None
    stopped: bool = False

    def see(self, signature: Signature, groups: Mapping[str, str], told: Line) -> None:
        """Take note of a line that fits a signature."""
        if self.stopped and signature.role in (Role.WRAPPER, Role.ERROR):
            return
        new = Sighting(signature, told, groups)
        if signature.role is Role.ERROR:
            self.last_error = known = new
            if len(self.errors) < _MOST_ERRORS:
                self.errors.append(new)
        else:
            known = self.sightings.setdefault(signature.code, new)
        known.count += 1
        if told.speaker not in ("", *known.speakers) and len(known.speakers) < _MOST_SPEAKERS:
            known.speakers.append(told.speaker)

    def of(self, *roles: Role) -> list[Sighting]:
        """The sightings of signatures with these roles, in the order of their rows."""
        found = [each for each in self.sightings.values() if each.signature.role in roles]
        return sorted(found, key=lambda each: each.first.row)

    @property
    def seen(self) -> list[Sighting]:
        """All sightings that are kept."""
        return [*self.sightings.values(), *self.errors]


class Account:
    """Reads a log's blocks; ``stretches`` and ``rows`` are what it has read so far."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        self._by_text: dict[bytes, list[Signature]] = {}
        for signature in signatures:
            for text in signature.search:
                self._by_text.setdefault(text.encode(), []).append(signature)
        marks = {text: _mark(text, sharing) for text, sharing in self._by_text.items()}
        lasting = {
            text: mark
            for text, mark in marks.items()
            if mark in _ALWAYS or any(each.lasts for each in self._by_text[text])
        }
        self._starting = Searcher({**_TURNS, **marks})
        self._serving = Searcher({header.BANNER: None, **_STOPS, **lasting})
        self._misses: Counter[str] = Counter()
        self.stretches = [Stretch()]
        self.rows = 0

    @property
    def last_run(self) -> list[Stretch]:
        """The stretches since the last server began to start."""
        begins = [at for at, each in enumerate(self.stretches) if not each.serving]
        return self.stretches[begins[-1] if begins else 0 :]

    def read(self, block: bytes) -> None:
        """Take in the next block of the log."""
        row, at = self.rows + 1, 0
        for find in self._finds(block):
            row += block.count(b"\n", at, find.start)
            at = find.start
            self._take(find, row)
        self.rows = row - 1 + block.count(b"\n", at)

    def _finds(self, block: bytes) -> list[Find]:
        """What is worth a look; once a server is ready, that is less, until another one starts."""
        if self.stretches[-1].serving:
            found = self._serving.finds(block)
            if not any(header.BANNER in find.held for find in found):
                return found
        return self._starting.finds(block)

    def _take(self, find: Find, row: int) -> None:
        told = line(row, find.data)
        if told.message.lstrip().startswith("raise "):
            return  # a traceback quotes the program: what it says comes after
        self._turn(find.held, told)
        fitting = self._fitting(find.held, told)
        if fitting is not None:
            self.stretches[-1].see(*fitting, told)

    def _turn(self, held: Sequence[bytes], told: Line) -> None:
        """Follow a server from its start to its end."""
        known = self.stretches[-1].header
        if header.BANNER in held:
            self._begin(Stretch())
            known = Header()
        elif _READY in held:
            self._begin(Stretch(serving=True))
        elif any(stop in held for stop in _STOPS):
            self.stretches[-1].stopped = True
        self.stretches[-1].header = header.extended(known, held, told)

    def _begin(self, stretch: Stretch) -> None:
        last = self.stretches[-1]
        if not last.seen and last.serving == stretch.serving:
            self.stretches.pop()  # one of several API servers, or nothing was said before
        self.stretches.append(stretch)
        if len(self.stretches) > _MOST_STRETCHES:
            del self.stretches[_MOST_STRETCHES // 2]

    def _fitting(
        self, held: Sequence[bytes], told: Line
    ) -> tuple[Signature, Mapping[str, str]] | None:
        """The signature that fits best, and what its pattern found."""
        for text in sorted(held, key=len, reverse=True):
            for signature in self._by_text.get(text, ()):
                if self._misses[signature.code] > _MOST_MISSES:
                    continue
                groups = signature.fits(told.message, text.decode())
                if groups is not None:
                    return signature, groups
                self._misses[signature.code] += 1
        return None


def _mark(text: bytes, signatures: Sequence[Signature]) -> bytes | None:
    """The mark of the lines that hold a text: the examples tell."""
    examples = (example.encode() for each in signatures for example in each.examples)
    return mark_of([text]) or mark_of([example for example in examples if text in example])
