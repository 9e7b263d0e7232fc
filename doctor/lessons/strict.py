"""Rules checked by their own examples: which of their parts no example needs.

A condition without which every example still holds may be wrong, or get lost, and nobody notices.
"""

from __future__ import annotations

from collections.abc import Sequence

from doctor.base import document
from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.diagnostic import Location
from doctor.facts.base import Fact
from doctor.lessons.trial import Bench, as_user, decoded, shortfall, shortfall_on_node
from doctor.lessons.variants import Variant, variants
from doctor.rulebook import Rule, Rulebook, judge
from doctor.rulebook.examples import Example, examples
from doctor.rulebook.reader import read_rule
from doctor.rulebook.scope import Knowledge
from doctor.rulebook.verdict import Repair, Verdict


class _Known(Record):
    """An example with the facts that its script yields, so that it is traced but once."""

    example: Example
    facts: Sequence[Fact]
    knowledge: Knowledge


def unneeded(rule: Rule, bench: Bench) -> list[Variant]:
    """The parts of a rule that no example of it needs, but no parts within such parts."""
    known = [_known(example, bench) for example in examples(rule.path)]
    # What rests on more than the rule, a suppression perhaps, tells nothing of its parts.
    kept = [each for each in known if _holds(each, rule, rule)]
    told: list[Variant] = []
    for variant in variants(document.read(rule.path)):
        if any(variant.path[: len(other.path)] == other.path for other in told):
            continue
        try:
            changed = read_rule(variant.item, rule.path)
        except DoctorError:  # the message needs what the condition finds
            continue
        if changed != rule and all(_holds(each, changed, rule) for each in kept):
            told.append(variant)
    return told


def _known(example: Example, bench: Bench) -> _Known:
    with as_user(example, bench) as examiner:
        if example.fact is not None:
            return _Known(example, (example.fact,), examiner.knowledge)
        facts = examiner.facts(decoded(example))
        known = (*facts, *examiner.facts_of_knowledge())
        return _Known(example, known, examiner.in_run(facts, ""))


def _holds(known: _Known, rule: Rule, original: Rule) -> bool:
    """Whether an example gets what it expects from a rule that was changed."""
    example = known.example
    if example.fact is not None:
        return shortfall_on_node(rule, example, example.fact, known.knowledge, {}) is None
    found = _verdicts(known, rule)
    if shortfall(rule.code, example, [each.diagnostic for each in found]) is not None:
        return False
    return example.fixed is None or _repairs(found) == _repairs(_verdicts(known, original))


def _verdicts(known: _Known, rule: Rule) -> list[Verdict]:
    return judge(known.facts, Rulebook((rule,)), known.knowledge)


def _repairs(verdicts: Sequence[Verdict]) -> list[tuple[Location, Repair | None]]:
    return [(each.diagnostic.location, each.repair) for each in verdicts]
