"""The vocabulary is that of the facts' dataclasses; the schema says the same as the reader."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pytest

from doctor.document import read
from doctor.facts import every
from doctor.facts.base import Fact, attribute
from doctor.rulebook import load
from doctor.rulebook.schema import schema
from doctor.rulebook.vocabulary import Type, describe, kinds
from doctor.trace.values import UnknownType


@dataclass(frozen=True, kw_only=True)
class Sample(Fact):
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
    @dataclass(frozen=True, kw_only=True)
    class Mixed(Fact):
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
