"""Branches: ``&&`` and ``||``, ``if`` and ``case``, each way through them apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from doctor.base.record import Record
from doctor.shell.tree import AndOr, Block, Case, CaseArm, If
from doctor.trace.domain.results import Flow, Result, assuming, joined, split, together
from doctor.trace.domain.state import State
from doctor.trace.machine import conditions
from doctor.trace.machine.captured import is_collected
from doctor.trace.machine.shell import Shell
from doctor.values.assumption import NO_GUARD, Assumption, Guard, Question, assume, consistent
from doctor.values.value import Value


def and_or(shell: Shell, command: AndOr, state: State) -> list[Result]:
    """``a && b || c``."""
    results = shell.execute(command.commands[0], state)
    for operator, part in zip(command.operators, command.commands[1:], strict=True):
        number = shell.walk.number()
        asked = conditions.asked(shell, command.commands[0])
        results = _decided(results, partial(asked.succeeds, number))
        wanted = operator == "&&"
        taken = [r for r in results if r.flow is Flow.NEXT and r.truth is wanted]
        passed = [r for r in results if r not in taken]
        results = passed
        if taken:
            results = [*passed, *shell.execute(part, together([r.state for r in taken]))]
    return results


def _decided(results: list[Result], answer: Callable[[bool], Assumption]) -> list[Result]:
    """The results with every unknown success split in two."""
    return [way for result in results for way in split(result, answer)]


def if_command(shell: Shell, command: If, state: State) -> list[Result]:
    """``if … elif … else … fi``."""
    results: list[Result] = []
    waiting = [state]
    needless = NO_GUARD
    for arm in command.arms:
        tested = [
            way
            for before in waiting
            for way in _tested(shell, shell.block(arm.condition, before), arm.condition)
        ]
        entered = [way.state for way in tested if way.flow is Flow.NEXT and way.truth]
        waiting = [way.state for way in tested if way.flow is Flow.NEXT and not way.truth]
        last = arm is command.arms[-1] and command.otherwise is None
        passed = NO_GUARD
        if len(entered) > 1 or (len(waiting) > 1 and not last):
            entered, waiting, passed = _told_apart(shell, arm.condition, entered, waiting)
        results += [way for way in tested if way.flow is not Flow.NEXT]
        inside = [result for before in entered for result in shell.block(arm.body, before)]
        results += inside
        if not is_collected(state) and all(result.flow is Flow.EXIT for result in inside):
            needless |= passed
    for before in waiting:
        otherwise = command.otherwise
        results += [Result(before)] if otherwise is None else shell.block(otherwise, before)
    for result in results:
        result.state.guard -= needless  # where an arm ends all, nothing goes on beside the others
    return results


def _told_apart(
    shell: Shell, condition: Block, entered: list[State], passed: list[State]
) -> tuple[list[State], list[State], Guard]:
    """The ways into an arm as one, those past it as one, and what distinguishes these from others.

    So an arm is walked once, however many things the variables in its condition may hold. Nothing
    is held there that isn't held on one of the ways.
    """
    one, other = ([together(ways)] if ways else [] for ways in (entered, passed))
    if not (one and other) or not consistent(one[0].guard, other[0].guard):
        return one, other, NO_GUARD
    number = shell.walk.number()
    asked = conditions.asked(shell, condition[-1].command)
    about = Question.HOLDS if _is_undecided([*entered, *passed]) else Question.ARM
    yes, no = (
        frozenset({replace(asked.holds(number, truth), about=about)}) for truth in (True, False)
    )
    one[0].guard |= yes
    other[0].guard |= no
    return one, other, no


def _is_undecided(ways: Sequence[State]) -> bool:
    """Whether these ways differ by what nobody can decide, not by what variables hold."""
    common = frozenset.intersection(*(way.guard for way in ways))
    return any(assumption.undecided for way in ways for assumption in way.guard - common)


def _tested(shell: Shell, results: list[Result], condition: Block) -> list[Result]:
    """The results of an ``if``'s condition, each true or false."""
    if not condition:
        return results
    number = shell.walk.number()
    asked = conditions.asked(shell, condition[-1].command)
    return _decided(results, partial(asked.holds, number))


# --- case -----------------------------------------------------------------------------


class _Looking(Record):
    """A state in which the next arm's patterns are looked at.

    Which arm is taken from here is one question, which ``number`` and ``after`` (the arm that ran
    on into the next) tell from others; ``entered`` tells that some arm may have been.
    """

    state: State
    number: int
    after: int = -1
    entered: bool = False

    def takes(self, arm: str, words: str, subject: Value) -> Assumption:
        """That this arm is entered, or none."""
        of = f"{self.number} {self.after}"
        return assume(Question.ARM, of, arm, words, since=subject.since)


def case(shell: Shell, command: Case, state: State) -> list[Result]:
    """``case … in … esac``, for each thing that the subject may be."""
    results: list[Result] = []
    number = shell.walk.number()
    for subject in shell.expander(state).scalar(command.subject):
        way = assuming(state, subject.assumes)
        if way is not None:
            results += _case_of(shell, command, subject, _Looking(way, number))
    return results or [Result(state)]


def _case_of(shell: Shell, command: Case, subject: Value, start: _Looking) -> list[Result]:
    """The ways through the arms for one subject."""
    done: list[Result] = []
    looking = [start]
    falling: list[State] = []
    for index, arm in enumerate(command.arms):
        entered, looking = _arm(shell, command, index, subject, looking)
        if falling and entered:
            entered = [_fallen_or_entered(shell, command, index, subject, falling + entered)]
        results = [r for before in entered or falling for r in shell.block(arm.body, before)]
        falling = []
        if arm.terminator not in (";&", ";;&"):
            done += results
            continue
        done += [result for result in results if result.flow is not Flow.NEXT]
        going_on = [result.state for result in results if result.flow is Flow.NEXT]
        if going_on and arm.terminator == ";&":
            falling = [joined(going_on)]
        elif going_on:
            looking.append(_Looking(joined(going_on), start.number, index))
    done += [Result(before) for before in falling]
    words = f"{subject.display} is like none of the patterns"
    for way in looking:
        guard = frozenset({way.takes("none", words, subject)}) if way.entered else NO_GUARD
        left = assuming(way.state, guard)
        done += [Result(left)] if left is not None else []
    return done


def _fallen_or_entered(
    shell: Shell, command: Case, index: int, subject: Value, ways: list[State]
) -> State:
    """The state in an arm that the one before it runs on into (``;&``), or that is entered."""
    together = joined(ways)
    if all(way.guard - together.guard for way in ways):
        first = index
        while first and command.arms[first - 1].terminator == ";&":
            first -= 1
        likes = (_patterns(shell, arm) for arm in command.arms[first : index + 1])
        words = f"{subject.display} {' or '.join(likes)}"
        of = shell.walk.number()
        reached = assume(Question.ARM, of, "reached", words, since=subject.since)
        together.guard |= {reached}
    return together


def _arm(
    shell: Shell, command: Case, index: int, subject: Value, looking: Sequence[_Looking]
) -> tuple[list[State], list[_Looking]]:
    """The states in which an arm is entered, and those in which the next one is looked at."""
    arm = command.arms[index]
    entered: list[State] = []
    passed: list[_Looking] = []
    for way in looking:
        verdict = conditions.case_matches(shell.expander(way.state), subject, arm.patterns)
        if verdict is False:
            passed.append(way)
            continue
        words = f"{subject.display} {_patterns(shell, arm)}"
        choice = frozenset({way.takes(str(index), words, subject)})
        if len(arm.patterns) == 1:
            choice |= conditions.is_text(subject, arm.patterns[0].literal, words)
        sure = verdict is True and not way.entered
        guard = NO_GUARD if sure else choice
        inside = assuming(way.state, guard)
        if inside is not None:
            conditions.refine(inside, command.subject, arm.patterns, guard)
            entered.append(inside)
        if verdict is None:
            passed.append(replace(way, entered=way.entered or inside is not None))
    return entered, passed


def _patterns(shell: Shell, arm: CaseArm) -> str:
    """What a subject is in an arm, in words: ``is like *-8B``."""
    written = [shell.frame.written(pattern.span) for pattern in arm.patterns]
    return "is anything else" if "*" in written else f"is like {' or '.join(written)}"
