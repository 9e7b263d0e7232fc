"""Conditions: what ``[``, ``[[``, ``((`` and the patterns of ``case`` say, as far as known.

An outcome is true, false, or a choice between the two that is remembered as an assumption, so
that a variable which was tested twice is not taken both ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from doctor.base.numbers import signed_number
from doctor.base.patterns import escape, matches
from doctor.base.regex import regex
from doctor.base.tokens import blotted
from doctor.shell.tree import Command, Literal, Parameter, Simple, Test, Word
from doctor.trace.domain.environment import is_number
from doctor.trace.domain.fields import Fields, append
from doctor.trace.domain.results import Result, assuming
from doctor.trace.domain.state import State
from doctor.trace.machine.shell import Shell
from doctor.trace.words import parameters
from doctor.trace.words.expand import Expander
from doctor.values.assumption import NO, NO_GUARD, YES, Asked, Guard, Question, assume, consistent
from doctor.values.value import Text, Unknown, Value, known

_UNARY = frozenset(f"-{letter}" for letter in "znefdrwxsLhpSvtbcgkuOGNo")
_NUMERIC = frozenset(["-eq", "-ne", "-lt", "-le", "-gt", "-ge"])
#: How much of a command is shown where it is told of.
_SHOWN = 60
_BINARY = _NUMERIC | frozenset(["=", "==", "!=", "<", ">", "=~", "-nt", "-ot", "-ef"])


def test_command(shell: Shell, command: Test, state: State) -> list[Result]:
    """``[[ … ]]``."""
    expander = shell.expander(state)
    combined = [Fields(())]
    for index, word in enumerate(command.words):
        before = command.words[index - 1].literal if index else None
        values = (
            [_pattern(expander, word)] if before in ("=", "==", "!=") else expander.scalar(word)
        )
        found = [Fields((value,), value.assumes) for value in values]
        combined = expander.combined(combined, found, append)
    return _decide(expander, combined, state, asked(shell, command))


def test_builtin(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    """``[ … ]`` and ``test …``."""
    values = fields.values[1:]
    if fields.values[0].text == "[":
        values = values[:-1]
    if any(value.many and value.text is None for value in values):
        values = tuple(_one(value) for value in values)
    alternatives = [Fields(values, fields.assumes)]
    return _decide(shell.expander(state), alternatives, state, asked(shell, command))


def _one(value: Value) -> Value:
    """The same value as one word: an unquoted ``$X`` in a test is meant to be one."""
    pieces = tuple(replace(p, many=False) if isinstance(p, Unknown) else p for p in value.pieces)
    return replace(value, pieces=pieces)


def asked(shell: Shell, command: Command) -> Asked:
    """A command whose outcome is asked; people see its text, cut if it is long, and its line."""
    origin = shell.frame.origin(command.span)
    row = origin.location.start.row
    written = blotted(" ".join(shell.frame.written(command.span).split()))
    shown = written if len(written) <= _SHOWN else written[: _SHOWN - 1].rstrip() + "…"
    return Asked(written, f"`{shown}` in line {row}")


def _decide(
    expander: Expander, alternatives: Sequence[Fields], state: State, condition: Asked
) -> list[Result]:
    """The ways on from a condition, one for each of its possible outcomes."""
    alternatives = [held for fields in alternatives for held in _looked_up(expander, fields)]
    verdicts = [(fields, _Condition(fields.values).verdict()) for fields in alternatives]
    if verdicts and len({verdict for _, verdict in verdicts}) == 1 and verdicts[0][1] is not None:
        return [Result(state, verdicts[0][1])]
    results: list[Result] = []
    for fields, verdict in verdicts:
        for truth in (True, False) if verdict is None else (verdict,):
            guard = NO_GUARD if verdict is not None else _choice(fields.values, truth, condition)
            if consistent(guard, fields.assumes):
                way = assuming(state, guard | fields.assumes)
                results += [Result(way, truth)] if way is not None else []
    return results or [Result(state)]


def _looked_up(expander: Expander, fields: Fields) -> list[Fields]:
    """The words of a test with what ``-v NAME`` asks about in the place of the name."""
    if not any(value.text == "-v" for value in fields.values):
        return [fields]
    combined = [Fields((), fields.assumes)]
    for index, value in enumerate(fields.values):
        name = value.text if index and fields.values[index - 1].text == "-v" else None
        held = _contents(expander, name) if name and name.isidentifier() else [value]
        found = [Fields((each,), each.assumes) for each in held]
        combined = expander.combined(combined, found, append)
    return combined


def _contents(expander: Expander, name: str) -> Iterator[Value]:
    """What a variable may hold; one that is set and empty counts as filled."""
    for content in parameters.contents(expander.state, name):
        for filled, case in parameters.emptiness(content, name):
            is_set = filled or (isinstance(case, Value) and case.text == "")
            yield replace(known("set") if is_set else Value(), assumes=case.assumes)


def _choice(values: tuple[Value, ...], truth: bool, condition: Asked) -> Guard:
    """What it means for an unknown condition to hold or not."""
    emptiness = _emptiness(values)
    if emptiness is not None:
        unknown, is_set_if_true = emptiness
        is_set = truth == is_set_if_true
        return parameters.given(unknown, is_set)
    words = " ".join(value.identity for value in values)
    since = max((value.since for value in values), default=0)
    outcome = condition.holds(words, truth, since)
    return frozenset({outcome}) | _equality(values, truth, outcome.words)


def _equality(values: tuple[Value, ...], truth: bool, words: str) -> Guard:
    """That an unknown is a certain text or isn't, if that is what the outcome of a test says."""
    texts = [value.text for value in values]
    negated = texts[:1] == ["!"]
    if negated:
        values, texts = values[1:], texts[1:]
    operator = texts[1] if len(texts) == 3 else None
    if operator not in ("=", "==", "-eq", "!=", "-ne"):
        return NO_GUARD
    holds = (operator in ("!=", "-ne")) == (truth == negated)
    same = is_text(values[0], texts[2], words)
    if holds or not same:
        return same
    return frozenset({assume(Question.IS, f"{values[0].identity} {texts[2]}", NO, words)})


def is_text(value: Value, text: str | None, words: str) -> Guard:
    """The assumption that an unknown value is this text, and so no other one."""
    if value.text is not None or not text or re.search(r"[*?\[\\]", text):
        return NO_GUARD
    one = assume(Question.IS, value.identity, text, words, since=value.since)
    this = assume(Question.IS, f"{value.identity} {text}", YES, words, since=value.since)
    return frozenset({one, this})


def _emptiness(values: tuple[Value, ...]) -> tuple[Unknown, bool] | None:
    """The unknown whose emptiness is all that is tested, and whether true means "set"."""
    texts = [value.text for value in values]
    negated = texts[:1] == ["!"]
    values = values[1:] if negated else values
    texts = texts[1:] if negated else texts
    unknown, is_set = None, True
    if len(values) == 1:
        unknown = parameters.single(values[0])
    elif len(values) == 2 and texts[0] in ("-z", "-n"):
        unknown, is_set = parameters.single(values[1]), texts[0] == "-n"
    elif len(values) == 3 and texts[1] in ("=", "==", "!=") and texts[2] == "":
        unknown, is_set = parameters.single(values[0]), texts[1] == "!="
    if unknown is None or not unknown.name.startswith("$") or "(" in unknown.name:
        return None
    return unknown, is_set != negated


class _Condition:
    """Kleene evaluation of a test's words: ``!``, ``-a``/``&&``, ``-o``/``||``, parentheses."""

    def __init__(self, values: tuple[Value, ...]) -> None:
        self.values = values
        self.texts = [value.text for value in values]
        self.at = 0

    def verdict(self) -> bool | None:
        if not self.values:
            return False
        result = self._or()
        return result if self.at == len(self.values) else None

    def _peek(self) -> str | None:
        return self.texts[self.at] if self.at < len(self.texts) else None

    def _or(self) -> bool | None:
        result = self._and()
        while self._peek() in ("||", "-o"):
            self.at += 1
            other = self._and()
            result = True if True in (result, other) else None if None in (result, other) else False
        return result

    def _and(self) -> bool | None:
        result = self._not()
        while self._peek() in ("&&", "-a"):
            self.at += 1
            other = self._not()
            result = (
                False if False in (result, other) else None if None in (result, other) else True
            )
        return result

    def _not(self) -> bool | None:
        negate = False
        while self._peek() == "!" and self.at + 1 < len(self.values):
            negate = not negate
            self.at += 1
        if self._peek() == "(" and ")" in self.texts[self.at :]:
            self.at += 1
            result = self._or()
            self.at += 1
        else:
            result = self._primary()
        return result if result is None or not negate else not result

    def _primary(self) -> bool | None:
        left = self.at
        operator = self.texts[left + 1] if left + 1 < len(self.texts) else None
        if operator in _BINARY and left + 2 < len(self.texts):
            self.at += 3
            return _compare(operator or "", self.values[left], self.values[left + 2])
        if self._peek() in _UNARY and left + 1 < len(self.texts):
            self.at += 2
            return _unary(self.texts[left] or "", self.values[left + 1])
        self.at += 1
        return _is_nonempty(self.values[left]) if left < len(self.values) else None


def _is_nonempty(value: Value) -> bool | None:
    if any(p.text if isinstance(p, Text) else p.filled for p in value.pieces):
        return True
    return None if value.pieces else False


def _unary(operator: str, value: Value) -> bool | None:
    if operator not in ("-z", "-n", "-v"):
        return None
    nonempty = _is_nonempty(value)
    return None if nonempty is None else nonempty == (operator != "-z")


def _compare(operator: str, left: Value, right: Value) -> bool | None:
    if operator in _NUMERIC:
        x, y = signed_number(left.text), signed_number(right.text)
        if x is None or y is None:
            return None
        return {"-eq": x == y, "-ne": x != y, "-lt": x < y, "-le": x <= y, "-gt": x > y}.get(
            operator, x >= y
        )
    if operator in ("=", "==", "!="):
        equal = _equals(left, right)
        return None if equal is None else equal == (operator != "!=")
    return None


#: A text that is no number, and no pattern that one may match; an empty one asks whether it is set.
_NO_NUMBER = regex(r"[^\d*?\[\\]+")


def _equals(left: Value, pattern: Value) -> bool | None:
    if pattern.text is None:
        return None
    if left.text is None and not pattern.text:
        return False if _is_nonempty(left) else None
    if left.text is None:
        unknown = parameters.single(left)
        is_other = unknown is not None and is_number(unknown) and _NO_NUMBER.fullmatch(pattern.text)
        return False if is_other else None
    return left.text == pattern.text or matches(pattern.text, left.text)


def _pattern(expander: Expander, word: Word) -> Value:
    """A word as a pattern: what is quoted in it stands for itself."""
    result = Value()
    for part in word.parts:
        value = expander.scalar(Word(part.span, (part,)))[0]
        if part.quoted:
            pieces = tuple(
                Text(escape(p.text), p.origin) if isinstance(p, Text) else p for p in value.pieces
            )
            value = Value(pieces, value.assumes)
        result = result + value
    return result


def case_matches(expander: Expander, subject: Value, patterns: Sequence[Word]) -> bool | None:
    """Whether a ``case`` arm is taken; None if that can't be known."""
    verdict: bool | None = False
    for pattern in patterns:
        value = _pattern(expander, pattern)
        equal = value.text == "*" or _equals(subject, value)
        if equal:
            return True
        verdict = None if equal is None else verdict
    return verdict


def refine(state: State, subject: Word, patterns: Sequence[Word], guard: Guard) -> None:
    """In an arm with one plain pattern the variable that was looked at holds that text."""
    if len(patterns) != 1 or len(subject.parts) != 1 or not guard:
        return
    part, text = subject.parts[0], patterns[0].literal
    if not isinstance(part, Parameter) or part.operator or not text or not part.name.isidentifier():
        return
    plain = all(isinstance(p, Literal) for p in patterns[0].parts) and not re.search(
        r"[*?\[]", text
    )
    if plain:
        state.set(part.name, (Value((Text(text),), guard),))
