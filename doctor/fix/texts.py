"""The text that a command stands in: the script, or a quoted one that another shell reads."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.diagnostic import Location
from doctor.fix.lines import statements_around
from doctor.fix.work import NoFixError, Work
from doctor.shell import parse
from doctor.shell.tree import Block, HereDocument, Literal, Simple, Word
from doctor.shell.walk import commands, redirects, words

#: Text between double quotes that means itself there.
_PLAIN = regex(r'"[^"$`\\]*"')


class Standing(Record):
    """A command in the text that it is a part of.

    Its spans count from ``start``, an offset into the script. ``quotes`` are those that may stand
    in an edit of it: within ``'…'`` only the double ones, and the other way round.
    """

    work: Work
    command: Simple
    body: Block
    start: int = 0
    quotes: str = "'\""

    def stretch(self, start: int, end: int) -> Location:
        """The place of a stretch of the text, in the script."""
        return self.work.stretch(self.start + start, self.start + end)

    def written(self, word: Word) -> str:
        """A word as it is written."""
        return self.work.written(self.stretch(*word.span))

    def word_at(self, place: Location) -> Word:
        """The word of the command that begins where a value was written."""
        for word in self.command.words:
            if self.stretch(*word.span).start == place.start and not place.within:
                return word
        raise NoFixError("it is not written there as a word of the command")

    @property
    def owner_test(self) -> str:
        """What lets `find` see only the user's own, by number: `USER` is not set everywhere.

        Nor has everybody a name, in containers.
        """
        return '-user "$(id -u)"' if '"' in self.quotes else "-user $(id -u)"

    @property
    def is_statement(self) -> bool:
        """Whether it is a statement of its own, no part of a pipeline or an and-or list."""
        return statements_around(self.body, self.command)[-1:] == [self.command]


def standing(work: Work, location: Location | None = None) -> Standing:
    """Where a command stands, the fact's own if no other is named."""
    place = work.own(location or work.fact.location)
    line = work.source.text[work.line_start(place.start.offset) : place.start.offset]
    if line.count("`") % 2:
        raise NoFixError("it stands between backticks")
    body = work.traced.script.body
    found = _at(body, place.start.offset, place.end.offset)
    if found is not None:
        return Standing(work, found, body)
    for start, text, quotes in _quoted(work, place):
        inner = parse(text).body
        found = _at(inner, place.start.offset - start, place.end.offset - start)
        if found is not None:
            return Standing(work, found, inner, start, quotes)
    raise NoFixError("it stands in a text that another shell reads")


def _at(body: Block, start: int, end: int) -> Simple | None:
    same = (c for c in commands(body) if (c.span.start, c.span.end) == (start, end))
    return next((command for command in same if isinstance(command, Simple)), None)


def _quoted(work: Work, place: Location) -> Iterator[tuple[int, str, str]]:
    """The texts around a place in which nothing is expanded, and the quotes that may be in them."""
    for command in work.index.commands:
        for redirect in redirects(command):
            target = redirect.target
            if isinstance(target, HereDocument) and target.quoted and _holds(target.body, place):
                start, end = target.body.span
                yield start, work.source.text[start:end], "'\""
        for word in words(command):
            for part in word.parts if _holds(word, place) else ():
                text = work.source.text[part.span.start : part.span.end]
                if isinstance(part, Literal) and part.quoted and text[:1] == text[-1:] == "'":
                    yield part.span.start + 1, text[1:-1], '"'
                elif isinstance(part, Literal) and _PLAIN.fullmatch(text):
                    yield part.span.start + 1, text[1:-1], "'"


def _holds(word: Word, place: Location) -> bool:
    return word.span.start <= place.start.offset and place.end.offset <= word.span.end
