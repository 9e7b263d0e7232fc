"""Reading from the standard input: ``read`` and ``mapfile``, from text that is known."""

from __future__ import annotations

from collections.abc import Sequence

from doctor.base.record import Record
from doctor.shell.tree import Simple, Word
from doctor.trace.domain.fields import Fields, spans
from doctor.trace.domain.results import Result
from doctor.trace.domain.state import Array, State
from doctor.trace.machine import redirects
from doctor.trace.machine.shell import Shell
from doctor.trace.programs.options import read_options
from doctor.values.assumption import NO_GUARD
from doctor.values.value import Iteration, Unknown, Value, moment


class _Read(Record):
    """What was read: None if that isn't known; ``ended`` where the input held no line end."""

    text: Value | None
    ended: bool = False


def read(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    """``read``: a line, or with ``-d ''`` everything, into variables."""
    options, names = read_options(fields.values[1:], "adinNptu", frozenset())
    given = dict(options)
    found = _take(shell, command, given, state)
    target = given.get("-a")
    if target is not None:
        state.set(target.display, [_array(shell, command, each.text, state) for each in found])
    else:
        texts = [each.text for each in found]
        _assign(shell, command, texts, [name.text or "" for name in names], state)
    truths = {None if each.text is None else not each.ended for each in found}
    return [Result(state, truths.pop() if len(truths) == 1 else None)]


def _take(
    shell: Shell, command: Simple, given: dict[str, Value | None], state: State
) -> list[_Read]:
    """What one ``read`` takes from its own input, or from what the state has left of its own."""
    own = redirects.reads(command.redirects)
    sources = redirects.standard_inputs(command.redirects, shell.expander(state), state.input)
    ends = given.get("-d")
    if not sources or given.keys() & {"-n", "-N", "-u"} or (ends is not None and ends.display):
        if not own:
            state.input = None
        shell.may_hold()
        return [_Read(None)]
    found = []
    for source in sources:
        at = source.shadow.find("\n") if "-d" not in given else -1
        found.append(_Read(source if at < 0 else source.slice(0, at), ended=at < 0))
        if not own:
            state.input = Value() if at < 0 else source.slice(at + 1)
    return found


def _array(shell: Shell, command: Simple, line: Value | None, state: State) -> Array:
    items = None if line is None else _words(line, _separators(shell, command, state))
    if items is None:
        return Array(open=True, since=shell.walk.number())
    return Array(items, assumes=NO_GUARD if line is None else line.assumes)


def _assign(
    shell: Shell,
    command: Simple,
    lines: Sequence[Value | None],
    names: list[str],
    state: State,
) -> None:
    """Give each name a word of the line, the last one all that is left."""
    turn = frozenset(Iteration(t.loop) for t in shell.context.turns if t.index is None)
    separators = _separators(shell, command, state)
    if not names:
        unknown = Value((moment("$REPLY", shell.walk.number(), turn),))
        state.set("REPLY", [unknown if line is None else line for line in lines])
        return
    contents: dict[str, list[Value]] = {name: [] for name in names if name.isidentifier()}
    for line in lines:
        words = None if line is None or separators is None else _fill(line, separators, len(names))
        for index, name in enumerate(names):
            value = words[index] if words is not None else None
            if value is None:
                varies = turn | (line.varies if line is not None else frozenset())
                value = Value((moment(f"${name}", shell.walk.number(), varies),))
            if name in contents:
                contents[name].append(value)
    for name, values in contents.items():
        state.set(name, values)


def _fill(line: Value, separators: str, count: int) -> list[Value | None]:
    """``count`` words of a line, None where one that isn't known may hold separators too."""
    shadow = line.shadow
    found = spans(shadow, separators)
    if len(found) > count:
        end = len(shadow.rstrip("".join(c for c in separators if c in " \t\n")))
        found[count - 1 :] = [(found[count - 1][0], end)]
    sure = shadow.find("\0")
    words: list[Value | None] = []
    for index in range(count):
        start, end = found[index] if index < len(found) else (len(shadow), len(shadow))
        is_sure = sure < 0 or end <= sure or (index == count - 1 and start <= sure)
        words.append(line.slice(start, end) if is_sure else None)
    return words


def _words(line: Value | None, separators: str | None) -> tuple[Value, ...] | None:
    if line is None or separators is None or "\0" in line.shadow:
        return None
    return tuple(line.slice(*span) for span in spans(line.shadow, separators))


def _separators(shell: Shell, command: Simple, state: State) -> str | None:
    """``IFS`` as ``read`` sees it: mostly an assignment before it."""
    for assignment in command.assignments:
        if assignment.name == "IFS" and isinstance(assignment.value, Word):
            return shell.expander(state).scalar(assignment.value)[0].text
    return state.separators


def mapfile(shell: Shell, command: Simple, fields: Fields, state: State) -> list[Result]:
    """``mapfile`` or ``readarray``: the lines of the input as an array."""
    options, names = read_options(fields.values[1:], "dnOsuCc", frozenset())
    name = names[-1].text or "" if names else "MAPFILE"
    source = redirects.standard_input(command.redirects, shell.expander(state), state.input)
    number = shell.walk.number()
    made_by = redirects.feed(command.redirects, shell.frame, shell.context.feed)
    lines_of = Unknown(f"${{{name}[@]}}", many=True, origin=made_by, which=number, since=number)
    content = Array(open=True, since=number)
    if made_by is not None:
        content = Array((Value((lines_of,)),))
    plain = all(option == "-t" for option, _ in options)
    if source is not None and plain and "\0" not in source.shadow:
        text = source.shadow.removesuffix("\n")
        lines = spans(text + "\n", "\n") if "\n\n" not in text else []
        content = Array(tuple(source.slice(*line) for line in lines)) if lines else content
    if name.isidentifier():
        state.set(name, (content,))
    return [Result(state)]
