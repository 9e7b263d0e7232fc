"""Rules with one part left out or turned, as their documents say it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from doctor.base.document import Item
from doctor.base.record import Record
from doctor.rulebook.reader import TEXTS

#: A bound, and the one that differs from it at the bound itself.
_TURNED = {"gt": "ge", "ge": "gt", "lt": "le", "le": "lt"}
#: What a rule, or a case of it, may do without.
_PARTS = ("at", "related", "evidence", "remedy", "once-per", "fix")
_CASE_PARTS = ("severity", "evidence", "remedy", "once-per", "fix")
#: What a case says in words, all in one.
_TEXTS = ("message", *TEXTS)

_WIDER = "add a good example that differs from a bad one in this alone"
_NARROWER = "add a bad example that holds only with it"
_AT_THE_BOUND = "add an example that lies exactly at the bound"
_OF_CASE = "add an example of this case that says its `severity` or `message`"
_SAYS = "say in an example, under `message`, what is said in this case"
_TELLS = {
    "severity": "say the `severity` in an example",
    "evidence": "say what the `evidence` holds in an example",
    "remedy": "say what the `remedy` holds in an example",
    "fix": "say in a bad example what is `fixed`",
    "at": "say in a bad example what the diagnostic stands `at`",
    "related": "say in a bad example what the `related` place's message holds",
    "once-per": "say in a bad example how many `times` the rule speaks",
}


class Variant(Record):
    """A changed document: what of it was changed, where that stands, and what example needs it.

    ``path`` are the keys and the places in lists that lead to what was changed.
    """

    item: Item
    path: tuple[str | int, ...]
    part: str
    line: int
    advice: str


def variants(rule: Item) -> Iterator[Variant]:
    """A rule's document with each part of it left out or turned, one at a time."""
    parts = rule.value
    yield from _inside(rule, "when", _conditions(parts["when"], _WIDER, _NARROWER))
    if "cases" in parts:
        yield from _inside(rule, "cases", _cases(parts["cases"]))
    for key in _PARTS:
        if key in parts:
            yield _dropped(rule, key, _TELLS[key])
    if "at" in parts:
        yield from _inside(rule, "at", _members(parts["at"], _TELLS["at"]))


def _cases(cases: Item) -> Iterator[Variant]:
    for index, case in enumerate(cases.value):
        yield _dropped(cases, index, _OF_CASE)
        keys = [key for key in _CASE_PARTS if key in case.value]
        texts = [key for key in _TEXTS if key in case.value]
        several = len(keys) + bool(texts) > 1
        changes = [_dropped(case, key, _TELLS[key]) for key in keys if several]
        if texts and several:
            changes.append(_dropped(case, texts[0], _SAYS, *texts[1:]))
        if "when" in case.value:
            conditions = _conditions(case.value["when"], _OF_CASE, _OF_CASE)
            changes += _inside(case, "when", conditions)
        yield from _inside(cases, index, changes)


def _conditions(when: Item, wider: str, narrower: str) -> Iterator[Variant]:
    for key, predicate in when.value.items():
        yield _dropped(when, key, wider)
        if key == "any":
            yield from _inside(when, key, _alternatives(predicate, wider, narrower))
        else:
            yield from _inside(when, key, _predicate(predicate, wider, narrower))


def _alternatives(items: Item, wider: str, narrower: str) -> Iterator[Variant]:
    yield from _members(items, narrower)
    for index, each in enumerate(items.value):
        if len(each.value) > 1 or "any" in each.value:  # without its only condition it always holds
            yield from _inside(items, index, _conditions(each, wider, narrower))


def _predicate(item: Item, wider: str, narrower: str) -> Iterator[Variant]:
    if item.mapping is None:
        yield from _members(item, narrower)
        return
    for word, operand in item.mapping.items():
        if len(item.value) > 1:
            yield _dropped(item, word, wider)
        if word == "not":
            yield from _inside(item, word, _predicate(operand, narrower, wider))
        elif word in _TURNED:
            yield _turned(item, word)
        else:
            less = wider if word in ("lacks", "disjoint") else narrower
            more = narrower if less == wider else wider
            yield from _inside(item, word, _members(operand, less))
            yield from _inside(item, word, _range(operand, more) if word == "within" else ())


def _turned(item: Item, word: str) -> Variant:
    other = {
        _TURNED.get(key, key) if key == word else key: each for key, each in item.value.items()
    }
    part = _shown({word: item.value[word]})
    return Variant(replace(item, value=other), (word,), part, item.value[word].line, _AT_THE_BOUND)


def _range(item: Item, advice: str) -> Iterator[Variant]:
    """A range of releases without one of its bounds."""
    bounds = str(item.value).split(",")
    for index, bound in enumerate(bounds) if len(bounds) > 1 else ():
        rest = ",".join(bounds[:index] + bounds[index + 1 :])
        changed = replace(item, value=rest, text=rest)
        yield Variant(changed, (index,), f"`{bound.strip()}`", item.line, advice)


def _members(item: Item, advice: str) -> Iterator[Variant]:
    """A list without one of its members; one has to stay."""
    if item.list is not None and len(item.list) > 1:
        for index in range(len(item.list)):
            yield _dropped(item, index, advice)


def _dropped(item: Item, key: str | int, advice: str, *with_it: str) -> Variant:
    """A mapping without a key, and those that go with it, or a list without a member."""
    gone = item.value[key]
    if isinstance(key, str):
        value: Any = {
            other: each for other, each in item.value.items() if other not in (key, *with_it)
        }
        part = _shown({key: gone})
    else:
        value = item.value[:key] + item.value[key + 1 :]
        part = _shown(gone)
    return Variant(replace(item, value=value), (key,), part, gone.line, advice)


def _inside(item: Item, key: str | int, changes: Iterable[Variant]) -> Iterator[Variant]:
    """What is changed in a part of an item, as changes of the item."""
    for change in changes:
        if isinstance(key, str):
            value: Any = {**item.value, key: change.item}
        else:
            value = (*item.value[:key], change.item, *item.value[key + 1 :])
        yield replace(change, item=replace(item, value=value), path=(key, *change.path))


def _shown(part: Item | Mapping[str, Item]) -> str:
    """A part of a document as one would write it on one line."""
    text = " ".join(_flow(part).split())
    return f"`{text if len(text) <= 80 else text[:79] + '…'}`"


def _flow(part: Item | Mapping[str, Item], inner: bool = False) -> str:
    mapping = part.mapping if isinstance(part, Item) else part
    if mapping is not None:
        text = ", ".join(f"{key}: {_flow(each, True)}" for key, each in mapping.items())
        return f"{{{text}}}" if inner else text
    assert isinstance(part, Item)
    if part.list is not None:
        return f"[{', '.join(_flow(each, True) for each in part.list)}]"
    return part.text
