"""One rule file read and checked: every name in it is a name of the vocabulary."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import get_args

from doctor.base.document import Item
from doctor.base.errors import nearest
from doctor.base.regex import regex
from doctor.diagnostic import Severity
from doctor.rulebook import grammar
from doctor.rulebook.actions import ACTIONS
from doctor.rulebook.grammar import Names
from doctor.rulebook.predicates import Reference
from doctor.rulebook.rule import (
    Case,
    Conditions,
    LookUp,
    Message,
    RelatedPlace,
    Remedy,
    Rule,
    Tells,
)
from doctor.rulebook.vocabulary import about, kind, kinds

REQUIRED = ("code", "name", "lesson", "fact", "severity", "when", "message", "examples")
#: What a rule may say besides its message.
TEXTS = ("why", "help")
OPTIONAL = ("look-up", "cases", "at", "related", *TEXTS, "fix", "once-per")
CASE = ("when", "severity", "message", *TEXTS, "fix", "once-per")
#: What rules about nodes may have besides, and their cases.
NODE = ("looks-at", "launch-critical", "tells", "evidence", "remedy")
NODE_CASE = ("remedy",)
SEVERITIES = ("error", "warning", "info")
CODE = regex(r"[A-Z]{2,8}[0-9]{3}")
NAME = regex(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NAME = "lower-case words joined by `-`"


def read_rule(item: Item, path: Path) -> Rule:
    """The rule that a document holds; ``examples`` are read on their own."""
    parts = grammar.known_keys(item, (*REQUIRED, *OPTIONAL, *NODE), "a rule")
    _require(item, parts, REQUIRED, "a rule")
    names = _names(parts)
    _refuse_for_scripts(parts, NODE, names)
    when = grammar.conditions(parts["when"], names)
    return Rule(
        code=read_code(parts["code"]),
        name=_matching(parts["name"], NAME, "a rule's name", _NAME),
        lesson=_lesson(parts["lesson"]),
        fact=names.fact,
        severity=Severity(grammar.one_of(parts["severity"], SEVERITIES, "a severity")),
        when=when,
        message=grammar.message(parts["message"], names, when),
        path=path,
        look_ups=_look_ups(parts.get("look-up"), names, when),
        cases=_cases(parts.get("cases"), names, when),
        at=_attributes(parts.get("at"), names),
        related=_related(parts.get("related"), names),
        looks_at=_looks_at(parts.get("looks-at")),
        launch_critical=_flag(parts.get("launch-critical")),
        tells=_tells(parts.get("tells")),
        evidence=_message(parts.get("evidence"), names, when),
        remedy=_message(parts.get("remedy"), names, when),
        once_per=_once_per(parts.get("once-per"), names),
        why=_message(parts.get("why"), names, when),
        help=_message(parts.get("help"), names, when),
        fix=_remedy(parts["fix"], names, when) if "fix" in parts else Remedy(),
    )


def _flag(item: Item | None) -> bool:
    """Whether something is so: true or false, false if it isn't said."""
    if item is not None and not isinstance(item.value, bool):
        raise item.error("this must be true or false")
    return bool(item and item.value)


def _tells(item: Item | None) -> Tells | None:
    if item is None:
        return None
    word = grammar.one_of(item, get_args(Tells), "what a rule tells of a node")
    return next(tells for tells in get_args(Tells) if tells == word)


def read_code(item: Item) -> str:
    """A rule's code."""
    return _matching(item, CODE, "a code", "capital letters and three digits, like VD101")


def read_severity(item: Item) -> Severity | None:
    """A severity; None for ``off``."""
    word = grammar.one_of(item, (*SEVERITIES, "off"), "a severity")
    return None if word == "off" else Severity(word)


def _require(item: Item, parts: Mapping[str, Item], keys: Collection[str], what: str) -> None:
    missing = [key for key in keys if key not in parts]
    if missing:
        raise item.error(f"{what} needs the key {missing[0]!r}")


def _matching(item: Item, pattern: re.Pattern[str], what: str, form: str) -> str:
    if not isinstance(item.value, str) or not pattern.fullmatch(item.value):
        raise item.error(f"{what} is made of {form}, not {item.text or 'this'!r}")
    return item.value


def _lesson(item: Item) -> str | None:
    return None if item.value is None else _matching(item, NAME, "a lesson's id", _NAME)


def _looks_at(item: Item | None) -> str:
    if item is not None and not (isinstance(item.value, str) and item.value.strip()):
        raise item.error("`looks-at` says in a few words what the check looks at")
    return "" if item is None else item.text


def _names(parts: Mapping[str, Item]) -> Names:
    """The names that the rule may use: its kind's attributes and its look-ups."""
    fact = parts["fact"]
    attributes = kind(fact.text)
    if attributes is None:
        raise fact.error(
            f"there is no kind of fact {fact.text or 'like this'!r}"
            + nearest(fact.text, list(kinds()))
        )
    look_ups = parts["look-up"].mapping if "look-up" in parts else {}
    return Names(fact.text, attributes, tuple(look_ups or ()))


def _refuse_for_scripts(parts: Mapping[str, Item], keys: Collection[str], names: Names) -> None:
    for key in keys:
        if key in parts and about(names.fact) != "node":
            raise parts[key].error(f"`{key}` is for rules about nodes, not about {names.fact!r}")


def _look_ups(item: Item | None, names: Names, when: Conditions) -> tuple[tuple[str, LookUp], ...]:
    if item is None:
        return ()
    if item.mapping is None:
        raise item.error("`look-up` must be a mapping of names and what they look up")
    read: list[tuple[str, LookUp]] = []
    for name, value in item.mapping.items():
        if name in ("kb", "site", "run") or not NAME.fullmatch(name):
            raise value.error(f"{name!r} cannot name a look-up; use {_NAME}")
        parts = grammar.known_keys(value, ("table", "by"), "a look-up")
        _require(value, parts, ("table", "by"), "a look-up")
        table = _matching(parts["table"], NAME, "a table's name", _NAME)
        above = replace(names, look_ups=[each for each, _ in read])  # so that none goes in circles
        by = grammar.key(parts["by"], above, when)
        read.append((name, LookUp(table, by)))
    return tuple(read)


def _cases(item: Item | None, names: Names, when: Conditions) -> tuple[Case, ...]:
    if item is None:
        return ()
    if item.list is None:
        raise item.error("`cases` must be a list")
    return tuple(_case(each, names, when) for each in item.list)


def _case(item: Item, names: Names, when: Conditions) -> Case:
    parts = grammar.known_keys(item, (*CASE, *NODE_CASE), "a case")
    _refuse_for_scripts(parts, NODE_CASE, names)
    own = grammar.conditions(parts["when"], names) if "when" in parts else Conditions()
    severity = read_severity(parts["severity"]) if "severity" in parts else None
    return Case(
        when=own,
        silent="severity" in parts and severity is None,
        severity=severity,
        message=_message(parts.get("message"), names, when, own),
        why=_case_text(parts.get("why"), names, when, own),
        help=_case_text(parts.get("help"), names, when, own),
        fix=_remedy(parts["fix"], names, when, own) if "fix" in parts else None,
        remedy=_message(parts.get("remedy"), names, when, own),
        once_per=_once_per(parts.get("once-per"), names),
    )


def _remedy(item: Item, names: Names, *binding: Conditions) -> Remedy:
    """A ``fix``: an action with its parameters; ``none`` takes back what the rule says."""
    if item.text == "none":
        return Remedy()
    given = item.mapping or {}
    if "do" not in given:
        raise item.error("`fix` must be a mapping with `do`, or `none`")
    action = ACTIONS[grammar.one_of(given["do"], ACTIONS, "an action")]
    parts = grammar.known_keys(item, ("do", "safe", "message", *action.parameters), "this fix")
    needed = [each for each in action.parameters if each not in action.optional]
    _require(item, parts, ("message", *needed), "this fix")
    operands = [
        (
            name,
            names.attribute(parts[name], parts[name].text).name
            if name in action.places
            else grammar.operand(parts[name], names, *binding),
        )
        for name in action.parameters
        if name in parts
    ]
    message = grammar.message(parts["message"], names, *binding)
    return Remedy(given["do"].text, tuple(operands), _safe(parts.get("safe"), names), message)


def _safe(item: Item | None, names: Names) -> bool | Reference:
    """Whether a fix is safe: true, false, or an attribute that tells."""
    if item is None or isinstance(item.value, bool):
        return bool(item and item.value)
    return Reference(names.attribute(item, item.text).name)


def _message(item: Item | None, names: Names, *binding: Conditions) -> Message | None:
    return None if item is None else grammar.message(item, names, *binding)


def _case_text(item: Item | None, names: Names, *binding: Conditions) -> Message | None:
    """A text of a case; ``none`` takes back what the rule says."""
    if item is not None and item.text == "none":
        return Message(())
    return _message(item, names, *binding)


def _related(item: Item | None, names: Names) -> RelatedPlace | None:
    if item is None:
        return None
    parts = grammar.known_keys(item, ("at", "message"), "`related`")
    _require(item, parts, ("at", "message"), "`related`")
    at = parts["at"]
    place = "location" if at.text == "location" else names.attribute(at, at.text).name
    return RelatedPlace(place, grammar.message(parts["message"], names))


def _attributes(item: Item | None, names: Names) -> tuple[str, ...]:
    items = () if item is None else item.list or (item,)
    return tuple(names.attribute(each, each.text).name for each in items)


def _once_per(item: Item | None, names: Names) -> str | None:
    if item is None:
        return None
    if item.text in ("file", "location", "run"):
        return item.text
    return names.attribute(item, item.text).name
