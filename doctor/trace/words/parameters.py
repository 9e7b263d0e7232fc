"""Parameter expansion: ``${name:-default}``, ``${name##*/}``, ``${name[@]}`` and their kin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from doctor.base.numbers import is_digits, signed_number, whole_number
from doctor.shell.tree import Parameter
from doctor.trace.domain.environment import SCRIPT, inherited, is_always_set
from doctor.trace.domain.state import Array, Content, Missing, State
from doctor.trace.words import arithmetic
from doctor.values.assumption import EMPTY, FILLED, Guard, Question, assume
from doctor.values.value import Origin, Unknown, Value, derived, known, moment


def contents(state: State, name: str) -> tuple[Content, ...]:
    """What a parameter may hold, positional and special ones included."""
    if name in ("@", "*"):
        return state.arguments
    if name == "0" and "0" in state.variables:
        return state.get(name).alternatives
    if name in ("0", "BASH_SOURCE"):
        return (Value((Unknown(SCRIPT),)),)
    if name == "#":
        return () if state.positional is None else (_count(state.positional),)
    if is_digits(name):
        return (_positional(state, whole_number(name)),)
    if name == "?":
        return (Value((moment("$?", state.ended),)),)
    if not (name[:1].isalpha() or name[:1] == "_"):
        return (Value((inherited(name),)),)
    return state.get(name).alternatives


def _count(words: tuple[Value, ...]) -> Value:
    """How many words there are."""
    if any(word.many for word in words):
        return Value((derived("$#", *words),))
    return known(str(len(words)))


def _positional(state: State, number: int | None) -> Content:
    """The argument of a number; None is a number too great for any argument to have."""
    if state.positional is None:
        return Missing(since=state.shifted)
    if any(_is_list(value) for value in state.positional[:number]):
        return Missing()
    if number is not None and number <= len(state.positional):
        return state.positional[number - 1]
    return Missing(inherited=False)


def _is_list(value: Value) -> bool:
    """Whether a word may stand for several, as ``"$@"`` does, or for none, as ``${A:+-x}``.

    A lone ``$NAME`` is meant as one.
    """
    return any(
        isinstance(piece, Unknown)
        and piece.many
        and ("@" in piece.name or ":+" in piece.name or piece.name == "…")
        for piece in value.pieces
    )


def given(unknown: Unknown, is_set: bool, called: str | None = None) -> Guard:
    """The assumption that an unknown is set and not empty, or that it isn't.

    ``called`` is the name that a person knows it by.
    """
    bare = unknown.name.lstrip("$")
    name = called or bare
    answer = assume(
        Question.GIVEN,
        f"{bare} {unknown.which}",
        FILLED if is_set else EMPTY,
        _words_of_given(name, is_set),
        subject=name,
        since=unknown.since,
    )
    return frozenset({answer})


def _words_of_given(name: str, is_set: bool) -> str:
    if name in ("@", "*"):
        return "arguments are given" if is_set else "no arguments are given"
    if is_digits(name):
        return f"argument {name} is given" if is_set else f"argument {name} is left out"
    called = f"${name}" if name.startswith("{") else name
    return f"{called} is given" if is_set else f"{called} is left at its default"


def single(value: Value) -> Unknown | None:
    """The unknown that is all there is of a value."""
    if len(value.pieces) == 1 and isinstance(value.pieces[0], Unknown):
        return value.pieces[0]
    return None


def emptiness(content: Content, name: str) -> Iterator[tuple[bool, Content]]:
    """The cases of a parameter being set and not empty: (true, its value), (false, …) or both.

    Where both are possible, each rests on the assumption that it is so.
    """
    if isinstance(content, Array):
        if content.items or not content.open:
            yield bool(content.items), content
            return
        rest = further(name, None, content.since)
        for filled in (False, True):
            yield filled, replace(content, assumes=content.assumes | given(rest, filled, name))
        return
    if isinstance(content, Missing):
        if not content.inherited:
            yield False, content
            return
        read = inherited(name, since=content.since, filled=content.filled)
        content = Value((read,), content.assumes)
        if is_always_set(name):
            yield True, content
            return
    unknown = single(content)
    if unknown is None or unknown.filled:
        yield bool(content.pieces) and content.text != "", content
        return
    empty = given(unknown, False, name)
    yield False, Missing(assumes=content.assumes | empty, since=unknown.since)
    some = given(unknown, True, name)
    yield True, replace(content, assumes=content.assumes | some)


def items(content: Content, part: Parameter, origin: Origin | None) -> tuple[Value, ...]:
    """The words that a whole parameter stands for, before its operator is applied."""
    if isinstance(content, Missing):
        if not content.inherited:
            return (Value((), content.assumes),)
        if part.subscript == "@":
            return (Value((further(part.name, origin, content.since),), content.assumes),)
        many = not part.quoted or part.name == "@"
        unknown = inherited(part.name, origin, many, content.since, content.filled)
        return (Value((unknown,), content.assumes),)
    if isinstance(content, Value):
        if part.subscript not in (None, "0", "@", "*"):
            unknown = derived(f"${part.name}", content, known(part.subscript))
            return (Value((unknown,), content.assumes),)
        return (content,)
    found = tuple(_with(_split(item, part), content.assumes) for item in content.items)
    if content.open:
        found += (Value((further(part.name, origin, content.since),), content.assumes),)
    return found


def _split(item: Value, part: Parameter) -> Value:
    """An element that a list was split into, ``A=($LIST)``: each word is an element, in quotes
    too.
    """
    unknown = single(item)
    if unknown is None or not unknown.many or part.subscript != "@":
        return item
    return replace(item, pieces=(replace(unknown, name=f"${{{part.name}[@]}}"),))


def further(name: str, origin: Origin | None, since: int) -> Unknown:
    """The elements of an array that nobody knows."""
    return Unknown(f"${{{name}[@]}}", many=True, origin=origin, which=since, since=since)


def _with(value: Value, assumes: Guard) -> Value:
    return replace(value, assumes=value.assumes | assumes) if assumes else value


def element(state: State, content: Content, part: Parameter) -> Value:
    """``${name[subscript]}`` for one subscript."""
    subscript = (part.subscript or "0").strip("\"'")
    if isinstance(content, Value) and subscript == "0":
        return content
    sources, key = _subscript(state, subscript)
    found = _item(content, key) if isinstance(content, Array) and key is not None else None
    if found is not None:
        return _with(found, content.assumes)
    name = f"${{{part.name}[{part.subscript}]}}"
    rest = Unknown("", which=content.since, since=content.since)
    items = content.items if isinstance(content, Array) else ()
    unknown = derived(name, *sources, *items, Value((rest,)))
    return Value((unknown,), content.assumes)


def _item(array: Array, key: str) -> Value | None:
    """The element with a key, empty where the array surely has none; None if unknown."""
    if array.keys is not None:
        if key in array.keys:
            return array.items[array.keys.index(key)]
        return None if array.open else Value()
    index = signed_number(key)
    if index is None:
        return None
    if any(item.many for item in array.items[: index + 1 or None]):
        return None
    if array.open and not 0 <= index < len(array.items):
        return None
    return array.items[index] if -len(array.items) <= index < len(array.items) else Value()


def _subscript(state: State, subscript: str) -> tuple[list[Value], str | None]:
    """What the variables in a subscript may hold, and its text if that is known."""
    names = re.findall(r"[A-Za-z_]\w*", subscript)
    found = {n: state.get(n).alternatives for n in names if n in state.variables}
    sources = [a for alts in found.values() for a in alts if isinstance(a, Value)]
    sources += [Value((inherited(n, since=state.sourced),)) for n in names if n not in found]

    def number(name: str) -> int:
        value = _one_value(found.get(name, ()))
        index = whole_number(value.text) if value is not None else None
        if index is None:
            raise arithmetic.NotKnownError
        return index

    bare = re.fullmatch(r"\$\{?(\w+)\}?", subscript)
    one = _one_value(found.get(bare.group(1), ())) if bare else None
    if one is not None:
        return sources, one.text
    if not names:
        return sources, subscript
    try:
        return sources, str(arithmetic.evaluate(re.sub(r"[${}]", "", subscript), number))
    except arithmetic.NotKnownError:
        return sources, None if "$" in subscript or found else subscript


def _one_value(alternatives: tuple[Content, ...]) -> Value | None:
    """The value of a variable that can hold just one."""
    only = alternatives[0] if len(alternatives) == 1 else None
    return only if isinstance(only, Value) else None
