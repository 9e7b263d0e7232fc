"""What an action works on: a repair, the facts that it is for, and the script they stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.diagnostic import Edit, Location, Source
from doctor.facts.base import Evidence, Fact
from doctor.fix.index import Index
from doctor.rulebook.verdict import Repair
from doctor.shell.tree import Assignment, Simple, Word
from doctor.trace.programs.invocation import Invocation
from doctor.trace.readers.servers import Started
from doctor.trace.trace import Traced

#: Text that means itself wherever it is put: in a word, in quotes, in a string for another shell.
_PLAIN = regex(r"[\w./:@%+=,~-]*")
_QUOTES = "\"'"


class NoFixError(Exception):
    """Why no fix is offered, in a few words."""


class Work(Record):
    """One repair to be made in one script."""

    repair: Repair
    facts: tuple[Fact, ...]
    traced: Traced
    index: Index

    @property
    def fact(self) -> Fact:
        return self.facts[0]

    @property
    def source(self) -> Source:
        return self.traced.source

    def operand(self, name: str) -> str:
        """The text of a parameter."""
        value = self.repair.operands[name]
        return f"{value:g}" if isinstance(value, float) else str(value)

    def names(self, name: str) -> frozenset[str]:
        """The texts of a parameter that is a set of them."""
        value = self.repair.operands[name]
        if isinstance(value, (frozenset, set, tuple, list)):
            return frozenset(map(str, value))
        return frozenset({str(value)})

    def place(self, attribute: str) -> Location:
        """Where an attribute's value is written in this very file."""
        evidence = self.fact.evidence.get(attribute.replace("-", "_"), Evidence())
        for location in evidence.locations:
            return self.own(location)
        raise NoFixError("the value is not written anywhere")

    def own(self, location: Location) -> Location:
        """The location, which must be a stretch of this script's own text."""
        if location.within or location.filename != self.source.filename:
            raise NoFixError(f"it is written in {location.within or location.filename}")
        return location

    def written(self, location: Location) -> str:
        """The text at a location."""
        return self.source.text[location.start.offset : location.end.offset]

    def value_place(self, attribute: str) -> Location:
        """The stretch that is the value itself, without the quotes around it.

        Only a value that is written there as it is can be replaced there.
        """
        location = self.place(attribute)
        text = self.written(location)
        if len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES:
            location = self.stretch(location.start.offset + 1, location.end.offset - 1)
            text = text[1:-1]
        value = getattr(self.fact, attribute.replace("-", "_"))
        if text != str(value) and not _same_number(text, value):
            raise NoFixError("the value does not stand there literally")
        return location

    def stretch(self, start: int, end: int) -> Location:
        """The location of a stretch of offsets."""
        return self.source.location(start, end)

    def edit(self, location: Location, content: str) -> Edit:
        """The edit, whose content must mean itself in any context."""
        if not all(map(_PLAIN.fullmatch, content.split(" "))):
            raise NoFixError(f"{content!r} would have to be quoted there")
        return Edit(location, content)

    def command(self, location: Location | None = None) -> Simple:
        """The fact's command, one of this script's own and not in a text for another shell."""
        place = self.own(location or self.fact.location)
        command = self.index.simple_at.get((place.start.offset, place.end.offset))
        if command is not None:
            return command
        raise NoFixError("it stands in a text that another shell reads")

    def words(self) -> Sequence[Word]:
        """The words of the script, those of its arrays included."""
        return self.index.words

    def assignments(self) -> Iterator[tuple[Simple, Assignment]]:
        """The script's assignments, each with the command that makes it."""
        for command in self.index.commands:
            if isinstance(command, Simple):
                yield from ((command, each) for each in assignments(command))

    def servers(self) -> Sequence[Started]:
        """The servers that the fact's command starts, on all ways through the script."""
        return self.index.servers_at.get(self.fact.location, ())

    def invocations(self) -> Sequence[Invocation]:
        """The programs that the fact's command starts, its wrappers first."""
        return self.index.invocations_at.get(self.fact.location, ())

    def is_comment(self, offset: int) -> bool:
        """Whether a comment stands at an offset."""
        return self.index.in_comments.hold(offset)

    def expands(self, offset: int) -> bool:
        """Whether a variable put in at an offset would be expanded by this script's own shell."""
        return self.index.in_words.hold(offset) and not self.index.verbatim.hold(offset)

    @property
    def newline(self) -> str:
        """The line end of most of this script's lines."""
        text = self.source.text
        return "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"

    def line_start(self, offset: int) -> int:
        """The offset at which the line of an offset begins."""
        return self.source.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """The offset of the line end after an offset, or the end of the text."""
        end = self.source.text.find("\n", offset)
        end = len(self.source.text) if end < 0 else end
        return end - 1 if end > offset and self.source.text[end - 1] == "\r" else end


def assignments(command: Simple) -> Iterator[Assignment]:
    """The assignments of a command: `A=1`, `A=1 program`, `export A=1`."""
    yield from command.assignments
    yield from (each for each in command.arguments if isinstance(each, Assignment))


def _same_number(text: str, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return float(text) == value
    except ValueError:
        return False


class How(Record):
    """How an action is carried out: the function that makes its edits.

    ``is_harmless`` tells whether an action that may be safe is so in this place; without it, it is
    wherever it can be made.
    """

    edits: Callable[[Work], Iterator[Edit]]
    is_harmless: Callable[[Work], bool] | None = None
