"""The vocabulary is that of the facts' classes; the schema says the same as the reader."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Literal

import pytest

from doctor.base.document import parse, read
from doctor.facts import every
from doctor.facts.base import Fact, attribute
from doctor.rulebook import load
from doctor.rulebook.schema import schema
from doctor.rulebook.vocabulary import Type, describe, kinds
from doctor.values.value import UnknownType


class Sample(Fact, kw_only=True):
    """One attribute of each type."""

    kind: ClassVar[str] = "sample"

    text: str | UnknownType | None = attribute("a text")
    word: Literal["a", "b"] | None = attribute("a word")
    number: int | float = attribute("a number")
    is_true: bool | UnknownType = attribute("a truth")
    names: frozenset[str] | UnknownType = attribute("names")


def test_attributes_are_the_fields() -> None:
    found = {a.name: (a.type, a.nullable, a.words) for a in describe(Sample).values()}
    assert found == {
        "in-slurm": (Type.TRUTH, False, ()),
        "text": (Type.TEXT, True, ()),
        "word": (Type.TEXT, True, ("a", "b")),
        "number": (Type.NUMBER, False, ()),
        "is-true": (Type.TRUTH, False, ()),
        "names": (Type.NAMES, False, ()),
    }


def test_mixed_type_is_a_programmer_s_error() -> None:
    class Mixed(Fact, kw_only=True):
        either: str | int = attribute("both")

    with pytest.raises(TypeError, match="either"):
        describe(Mixed)


def test_every_fact_is_described() -> None:
    assert kinds().keys() == every().keys()
    assert all(attribute.doc for kind in kinds().values() for attribute in kind.values())


def test_schema_is_json() -> None:
    assert json.loads(json.dumps(schema())) == schema()


@pytest.mark.parametrize("rule", load().rules, ids=lambda rule: rule.code)
def test_schema_accepts_the_rules(rule: Any) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    document = read(rule.path)
    plain = document.plain
    for example in plain["examples"]:  # JSON knows no bytes; YAML writes them as text
        example.update({k: "" for k in ("bad", "good") if isinstance(example.get(k), bytes)})
    jsonschema.Draft202012Validator(schema()).validate(plain)


RULE = """\
code: SITE001
name: a-rule
lesson: null
fact: step
severity: warning
when: {container-image: {like: "*.sqsh"}, overlap: true}
cases: [{when: {immediate: true}, severity: "off"}]
at: [job, container-image]
message: it is
examples: [{bad: a}, {good: b}]
"""
WRONG = {
    "an attribute": ("container-image: {", "image: {"),
    "an attribute of a case": ("immediate: true", "immediately: true"),
    "an operator": ("like:", "likes:"),
    "an operator of another type": ("like: ", "gt: "),
    "a type": ("overlap: true", "overlap: yes please"),
    "a place": ("[job,", "[jobs,"),
    "a key": ("severity: warning", "severity: warning\nseverty: error"),
    "a severity": ("severity: warning", "severity: fatal"),
    "a fact": ("fact: step", "fact: steps"),
    "a key of another fact": ("message:", "remedy: none\nmessage:"),
    "a key of another fact's case": ('severity: "off"', "remedy: x"),
    "an example": ("{good: b}", "{fine: b}"),
    "an example of another fact": ("{good: b}", "{good: {job: x}}"),
    "too few examples": (", {good: b}", ""),
    "no message": ("message: it is\n", ""),
}


def _accepts(text: str) -> bool:
    jsonschema = pytest.importorskip("jsonschema")
    valid: bool = jsonschema.Draft202012Validator(schema()).is_valid(parse(text, "").plain)
    return valid


def test_schema_accepts_what_is_right() -> None:
    assert _accepts(RULE)
    assert _accepts("code: VD101\nseverity: 'off'\n")


@pytest.mark.parametrize("wrong", WRONG)
def test_schema_refuses_what_is_wrong(wrong: str) -> None:
    old, new = WRONG[wrong]
    assert old in RULE
    assert not _accepts(RULE.replace(old, new, 1))
