"""How a command ends: the state it leaves, whether it succeeded, and where control goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from doctor.base.record import Record
from doctor.trace.domain.state import State, join
from doctor.values.assumption import Assumption, Guard, consistent


class Flow(Enum):
    """Where control goes after a command."""

    NEXT = "next"
    BREAK = "break"
    CONTINUE = "continue"
    RETURN = "return"
    EXIT = "exit"


class Result(Record):
    """One way in which a command may end; ``truth`` is None where success is not known."""

    state: State
    truth: bool | None = None
    flow: Flow = Flow.NEXT


def merge(results: Sequence[Result]) -> list[Result]:
    """The same results with all that go on to the next command made one."""
    going_on = [result for result in results if result.flow is Flow.NEXT]
    others = [result for result in results if result.flow is not Flow.NEXT]
    if len(going_on) <= 1:
        return [*going_on, *others]
    truths = {result.truth for result in going_on}
    states = [result.state for result in going_on]
    state = together(states) if others else joined(states)
    return [Result(state, truths.pop() if len(truths) == 1 else None), *others]


def joined(states: Sequence[State]) -> State:
    """The state where ways through the script come together again."""
    common = frozenset.intersection(*(state.guard for state in states))
    return join(states, [state.guard - common for state in states])


def together(states: Sequence[State]) -> State:
    """The same where no other way goes on: a variable holds what it may on one of these at least.

    Such are the ways into an arm of an ``if``, of all that have come to it, and those that go on
    where others leave the script.
    """
    one = joined(states)
    if all(state.guard != one.guard for state in states):
        one.one_of += (tuple(state.guard for state in states),)
    return one


def assuming(state: State, guard: Guard) -> State | None:
    """A copy of the state on the way where ``guard`` holds; None if that way doesn't exist."""
    if not consistent(state.guard, guard):
        return None
    way = state.copy()
    way.guard |= guard
    return way


def split(result: Result, answer: Callable[[bool], Assumption]) -> list[Result]:
    """A result of unknown success as two, one for success and one for failure.

    ``answer`` says what is assumed where the command succeeds, or else fails.
    """
    if result.truth is not None or result.flow is not Flow.NEXT:
        return [result]
    found = []
    for truth in (True, False):
        state = assuming(result.state, frozenset({answer(truth)}))
        if state is not None:
            found.append(Result(state, truth))
    return found or [result]
