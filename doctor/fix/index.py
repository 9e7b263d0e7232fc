"""What the fixes of one script look up in it, gathered once for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, pairwise

from doctor.base.record import Record
from doctor.diagnostic import Location
from doctor.fix.stretches import Stretches
from doctor.shell.tree import Command, HereDocument, Literal, Simple, Span, Word
from doctor.shell.walk import commands, redirects, values, words
from doctor.trace.programs.invocation import Invocation
from doctor.trace.readers.servers import Started
from doctor.trace.trace import Traced
from doctor.values.value import Value


class Use(Record):
    """A word or a text that may name a path; ``spans`` are what it is made of in this script."""

    text: str
    spans: tuple[Span, ...]

    def is_covered_by(self, stretches: Stretches) -> bool:
        """Whether it changes as soon as these stretches of the script do."""
        return any(map(stretches.meet, self.spans))


class Index:
    """The commands, words, programs and servers of a script."""

    def __init__(self, traced: Traced) -> None:
        self._traced = traced

    @property
    def size(self) -> int:
        """How much there is to look through for one fix."""
        return len(self.commands) + len(self._traced.walk.invocations)

    @cached_property
    def commands(self) -> Sequence[Command]:
        """The commands of the script, also those within others."""
        return list(commands(self._traced.script.body))

    @cached_property
    def words(self) -> Sequence[Word]:
        """The words of the script, those of its arrays included."""
        return [word for command in self.commands for word in words(command)]

    @cached_property
    def in_words(self) -> Stretches:
        """Where words stand."""
        return Stretches(word.span for word in self.words)

    @cached_property
    def in_comments(self) -> Stretches:
        """Where comments stand."""
        return Stretches(comment.span for comment in self._traced.script.comments)

    @cached_property
    def verbatim(self) -> Stretches:
        """Where this script's own shell expands no variable: single quotes, `<<'EOF'`."""
        text = self._traced.source.text
        bodies = (r.target for command in self.commands for r in redirects(command))
        quoted = [b.body.span for b in bodies if isinstance(b, HereDocument) and b.quoted]
        parts = (part for word in self.words for part in word.parts if isinstance(part, Literal))
        literal = [p.span for p in parts if text.startswith(("'", "$'"), p.span.start)]
        return Stretches(quoted + literal)

    @cached_property
    def simple_at(self) -> Mapping[tuple[int, int], Simple]:
        """The simple commands by where they begin and end; of several the outermost."""
        found: dict[tuple[int, int], Simple] = {}
        for command in self.commands:
            if isinstance(command, Simple):
                found.setdefault((command.span.start, command.span.end), command)
        return found

    @cached_property
    def invocations_at(self) -> Mapping[Location, Sequence[Invocation]]:
        """The programs by the commands that start them, their wrappers first."""
        found = defaultdict[Location, list[Invocation]](list)
        for invocation in self._traced.walk.invocations:
            if invocation.arguments:
                found[invocation.origin.location].append(invocation)
        return found

    @cached_property
    def servers_at(self) -> Mapping[Location, Sequence[Started]]:
        """The servers by the commands that start them."""
        found = defaultdict[Location, list[Started]](list)
        for server in self._traced.servers:
            found[server.invocation.origin.location].append(server)
        return found

    @cached_property
    def uses(self) -> Mapping[str, Sequence[Use]]:
        """Every word or text that the trace or the script shows and that may name a path.

        Those of one text are together, since words repeat: `vllm serve m --port 8000`.
        """
        found = defaultdict[str, list[Use]](list)
        for use in chain(self._given(), self._written()):
            found[use.text].append(use)
        return found

    def _given(self) -> Iterator[Use]:
        """What programs are given, read and write."""
        variables: dict[int, Value] = {}
        for invocation in self._traced.walk.invocations:
            contents = chain.from_iterable(invocation.environment.values())
            variables.update((id(each), each) for each in contents if isinstance(each, Value))
            outputs = (output.path for output in invocation.context.outputs.values())
            for value in (*invocation.arguments[1:], invocation.input, *outputs):
                if value is not None:
                    yield Use(value.display, tuple(self._spans(value)))
            if invocation.program == "find":
                yield from self._found(invocation)
        for value in variables.values():
            yield Use(value.display, tuple(self._spans(value)))

    def _found(self, invocation: Invocation) -> Iterator[Use]:
        """What `find FOLDER -name PATTERN` looks for, which stands there in two words."""
        words = invocation.arguments[1:]
        folders = [
            word.display.rstrip("/") for word in words if word.display[:1] in ("/", "~", "$")
        ]
        for option, pattern in pairwise(words):
            for folder in folders[:8] if option.text == "-name" else ():
                yield Use(f"{folder}/{pattern.display}", tuple(self._spans(pattern)))

    def _spans(self, value: Value) -> Iterator[Span]:
        for piece in value.pieces:
            origin = piece.origin
            if origin is not None and origin.source.filename == self._traced.source.filename:
                yield Span(origin.start, origin.end)

    def _written(self) -> Iterator[Use]:
        """The words that start no program: assignments, conditions, lists, what is read from."""
        started = {
            (invocation.origin.start, invocation.origin.end)
            for invocation in self._traced.walk.invocations
            if invocation.origin.source.filename == self._traced.source.filename
        }
        for command in self.commands:
            found = [r.target for r in redirects(command) if r.operator == "<"]
            if (command.span.start, command.span.end) not in started:
                found += words(command)
            elif isinstance(command, Simple):
                found += [word for each in command.assignments for word in values(each)]
            for word in found:
                if isinstance(word, Word):
                    yield Use(self._as_text(word), (word.span,))

    def _as_text(self, word: Word) -> str:
        """The word without its quotes, each expansion as it is written."""
        text = self._traced.source.text
        return "".join(
            part.text if isinstance(part, Literal) else text[part.span.start : part.span.end]
            for part in word.parts
        )
