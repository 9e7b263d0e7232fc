"""What a rule may speak of: the kinds of facts and their attributes, as their classes have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from functools import cache, lru_cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from doctor.base.record import Record
from doctor.base.unknown import UnknownType
from doctor.facts import every, find
from doctor.facts.base import Fact


class Type(str, Enum):
    """What an attribute may hold; the value is what messages call it."""

    TEXT = "a string"
    NUMBER = "a number"
    TRUTH = "true or false"
    NAMES = "a set of strings"


class Attribute(Record):
    """An attribute of a kind of fact, as the rule language knows it."""

    name: str
    type: Type
    nullable: bool
    words: tuple[str, ...]
    doc: str


Kind = Mapping[str, Attribute]


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, Kind]:
    """The attributes of every kind of fact, by the kind's name and the attribute's name."""
    return {name: describe(fact) for name, fact in every().items()}


@cache
def kind(name: str) -> Kind | None:
    """The attributes of one kind of fact; that spares a scan those of the others."""
    fact = find(name)
    return None if fact is None else describe(fact)


def about(name: str) -> str:
    """What facts of this kind are about: a `script` or a `node`."""
    fact = find(name)
    return "" if fact is None else fact.about


def describe(fact: type[Fact]) -> Kind:
    """The attributes of one kind of fact: its fields that have a ``doc``."""
    hints = get_type_hints(fact)
    described = [
        _attribute(field.name, hints[field.name], str(field.metadata["doc"]))
        for field in fields(fact)
        if "doc" in field.metadata
    ]
    return {attribute.name: attribute for attribute in described}


_TYPES: Mapping[object, Type] = {
    str: Type.TEXT,
    int: Type.NUMBER,
    float: Type.NUMBER,
    bool: Type.TRUTH,
    frozenset: Type.NAMES,
    tuple: Type.NAMES,
}


def _attribute(field_name: str, hint: Any, doc: str) -> Attribute:
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    words = tuple(word for m in members if get_origin(m) is Literal for word in get_args(m))
    held = [m for m in members if m not in (type(None), UnknownType)]
    types = {Type.TEXT if get_origin(m) is Literal else _TYPES[get_origin(m) or m] for m in held}
    if len(types) != 1:
        raise TypeError(f"{field_name}: an attribute holds one type of value, not {hint}")
    return Attribute(
        name=field_name.replace("_", "-"),
        type=types.pop(),
        nullable=type(None) in members,
        words=words,
        doc=doc,
    )
