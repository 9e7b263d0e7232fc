"""What a value rests on: the choices that were made on the way to it."""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from doctor.base.record import Record


class Assumption(Record):
    """A choice that a value rests on, such as "MODEL is left at its default".

    Two values are consistent if they take the same ``choice`` wherever they share a ``key``. What
    is asked about came to be at the moment ``since`` of the walk.
    """

    key: str
    choice: str
    words: str = field(compare=False)
    since: int = field(default=0, compare=False)


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


def given(guard: Guard) -> int:
    """On how many variables that somebody may give it rests; the more, the less likely it is."""
    return sum(a.key.startswith("given:") and a.choice == "given" for a in guard)
