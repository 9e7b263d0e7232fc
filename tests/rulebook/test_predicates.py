"""Predicates are three-valued: what is not known makes neither them nor their opposites true."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field

import pytest

from doctor.base.unknown import PartlyKnown
from doctor.rulebook.predicates import (
    All,
    Compare,
    Disjoint,
    Equal,
    Known,
    Lacks,
    Like,
    Not,
    Overlaps,
    Predicate,
    Reference,
    Truth,
    Within,
    every,
    opposite,
    some,
)
from doctor.values.value import UNKNOWN

TRUTHS: list[Truth] = [True, False, UNKNOWN]


@dataclass
class Scope:
    """References that a test defines."""

    values: dict[str, object] = field(default_factory=dict)
    bound: dict[str, object] = field(default_factory=dict)

    def resolve(self, operand: object) -> object:
        return self.values[operand.path] if isinstance(operand, Reference) else operand

    def bind(self, name: str, value: object) -> None:
        self.bound[name] = value


@pytest.mark.parametrize(("a", "b"), list(itertools.product(TRUTHS, TRUTHS)))
def test_kleene(a: Truth, b: Truth) -> None:
    number = {False: 0, UNKNOWN: 1, True: 2}
    assert number[every([a, b])] == min(number[a], number[b])
    assert number[some([a, b])] == max(number[a], number[b])
    assert number[opposite(a)] == 2 - number[a]


@pytest.mark.parametrize(
    ("pattern", "truth"),
    [
        ("pip install *", True),
        ("pip * --user", True),
        ("*", True),
        ("pip install --user", UNKNOWN),
        ("pip install ????? --user", UNKNOWN),
        ("pip install [!x]* --user", UNKNOWN),
        ("*--no-cache-dir*", UNKNOWN),
        ("pip install $ARGS --user", UNKNOWN),
    ],
)
def test_a_pattern_and_a_text_of_which_a_part_is_not_known(pattern: str, truth: Truth) -> None:
    text = PartlyKnown("pip install $ARGS --user", "pip install \0\0\0\0\0 --user")
    assert Like(pattern).holds(text, Scope()) is truth
    assert Not(Like(pattern)).holds(text, Scope()) is opposite(truth)
    assert Equal("pip install $ARGS --user").holds(text, Scope()) is UNKNOWN


def test_of_nothing() -> None:
    assert every([]) is True
    assert some([]) is False


NODES = frozenset({"a", "b"})
CASES: list[tuple[Predicate, object, Truth]] = [
    (Equal("hermes"), "hermes", True),
    (Equal("hermes"), "openai", False),
    (Equal("hermes"), None, False),
    (Equal(None), None, True),
    (Equal(None), "hermes", False),
    (Equal(2), 2.0, True),
    (Equal(True), 1, UNKNOWN),
    (Equal("2"), 2, UNKNOWN),
    (Equal(("a", "b")), "b", True),
    (Equal(("a", "b")), "c", False),
    (Equal(()), "c", False),
    (Equal((None, frozenset({"a", "b"}))), "b", True),
    (Equal((None, frozenset({"a", "b"}))), "c", False),
    (Equal(("a", None)), None, True),
    (Equal(("a", UNKNOWN)), "a", True),
    (Equal(("a", UNKNOWN)), "c", UNKNOWN),
    (Equal(("b", "a")), NODES, True),
    (Equal(()), NODES, False),
    (Equal(()), frozenset(), True),
    (Not(Equal("a")), "b", True),
    (Not(Equal("a")), "a", False),
    (Not(Equal(None)), "a", True),
    (Compare("gt", 0.9), 0.95, True),
    (Compare("gt", 0.9), 0.9, False),
    (Compare("ge", 0.9), 0.9, True),
    (Compare("lt", 8), 8, False),
    (Compare("le", 8), 8, True),
    (Compare("gt", 0.9), None, False),
    (Compare("gt", "0.9"), 0.95, UNKNOWN),
    (Compare("gt", 0), True, UNKNOWN),
    (Like("Qwen/*"), "Qwen/Qwen3-8B", True),
    (Like("Qwen/*"), "qwen/Qwen3-8B", False),
    (Like(("a*", "*z")), "buzz", True),
    (Like("?[0-9]"), "a7", True),
    (Like("*"), None, False),
    (Lacks(("a", "c")), NODES, True),
    (Lacks(("a",)), NODES, False),
    (Lacks(()), NODES, False),
    (Lacks("c"), NODES, True),
    (Lacks(("a",)), None, True),
    (Overlaps(("a", "c")), NODES, True),
    (Overlaps(("c",)), NODES, False),
    (Overlaps(frozenset()), NODES, False),
    (Disjoint(("c",)), NODES, True),
    (Disjoint(("a",)), NODES, False),
    (Within("==0.12.0"), "0.12.0", True),
    (Within("==0.12.0"), "0.12.0+cu129", True),
    (Within("==0.12.0"), "0.12.1", False),
    (Within(">=0.12"), "0.13.0rc1", True),
    (Within(">=0.12"), "latest", UNKNOWN),
    (Within(">=0.12"), None, False),
    (Within(">=0.12"), frozenset({"0.12.0", "0.13.0"}), True),
    (Within(">=0.12"), frozenset({"0.10.0", "0.11.0"}), False),
    (Within(">=0.12"), frozenset({"0.11.0", "0.12.0"}), UNKNOWN),
    (Within(">=0.12"), frozenset(), UNKNOWN),
    (Within("newest"), "0.12.0", UNKNOWN),
    (Known(True), "a", True),
    (Known(True), None, True),
    (Known(False), "a", False),
    (All((Compare("gt", 1), Compare("lt", 3))), 2, True),
    (All((Compare("gt", 1), Compare("lt", 3))), 4, False),
]


@pytest.mark.parametrize(("predicate", "value", "truth"), CASES)
def test_known_value(predicate: Predicate, value: object, truth: Truth) -> None:
    assert predicate.holds(value, Scope()) is truth


@pytest.mark.parametrize("predicate", [p for p, _, _ in CASES if not isinstance(p, Known)])
def test_unknown_value_makes_it_unknown(predicate: Predicate) -> None:
    assert predicate.holds(UNKNOWN, Scope()) is UNKNOWN
    assert Not(predicate).holds(UNKNOWN, Scope()) is UNKNOWN


def test_known_answers_for_an_unknown_value() -> None:
    assert Known(True).holds(UNKNOWN, Scope()) is False
    assert Known(False).holds(UNKNOWN, Scope()) is True


@pytest.mark.parametrize("kind", [Equal, Like, Lacks, Overlaps, Disjoint, Within])
def test_unknown_operand_makes_it_unknown(kind: type[Equal]) -> None:
    scope = Scope({"$kb.page.x": UNKNOWN})
    assert kind(Reference("$kb.page.x")).holds("a", scope) is UNKNOWN


def test_operand_that_is_looked_up() -> None:
    scope = Scope({"$row.targets": ["a", "b"], "$row.most": 0.85, "$row.name": "a"})
    assert Equal(Reference("$row.targets")).holds("b", scope) is True
    assert Equal(Reference("$row.name")).holds("b", scope) is False
    assert Compare("gt", Reference("$row.most")).holds(0.9, scope) is True


def test_sets_bind_what_they_found() -> None:
    scope = Scope()
    Lacks(("a", "c", "d")).holds(NODES, scope)
    Overlaps(("a", "c")).holds(NODES, scope)
    assert scope.bound == {"missing": {"c", "d"}, "common": {"a"}}


def test_pattern_takes_bounded_time() -> None:
    started = time.perf_counter()
    assert Like("*a" * 50 + "*b").holds("a" * 5000, Scope()) is False
    assert time.perf_counter() - started < 2
