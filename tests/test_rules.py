"""Every rule's examples, run as a user would run them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from doctor.config import Config
from doctor.lessons.catalogue import written
from doctor.lessons.trial import Bench, failure
from doctor.rulebook import Rule, load
from doctor.rulebook.examples import Example, examples
from doctor.rulebook.vocabulary import about

RULES = load().rules
BENCH = Bench(Config())
EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.code}:{example.line}")
    for rule in RULES
    for example in examples(rule.path)
]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_example(rule: Rule, example: Example) -> None:
    assert failure(rule.code, example, BENCH) is None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_rule_lies_where_one_looks_for_it(rule: Rule) -> None:
    path = Path(rule.path)
    assert path.name == f"{rule.code}-{rule.name}.yaml"
    assert path.parent.name == (rule.lesson or "scan")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_message_says_in_one_sentence_what_is_wrong(rule: Rule) -> None:
    """Why, and what helps, stand in `why` and `help`."""
    if about(rule.fact) == "script":
        messages = [rule.message, *(case.message for case in rule.cases if case.message)]
        assert [
            text for text in map(written, messages) if re.search(r"[.?!;] \W?[A-Z]|; ", text)
        ] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_rule_is_silent_where_a_search_for_its_words_would_speak(rule: Rule) -> None:
    """Some good example holds most of the words of a bad one."""
    told = [example for example in examples(rule.path) if not example.unknown]
    bad = [words(example) for example in told if example.bad]
    good = [words(example) for example in told if not example.bad]
    assert len(good) >= 2
    if about(rule.fact) == "script":
        assert any(len(ours & theirs) >= 0.75 * len(theirs) for ours in good for theirs in bad)


def words(example: Example) -> set[str]:
    return set(re.findall(r"[\w$-]+", example.text))
