"""Examples of rules: the values of a node's attributes, and how often a rule is to speak."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.base.errors import DoctorError
from doctor.rulebook.examples import examples

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("fact", "value", "said"),
    [
        ("space", "free: lots", "'free' is a number, and never 'lots'"),
        ("space", "free: true", "'free' is a number, and never 'true'"),
        ("space", "mount: 3", "'mount' is a string, and never '3'"),
        ("space", "mount: null", "'mount' is a string, and never 'null'"),
        ("server-folder", "writable: 1", "'writable' is true or false, and never '1'"),
        ("server-folder", "holds: kernel", "'holds' is"),
    ],
)
def test_a_value_that_no_node_has_is_refused(
    write: Write, fact: str, value: str, said: str
) -> None:
    path = write(f"fact: {fact}\nexamples: [{{bad: {{{value}}}}}, {{good: {{}}}}]")
    with pytest.raises(DoctorError) as refusal:
        examples(path)
    assert said in str(refusal.value)


@pytest.mark.parametrize("value", ["files-free: null", "free: 3", "free: 0.5", "folders: [/tmp]"])
def test_a_value_that_a_node_may_have_is_taken(write: Write, value: str) -> None:
    path = write(f"fact: space\nexamples: [{{bad: {{{value}}}}}, {{good: {{}}}}]")
    assert [example.bad for example in examples(path)] == [True, False]


def test_how_often_a_rule_speaks_is_read(write: Write) -> None:
    path = write("examples: [{bad: x, times: 3}, {good: x}]")
    assert [example.times for example in examples(path)] == [3, None]


@pytest.mark.parametrize("value", ["0", "-1", "true", "1.5", "'1'"])
def test_how_often_is_a_number_from_one_on(write: Write, value: str) -> None:
    path = write(f"examples: [{{bad: x, times: {value}}}, {{good: x}}]")
    with pytest.raises(DoctorError, match="a number belongs here"):
        examples(path)
