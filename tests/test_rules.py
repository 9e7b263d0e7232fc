"""Every rule's examples, run as a user would run them."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.rulebook import Rule, load
from doctor.rulebook.examples import Example, examples

RULES = load().rules
EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.code}:{example.line}")
    for rule in RULES
    for example in examples(rule.path)
]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_example(rule: Rule, example: Example) -> None:
    from doctor.scan import scan_text

    found = scan_text(example.script, example.filename, example.config)
    own = [diagnostic for diagnostic in found if diagnostic.code == rule.code]
    assert bool(own) is example.bad, own
    for diagnostic in own:
        assert example.severity in (None, diagnostic.severity)
        assert example.message is None or example.message in diagnostic.message


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_rule_lies_where_one_looks_for_it(rule: Rule) -> None:
    path = Path(rule.path)
    assert path.name == f"{rule.code}-{rule.name}.yaml"
    assert path.parent.name == (rule.lesson or "scan")
