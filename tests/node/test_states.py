"""Every check is shown failing, passing and, where it can come to that, unknown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args, get_type_hints

import pytest

from doctor.base.unknown import UnknownType
from doctor.facts import find
from doctor.rulebook import Rule, load
from doctor.rulebook.examples import examples
from doctor.rulebook.rule import Conditions

RULES = [rule for rule in load(about="node").rules if rule.code.startswith("VN")]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_examples_show_every_state(rule: Rule) -> None:
    """A check that goes by nothing that may be unknown is unknown only with its whole probe."""
    shown = {"unknown" if e.unknown else "bad" if e.bad else "good" for e in examples(rule.path)}
    expected = {"bad", "good", *(["unknown"] if _may_be_unknown(rule) else [])}
    assert shown == expected


def _may_be_unknown(rule: Rule) -> bool:
    fact = find(rule.fact)
    assert fact is not None
    hints = get_type_hints(fact)
    return any(UnknownType in get_args(hints[name]) for name in _attributes(rule.when))


def _attributes(conditions: Conditions) -> Iterator[str]:
    """The fields of the fact that the conditions go by."""
    for clause in conditions.clauses:
        if not clause.subject.path.startswith("$"):
            yield clause.subject.path.replace("-", "_")
    for each in conditions.alternatives:
        yield from _attributes(each)
