"""The state of a shell at one point of a script: variables, functions, and what was assumed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from doctor.base.bounds import MAX_ALTERNATIVES, MAX_ASSUMPTIONS, MAX_JOINED
from doctor.base.record import Record
from doctor.shell.tree import Function
from doctor.values.assumption import NO_GUARD, Guard, consistent, unlikeliness
from doctor.values.value import Unknown, Value, derived

if TYPE_CHECKING:
    from doctor.trace.domain.frame import ScriptFrame


#: The lists of arguments of ways that have come together, under a name that no variable can have.
ARGUMENTS = "@"


class Array(Record):
    """An array's elements in order; ``keys`` are the subscripts of an associative one.

    ``open`` is true where there may be further elements that nobody knows; they came to be at the
    moment ``since``.
    """

    items: tuple[Value, ...] = ()
    keys: tuple[str, ...] | None = None
    open: bool = False
    assumes: Guard = NO_GUARD
    since: int = 0


class Missing(Record):
    """A variable that the script has not set; ``inherited`` if the environment may hold it.

    ``since`` is the moment at which something that can't be known may have set it. ``filled``:
    the environment surely holds it.
    """

    inherited: bool = True
    assumes: Guard = NO_GUARD
    since: int = 0
    filled: bool = False


Content: TypeAlias = Value | Array | Missing


class Variable(Record):
    """The things that a variable may hold, and whether commands see it."""

    alternatives: tuple[Content, ...]
    exported: bool = False


INHERITED = Variable((Missing(),), exported=True)


class Defined(Record):
    """A function, and a way to say where its text stands; without one, there is none.

    ``exported`` is true where a bash that is started here knows it, too (``export -f``).
    """

    function: Function | None
    frame: ScriptFrame | None = None
    assumes: Guard = NO_GUARD
    exported: bool = False


UNDEFINED = Defined(None)


class Trap(Record):
    """Commands that a shell runs when it gets a signal, or ends (``EXIT``), as it reads them."""

    signals: frozenset[str]
    frame: ScriptFrame
    text: str
    assumes: Guard = NO_GUARD


#: What words are split at unless IFS says otherwise.
BLANKS = " \t\n"


@dataclass
class State:
    """Everything that a command may read or change; copied where control flow splits.

    ``guard`` holds on the way here; of each of ``one_of``, ways that have come together, one does.
    ``input`` is what remains to be read from the standard input, where that is known;
    ``references`` are the variables that stand for another one (``declare -n``). ``sourced`` is
    the moment at which a file was read that can't be found, 0 if none was; ``shifted`` that at
    which arguments that aren't known became others; ``ended`` that at which a command last did,
    whose status is ``$?``.
    """

    variables: dict[str, Variable] = field(default_factory=dict)
    functions: dict[str, tuple[Defined, ...]] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    positional: tuple[Value, ...] | None = None
    files: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    guard: Guard = NO_GUARD
    one_of: tuple[tuple[Guard, ...], ...] = ()
    directory: Value | None = None
    input: Value | None = None
    export_all: bool = False
    sourced: int = 0
    shifted: int = 0
    ended: int = 0
    traps: tuple[Trap, ...] = ()

    def fork(self) -> State:
        """A copy for a shell of its own, which has no traps yet."""
        forked = self.copy()
        forked.traps = ()
        return forked

    def copy(self) -> State:
        fields = {
            **vars(self),
            "variables": dict(self.variables),
            "functions": dict(self.functions),
            "references": dict(self.references),
            "files": dict(self.files),
        }
        return State(**fields)

    @property
    def arguments(self) -> tuple[Content, ...]:
        """What `$@` may stand for; ways that have come together may have lists of their own."""
        if self.positional is not None:
            return (Array(self.positional),)
        held = self.variables.get(ARGUMENTS)
        if held is not None and all(isinstance(each, (Array, Value)) for each in held.alternatives):
            return self.get(ARGUMENTS).alternatives
        unknown = Unknown("$@", many=True, which=self.shifted, since=self.shifted)
        return (Value((unknown,)),)

    def written(self, path: Value) -> tuple[Value, ...]:
        """What a file holds if the script has written it."""
        name = path.display.removeprefix("./")
        return self.files.get(name) or self.files.get(f"./{name}", ())

    def get(self, name: str) -> Variable:
        """The variable, its alternatives cut to those consistent with the path taken."""
        variable = self.held(self.references.get(name, name))
        if len(variable.alternatives) == 1 or not (self.guard or self.one_of):
            return variable
        kept = tuple([a for a in variable.alternatives if self._allows(a.assumes)])
        if len(kept) in (0, len(variable.alternatives)):
            return variable
        return Variable(kept, variable.exported)

    def _allows(self, assumes: Guard) -> bool:
        """Whether what rests on these assumptions is so on a way on which one may be here."""
        if not consistent(self.guard, assumes):
            return False
        return not self.one_of or all(
            any(consistent(way, assumes) for way in ways) for ways in self.one_of
        )

    def held(self, name: str) -> Variable:
        """The variable with all its alternatives."""
        found = self.variables.get(name)
        if found is not None:
            return found
        return INHERITED if not self.sourced else Variable((Missing(since=self.sourced),), True)

    def set(self, name: str, alternatives: Iterable[Content], export: bool = False) -> None:
        """Give a variable new contents; it stays exported if it was."""
        name = self.references.get(name, name)
        contents = merge_alternatives(alternatives, name)
        exported = export or self.export_all or self.variables.get(name, _LOCAL).exported
        self.variables[name] = Variable(contents, exported)

    @property
    def separators(self) -> str | None:
        """What ``IFS`` holds; None if that isn't known."""
        found = self.get("IFS").alternatives
        only = found[0] if len(found) == 1 else None
        return BLANKS if isinstance(only, Missing) else getattr(only, "text", None)

    def export(self, name: str, on: bool = True) -> None:
        self.variables[name] = replace(self.variables.get(name, INHERITED), exported=on)

    def export_function(self, name: str, on: bool = True) -> None:
        if name in self.functions:
            self.functions[name] = tuple(replace(d, exported=on) for d in self.functions[name])


_LOCAL = Variable((Missing(),), exported=False)


def merge_alternatives(contents: Iterable[Content], name: str) -> tuple[Content, ...]:
    """The contents without repetition; one unknown stands for those that are too many.

    What rests on too many choices is the first to go, then what another way leads to, too, and
    what is unlikely.
    """
    merged: list[Content] = []
    again: set[int] = set()
    for content in contents:
        twin = next((m for m in merged if _same(m, content)), None)
        if twin is None or not (twin.assumes <= content.assumes or content.assumes < twin.assumes):
            merged.append(content)
            again |= {id(content)} if twin is not None else set()
        elif content.assumes < twin.assumes:
            merged[merged.index(twin)] = content
    far = [content for content in merged if len(content.assumes) > MAX_ASSUMPTIONS]
    if far or len(merged) > MAX_ALTERNATIVES:
        near = [content for content in merged if len(content.assumes) <= MAX_ASSUMPTIONS]
        near.sort(key=lambda content: (id(content) in again, unlikeliness(content.assumes)))
        kept, rest = near[: MAX_ALTERNATIVES - 1], (*near[MAX_ALTERNATIVES - 1 :], *far)
        return (*kept, _one_of(rest, name))
    return tuple(merged)


def _one_of(contents: tuple[Content, ...], name: str) -> Value:
    """The unknown that stands for any of several contents of a variable."""
    since = max(getattr(content, "since", 0) for content in contents)
    return Value((Unknown(f"${name}", many=True, which=hash(contents), since=since),))


def _same(one: Content, other: Content) -> bool:
    """Whether two contents differ at most in what they rest on."""
    match one, other:
        case Value(), Value():
            return one.pieces == other.pieces
        case Array(), Array():
            return (one.items, one.keys, one.open, one.since) == (
                other.items,
                other.keys,
                other.open,
                other.since,
            )
        case Missing(), Missing():
            return (one.inherited, one.since) == (other.inherited, other.since)
    return False


def join(states: Sequence[State], branches: Sequence[Guard]) -> State:
    """The state after branches that come together again.

    ``branches[i]`` is what was assumed to take the way to ``states[i]``. A variable that all of
    them hold alike keeps its contents; otherwise each of its contents remembers its branch, the
    likeliest first. Of very many branches nothing is remembered.
    """
    if len(states) == 1:
        return states[0]
    ways = sorted(zip(states, branches, strict=True), key=lambda way: unlikeliness(way[1]))
    states, branches = [state for state, _ in ways], [branch for _, branch in ways]
    joined = states[0].copy()
    joined.guard = frozenset.intersection(*(state.guard for state in states))
    joined.one_of = tuple(ways for ways in joined.one_of if all(ways in s.one_of for s in states))
    joined.sourced = max(state.sourced for state in states)
    joined.shifted = max(state.shifted for state in states)
    joined.export_all = any(state.export_all for state in states)
    if any(state.directory != joined.directory for state in states):
        folders = (state.directory or Value() for state in states)
        joined.directory = Value((derived("$PWD", *folders),))
    if any(state.input != joined.input for state in states):
        joined.input = None
    for name, alike in _compared([state.variables for state in states]):
        if alike:
            continue
        found = [state.held(name) for state in states]
        if found.count(found[0]) == len(found):
            continue
        exported = any(variable.exported for variable in found)
        if len(states) > MAX_JOINED:
            each = dict.fromkeys(variable.alternatives[0] for variable in found)
            joined.variables[name] = Variable((_one_of(tuple(each), name),), exported)
            continue
        contents = [
            resting(content, branch)
            for variable, branch in zip(found, branches, strict=True)
            for content in variable.alternatives
            if consistent(content.assumes, branch)
        ]
        joined.variables[name] = Variable(merge_alternatives(contents, name), exported)
    joined.functions = _either([state.functions for state in states], branches, (UNDEFINED,))
    joined.files = _either([state.files for state in states], branches, ())
    joined.traps = _traps(states, branches)
    if any(state.positional != joined.positional for state in states):
        lists = [
            resting(each, branch)
            for state, branch in zip(states, branches, strict=True)
            for each in state.arguments
            if consistent(each.assumes, branch)
        ]
        joined.positional = None
        joined.variables[ARGUMENTS] = Variable(merge_alternatives(lists, ARGUMENTS))
    return joined


def _traps(states: Sequence[State], branches: Sequence[Guard]) -> tuple[Trap, ...]:
    """The traps that all have, then those of some, which rest on their branches."""
    common = [t for t in states[0].traps if all(t in state.traps for state in states)]
    others = [
        resting(trap, branch)
        for state, branch in zip(states, branches, strict=True)
        for trap in state.traps
        if trap not in common
    ]
    return tuple((*common, *others)[:MAX_ALTERNATIVES])


def _compared(ways: Sequence[Mapping[str, object]]) -> Iterator[tuple[str, bool]]:
    """Each name, and whether all the ways hold alike for it, as they do for most names."""
    names = list(dict.fromkeys(chain.from_iterable(ways)))
    for name, *held in zip(names, *(map(way.get, names) for way in ways), strict=True):
        yield name, held.count(held[0]) == len(held)


_Held = TypeVar("_Held", Defined, Value)
_Resting = TypeVar("_Resting", Defined, Value, Content, Trap)


def resting(content: _Resting, on: Guard) -> _Resting:
    """What a name stands for, resting on this, too."""
    return content if on <= content.assumes else replace(content, assumes=content.assumes | on)


def _either(
    ways: Sequence[Mapping[str, tuple[_Held, ...]]],
    branches: Sequence[Guard],
    absent: tuple[_Held, ...],
) -> dict[str, tuple[_Held, ...]]:
    """What each name may stand for after branches that come together."""
    together: dict[str, tuple[_Held, ...]] = {}
    for name, alike in _compared(ways):
        found = [ways[0][name]] if alike else [way.get(name, absent) for way in ways]
        together[name] = found[0]
        if any(held is not found[0] for held in found):
            together[name] = tuple(
                resting(each, branch)
                for held, branch in zip(found, branches, strict=True)
                for each in held
                if consistent(each.assumes, branch)
            )[:MAX_ALTERNATIVES]
    return together
