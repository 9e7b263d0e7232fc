"""``getopts``: the next option of arguments that are known, as POSIX has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from doctor.base.numbers import whole_number
from doctor.base.record import Record
from doctor.shell.tree import Simple
from doctor.trace.domain.fields import Fields
from doctor.trace.domain.results import Result
from doctor.trace.domain.state import Missing, State
from doctor.trace.machine.shell import Shell
from doctor.values.value import Value, known, moment

#: Holds how far a word of several letters (``-xvf``) is read; no script can use such a name.
_WITHIN = "getopts within"


class _Step(Record):
    """What one call finds: ``name`` is the option, ``index`` and ``within`` where to go on."""

    name: str
    argument: Value | None
    index: int
    within: int = 0
    found: bool = True


def getopts(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    """``getopts OPTIONS NAME [WORD…]``; without words it reads the arguments."""
    if len(fields.values) < 3 or not (fields.values[2].text or "").isidentifier():
        return [Result(state)]
    name = fields.values[2].text or ""
    words = fields.values[3:] or state.positional
    step = _next(fields.values[1].text, words, _number(state, "OPTIND", 1), state)
    if step is None:
        for variable, told in ((name, "the option"), ("OPTARG", "$OPTARG"), ("OPTIND", "$OPTIND")):
            state.set(variable, (Value((moment(told, shell.walk.number()),)),))
        return [Result(state)]
    state.set(name, (known(step.name),))
    state.set("OPTARG", (Missing(inherited=False) if step.argument is None else step.argument,))
    state.set("OPTIND", (known(str(step.index)),))
    state.set(_WITHIN, (known(str(step.within)),))
    return [Result(state, step.found)]


def _number(state: State, name: str, default: int) -> int | None:
    """The number in a variable; None if it isn't known."""
    found = state.get(name).alternatives
    if len(found) != 1 or isinstance(found[0], Missing):
        return default if len(found) == 1 else None
    return whole_number(found[0].text) if isinstance(found[0], Value) else None


def _next(
    options: str | None, words: Sequence[Value] | None, index: int | None, state: State
) -> _Step | None:
    """The next option; None if it can't be known."""
    if options is None or words is None or not index or any(word.many for word in words):
        return None
    within = _number(state, _WITHIN, 0) or 0
    word = words[index - 1].text if index <= len(words) else ""
    if word is None:
        return None
    if within == 0 or within >= len(word):
        if word == "--":
            return _Step("?", None, index + 1, found=False)
        if word[:1] != "-" or word == "-":
            return _Step("?", None, index, found=False)
        within = 1
    return _letter(options, words, index, within, word)


def _letter(options: str, words: Sequence[Value], index: int, within: int, word: str) -> _Step:
    letter, rest = word[within], word[within + 1 :]
    after = _Step(letter, None, index, within + 1) if rest else _Step(letter, None, index + 1)
    silent = options.startswith(":")
    place = options.find(letter, 1 if silent else 0)
    if place < 0 or letter == ":":
        return replace(after, name="?", argument=known(letter) if silent else None)
    if options[place + 1 : place + 2] != ":":
        return after
    if rest:
        return _Step(letter, known(rest), index + 1)
    if index < len(words):
        return _Step(letter, words[index], index + 2)
    return _Step(":" if silent else "?", known(letter) if silent else None, index + 1)
