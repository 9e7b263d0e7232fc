"""Facts about what was examined: files, statements, comments and knowledge."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from doctor.facts.base import Fact, attribute

Topic: TypeAlias = Literal[
    "tool-parser", "reasoning-parser", "first-release", "method", "drafter", "broken-release"
]


class InputFile(Fact, kw_only=True):
    """A file that was to be examined."""

    kind: ClassVar[str] = "file"

    problem: Literal["unreadable", "too-large", "too-much"] | None = attribute(
        "`unreadable`, `too-large`, `too-much` or null", None
    )
    reason: str = attribute("why it, or all of it, could not be examined, in a few words", "")


class UnparsedStatement(Fact, kw_only=True):
    """A statement that could not be read."""

    kind: ClassVar[str] = "unparsed"

    reason: str = attribute("why it could not be read, in a few words", "")


class Suppression(Fact, kw_only=True):
    """A comment that suppresses diagnostics."""

    kind: ClassVar[str] = "suppression"

    unused: str | None = attribute("the codes that it names and that suppressed nothing", None)


class Conflict(Fact, kw_only=True):
    """Two sources of knowledge that disagree, one of them the site's."""

    kind: ClassVar[str] = "conflict"

    topic: Topic = attribute(
        "`tool-parser`, `reasoning-parser`, `first-release`, `method`, `drafter` or "
        "`broken-release`"
    )
    subject: str = attribute("what they disagree on, in a few words")
    says: str = attribute("what the source that wins says")
    other_says: str = attribute("what the other source says")
    other_place: str = attribute("where the other source says so: file and line")


FACTS: tuple[type[Fact], ...] = (InputFile, UnparsedStatement, Suppression, Conflict)
