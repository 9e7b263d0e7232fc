"""Comments put into a script that suppress what is told of it.

They stand where people put them: at the end of the line, or, where no comment can stand there
(within a continued command, a text of several lines or a here-document), above the command.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from doctor.base.record import Record
from doctor.diagnostic import Applicability, Edit, Fix, Location
from doctor.facts.inputs import Suppression
from doctor.fix.offer import Examined, Offer
from doctor.scan.comments import Layout, Marker, is_directive, marker
from doctor.shell.tree import ArithmeticCommand, Comment, HereDocument, Span, Test
from doctor.shell.walk import commands, redirects, words
from doctor.trace.trace import Traced


def ignoring(examined: Examined) -> Examined:
    """The same, with a comment that suppresses it in the place of each diagnostic's fix."""
    margin = Margin(examined.traced)
    return replace(examined, offers=tuple(_ignored(each, margin) for each in examined.offers))


def _ignored(offer: Offer, margin: Margin) -> Offer:
    found = replace(offer.diagnostic, fix=None)
    if isinstance(offer.verdict.facts[0], Suppression):
        return replace(offer, diagnostic=found, refused="--fix takes such a comment out")
    places = (found.location, *(fact.location for fact in offer.verdict.facts))
    edits = (margin.comment(found.code, place) for place in dict.fromkeys(places))
    edit = next((each for each in edits if each is not None), None)
    if edit is None:
        return replace(offer, diagnostic=found, refused="no comment can stand there")
    fix = Fix(Applicability.SAFE, f"Ignore {found.code} here.", (edit,))
    return Offer(replace(found, fix=fix), offer.verdict)


class Margin(Record):
    """Where in a script comments may stand."""

    traced: Traced

    def comment(self, code: str, place: Location) -> Edit | None:
        """What suppresses a rule at a place of the script; None where nothing can."""
        source = self.traced.source
        if place.filename != source.filename or place.start.offset >= len(source.text):
            return None
        row = place.start.row
        return self._beside(code, row) or self._above(code, row)

    def _beside(self, code: str, row: int) -> Edit | None:
        """A comment at the end of a row, or one more code in the comment there."""
        line = self._line(row)
        comment = self._comments.get(row)
        if comment is None:
            free = not self._is_continued(row) and not self._is_within(line.end)
            return self._written(line.end, f"  {_text(code)}") if free else None
        told = marker(comment)
        alone = self._layout.is_on_a_line_of_its_own(comment)
        if alone and (told is not None or comment.text.startswith("#!")):
            return None  # it is about what is below
        if alone and is_directive(comment) and any(comment.text.count(q) % 2 for q in "'\""):
            return None  # sbatch would read it as a part of a word
        if told is not None:
            return self._joined(code, told)
        return self._written(line.end, f"  {_text(code)}")

    def _above(self, code: str, row: int) -> Edit | None:
        """A comment on a line of its own above the command of a row, or one more code in it."""
        for begin in self._beginnings(row):
            if begin == 1 and self.traced.source.text.startswith("#!"):
                continue
            above = self._comments.get(begin - 1)
            told = marker(above) if above is not None else None
            if told is not None and above and self._layout.is_on_a_line_of_its_own(above):
                return self._joined(code, told)
            line = self._line(begin)
            text = self.traced.source.text[line.start : line.end]
            indent = text[: len(text) - len(text.lstrip())]
            return self._written(line.start, f"{indent}{_text(code)}{self._newline}")
        return None

    def _beginnings(self, row: int) -> Iterator[int]:
        """The rows in which the commands around a row begin as the first of their line."""
        source = self.traced.source
        if row in self._comments:
            yield row
        around = [each for each in self._layout.commands if row in self._layout.rows_of(each)]
        for command in sorted(around, key=lambda each: each.span.start, reverse=True):
            begin = source.position(command.span.start)
            before = source.line(begin.row)[: begin.column - 1]
            if not before.strip() and not (begin.row > 1 and self._is_continued(begin.row - 1)):
                yield begin.row

    def _joined(self, code: str, told: Marker) -> Edit | None:
        """One more code in the brackets of a comment."""
        known = [selector for selector, _ in told.selectors]
        if told.verb != "ignore" or not told.named or code in known:
            return None
        return self._written(told.selectors[-1][1].end, f", {code}")

    def _written(self, offset: int, text: str) -> Edit:
        return Edit(self.traced.source.location(offset, offset), text)

    def _line(self, row: int) -> Span:
        """A row, without its line end."""
        source = self.traced.source
        start = source.start_of(row)
        return Span(start, start + len(source.line(row)))

    def _is_continued(self, row: int) -> bool:
        """Whether the next line goes on with this one."""
        line = self.traced.source.line(row)
        return (len(line) - len(line.rstrip("\\"))) % 2 == 1 and row not in self._comments

    def _is_within(self, offset: int) -> bool:
        """Whether an offset lies in a text, where a comment would be a part of that."""
        return any(span.start < offset < span.end for span in self._texts)

    @cached_property
    def _layout(self) -> Layout:
        return Layout(self.traced.script, self.traced.source)

    @cached_property
    def _comments(self) -> dict[int, Comment]:
        """The comments by their rows."""
        position = self.traced.source.position
        return {position(each.span.start).row: each for each in self.traced.script.comments}

    @cached_property
    def _texts(self) -> list[Span]:
        """What a line end may be a part of: words, here-documents, what could not be read."""
        script = self.traced.script
        found = [each.span for each in script.unparsed]
        for command in commands(script.body):
            if isinstance(command, Test | ArithmeticCommand):
                found.append(command.span)
            found += (word.span for word in words(command))
            for redirect in redirects(command):
                if isinstance(redirect.target, HereDocument):
                    start, end = redirect.target.body.span
                    found.append(Span(start - 1, end + 1))
        return [span for span in found if "\n" in script.text[span.start : span.end]]

    @property
    def _newline(self) -> str:
        text = self.traced.source.text
        return "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"


def _text(code: str) -> str:
    return f"# vllm-doctor: ignore[{code}]"
