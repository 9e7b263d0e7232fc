"""Arithmetic that is a command: ``(( … ))``, ``let``, the three parts of ``for (( … ))``."""

from __future__ import annotations

import re

from doctor.base.regex import regex
from doctor.shell.tree import ArithmeticCommand
from doctor.trace.domain.results import Result
from doctor.trace.domain.state import Array, State
from doctor.trace.machine.shell import Shell
from doctor.trace.words.expand import Expander
from doctor.values.value import Value, known

#: A step at the beginning, and a rest in which nothing else is assigned: ``i++ < 4``.
_STEP = regex(
    r"\s*(?:([A-Za-z_]\w*)\s*(\+\+|--)|(\+\+|--)\s*([A-Za-z_]\w*))"
    r"((?:(?!\+\+|--|(?<![=!<>])=(?!=)).)*)$",
    re.DOTALL,
)
_ASSIGN = regex(r"\s*([A-Za-z_]\w*)\s*([-+*/%]?)=(?!=)(.+)$", re.DOTALL)


def arithmetic_command(shell: Shell, command: ArithmeticCommand, state: State) -> list[Result]:
    """``(( … ))``: true where the result is not 0."""
    expander = shell.expander(state)
    written = shell.frame.written(command.span)
    truths = {
        None if value.text is None else value.text != "0"
        for expression in expander.scalar(command.expression)
        for value in compute(expander, expression, written)
    }
    return [Result(state, truths.pop() if len(truths) == 1 else None)]


def compute(expander: Expander, expression: Value, written: str) -> list[Value]:
    """The value of an expression, whose assignments are carried out."""
    text = expression.display
    step = _STEP.match(text)
    if step:
        name, rest = step.group(1) or step.group(4), step.group(5)
        sign = (step.group(2) or step.group(3))[0]
        before = expander.computed(known(name + rest), written)
        _store(expander, name, known(f"{name} {sign} 1"), written)
        return before if step.group(1) else expander.computed(known(name + rest), written)
    assignment = _ASSIGN.match(text)
    if assignment:
        name, operator, right = assignment.groups()
        whole = f"{name} {operator} ({right})" if operator else right
        return _store(expander, name, known(whole), written)
    return expander.computed(expression, written)


def _store(expander: Expander, name: str, expression: Value, written: str) -> list[Value]:
    values = expander.computed(expression, written)
    if not isinstance(expander.state.get(name).alternatives[0], Array):
        expander.state.set(name, values)
    return values
