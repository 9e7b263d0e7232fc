"""What a value rests on: the path condition under which it is what it is.

Where a branch can't be decided, each path through it remembers its answer, an assumption.
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum, auto
from typing import TypeAlias

from doctor.base.record import Record


class Question(Enum):
    """What an assumption answers."""

    #: Is a variable set and not empty?
    GIVEN = auto()
    #: Does a condition hold, a test or what stands behind ``if``?
    HOLDS = auto()
    #: Does a command succeed, before ``&&`` or ``||``?
    SUCCEEDS = auto()
    #: Which arm of a ``case`` is entered?
    ARM = auto()
    #: Is a value a certain text?
    IS = auto()
    #: Is it the first iteration of a loop, or a later one?
    ITERATION = auto()
    #: Has a loop changed a variable or a function?
    CHANGED = auto()
    #: Has a loop any iteration?
    ITERATES = auto()
    #: Does an unknown word run the command that follows it?
    RUNS = auto()


class Assumption(Record):
    """The answer to a question, such as "MODEL is left at its default".

    Two assumptions are consistent if they take the same ``choice`` wherever they share a ``key``,
    which nobody reads otherwise. ``subject`` is what is asked about: a variable's name, the text
    of a condition, the number of a loop. It came to be at the moment ``since`` of the walk.
    ``words`` are for people.
    """

    about: Question = field(compare=False)
    key: str
    choice: str
    words: str = field(compare=False)
    subject: str | int = field(default="", compare=False)
    since: int = field(default=0, compare=False)

    @property
    def undecided(self) -> bool:
        """Whether it is the outcome of a condition that nobody can decide.

        That a command succeeds which another one follows is what its author expects.
        """
        if self.about is Question.SUCCEEDS:
            return self.choice == NO
        return self.about is Question.HOLDS

    @property
    def default_of(self) -> str | None:
        """The variable that is left at its default, if that is what is assumed."""
        left = (self.about, self.choice) in ((Question.GIVEN, EMPTY), (Question.CHANGED, NO))
        return str(self.subject) if left else None


YES, NO = "yes", "no"
#: The answers to ``GIVEN``.
FILLED, EMPTY = "given", "empty"
#: The answers to ``ITERATION``.
FIRST, LATER = "first", "later"


def assume(
    about: Question,
    of: object,
    choice: str,
    words: str,
    subject: str | int = "",
    since: int = 0,
) -> Assumption:
    """An assumption; ``of`` tells its question from others of the kind."""
    return Assumption(about, f"{about.name} {of}", choice, words, subject, since)


class Asked(Record):
    """A condition as it is written, and as a person reads it."""

    text: str
    words: str

    def holds(self, of: object, truth: bool, since: int = 0) -> Assumption:
        """That the condition holds or fails."""
        words = f"{self.words} {'holds' if truth else 'fails'}"
        return assume(Question.HOLDS, of, YES if truth else NO, words, self.text, since)

    def succeeds(self, of: object, truth: bool) -> Assumption:
        """That the command succeeds or fails."""
        words = f"{self.words} {'succeeds' if truth else 'fails'}"
        return assume(Question.SUCCEEDS, of, YES if truth else NO, words, self.text)


#: The path condition: all that was assumed on the way to a point of the script.
Guard: TypeAlias = frozenset[Assumption]
NO_GUARD: Guard = frozenset()


def consistent(guard: Guard, other: Guard) -> bool:
    """Whether no question is answered in two ways."""
    if not guard or not other or guard is other:
        return True
    chosen = {a.key: a.choice for a in guard}
    for a in other:  # noqa: SIM110 - asked most often of all; `all` takes half as long again
        if chosen.get(a.key, a.choice) != a.choice:
            return False
    return True


def unlikeliness(guard: Guard) -> int:
    """On how many variables that somebody may give it rests; the more, the less likely it is."""
    return sum(a.about is Question.GIVEN and a.choice == FILLED for a in guard)
