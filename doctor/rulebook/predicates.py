"""Predicates: questions about one value, answered true, false or unknown.

Each predicate's docstring is what the rule language's reference says of it. Unknown values make
a predicate unknown; so do values of the wrong type, which only knowledge pages can bring in.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Protocol, TypeAlias

from doctor.base.patterns import matches
from doctor.base.record import Record
from doctor.base.unknown import UNKNOWN, PartlyKnown, UnknownType

Truth: TypeAlias = bool | UnknownType


def every(truths: Iterable[Truth]) -> Truth:
    """Kleene's and: false if any is false, else unknown if any is unknown."""
    result: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is UNKNOWN:
            result = UNKNOWN
    return result


def opposite(truth: Truth) -> Truth:
    """Kleene's not."""
    return UNKNOWN if truth is UNKNOWN else truth is False


def some(truths: Iterable[Truth]) -> Truth:
    """Kleene's or."""
    return opposite(every(opposite(truth) for truth in truths))


class Reference(Record):
    """An attribute of the fact, or ``$kb.…``, ``$site.…``, ``$run.…`` or ``$look-up.…``."""

    path: str


class Scope(Protocol):
    """What a predicate may ask for, and where it leaves what it found for the message."""

    def resolve(self, operand: object) -> object:
        """The operand itself, or what it refers to."""

    def bind(self, name: str, value: object) -> None:
        """Make a value available to the message as ``{name}``."""


class Predicate(Protocol):
    """A question about a value."""

    def holds(self, value: object, scope: Scope) -> Truth:
        """The answer."""


class Equal(Record):
    """The value is the operand, or one of a list of operands; a set must equal the list."""

    operand: object

    def holds(self, value: object, scope: Scope) -> Truth:
        wanted = scope.resolve(self.operand)
        if value is UNKNOWN or wanted is UNKNOWN:
            return UNKNOWN
        if not _is_collection(wanted):
            return _same(value, wanted)
        if _is_collection(value):
            return _names(value) == _names(wanted)
        return some(_same(value, each) for each in _flat(wanted))


class Not(Record):
    """The predicate does not hold."""

    predicate: Predicate

    def holds(self, value: object, scope: Scope) -> Truth:
        return opposite(self.predicate.holds(value, scope))


class All(Record):
    """All of the predicates hold."""

    predicates: tuple[Predicate, ...]

    def holds(self, value: object, scope: Scope) -> Truth:
        return every(predicate.holds(value, scope) for predicate in self.predicates)


COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


class Compare(Record):
    """The number is greater (`gt`), greater or equal (`ge`), less (`lt`), less or equal (`le`)."""

    comparison: str
    operand: object

    def holds(self, value: object, scope: Scope) -> Truth:
        bound = scope.resolve(self.operand)
        if value is None:
            return False
        if not _is_number(value) or not _is_number(bound):
            return UNKNOWN
        return COMPARISONS[self.comparison](value, bound)  # type: ignore[arg-type]


class Like(Record):
    """The whole text matches a shell pattern (`*`, `?`, `[…]`), or one of a list of them."""

    operand: object

    def holds(self, value: object, scope: Scope) -> Truth:
        patterns = _names(scope.resolve(self.operand))
        if value is None:
            return False
        if not isinstance(value, str) or patterns is None:
            return UNKNOWN
        if isinstance(value, PartlyKnown):
            return any(matches(pattern, value.known) for pattern in patterns) or UNKNOWN
        return any(matches(pattern, value) for pattern in patterns)


class Lacks(Record):
    """The set lacks at least one of the operands; the message may name them as `{missing}`."""

    operand: object

    def holds(self, value: object, scope: Scope) -> Truth:
        names, wanted = _names(value), _names(scope.resolve(self.operand))
        if names is None or wanted is None:
            return UNKNOWN
        scope.bind("missing", wanted - names)
        return not wanted <= names


class Overlaps(Record):
    """The set holds at least one of the operands; the message may name them as `{common}`."""

    operand: object

    def holds(self, value: object, scope: Scope) -> Truth:
        names, wanted = _names(value), _names(scope.resolve(self.operand))
        if names is None or wanted is None:
            return UNKNOWN
        scope.bind("common", wanted & names)
        return not wanted.isdisjoint(names)


class Disjoint(Record):
    """The set holds none of the operands."""

    operand: object

    def holds(self, value: object, scope: Scope) -> Truth:
        return opposite(Overlaps(self.operand).holds(value, scope))


class Within(Record):
    """The release lies in a range such as `">=0.10,<0.12"`; of a set of releases: all of them.

    It is false where none of them does, and unknown where some do.
    """

    operand: object

    def holds(self, value: object, scope: Scope) -> Truth:
        range_ = scope.resolve(self.operand)
        if value is None:
            return False
        releases = _names(value)
        if not releases or not isinstance(range_, str):
            return UNKNOWN
        answers = {_contains(range_, release) for release in releases}
        return answers.pop() if len(answers) == 1 else UNKNOWN


class Known(Record):
    """Whether the value is known at all; known to be absent counts as known."""

    wanted: bool

    def holds(self, value: object, scope: Scope) -> Truth:
        return (value is not UNKNOWN) == self.wanted


def _is_collection(value: object) -> bool:
    return isinstance(value, (frozenset, set, tuple, list))


def _flat(operands: object) -> Iterator[object]:
    """The members of a list, and those of the lists that references in it stand for."""
    for each in operands if isinstance(operands, (frozenset, set, tuple, list)) else ():
        yield from _flat(each) if _is_collection(each) else (each,)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _same(value: object, wanted: object) -> Truth:
    if value is None or wanted is None:
        return value is wanted
    if type(value) is type(wanted) or (_is_number(value) and _is_number(wanted)):
        return value == wanted
    return UNKNOWN


def _names(value: object) -> frozenset[str] | None:
    """A set of texts; one text is a set of one, absence the empty set, anything else None."""
    if value is None:
        return frozenset()
    if isinstance(value, str):
        return frozenset((value,))
    if isinstance(value, (frozenset, set, tuple, list)) and all(
        isinstance(each, str) for each in value
    ):
        return frozenset(value)
    return None


@lru_cache(maxsize=4096)
def _contains(range_: str, release: str) -> Truth:
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    try:
        return SpecifierSet(range_).contains(Version(release), prereleases=True)
    except ValueError:  # neither a specifier nor a release, or one with thousands of digits
        return UNKNOWN
