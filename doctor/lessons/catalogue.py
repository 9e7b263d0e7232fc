"""The rules in force: those that ship with the tool and the site's, as it is configured."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from doctor.base.data import data_folder
from doctor.base.record import Record
from doctor.config import Config
from doctor.config.selection import matches_any
from doctor.rulebook import Rule, load
from doctor.rulebook.predicates import Reference
from doctor.rulebook.rule import Message


class Entry(Record):
    """A rule, the severity that it has here (``off`` for none), and whether it is the site's."""

    rule: Rule
    severity: str
    site: bool


def catalogue(config: Config) -> list[Entry]:
    """The rules in force, in the order of their codes."""
    rulebook = load(config.rules)
    if config.names_rules:
        config.refuse_unknown(rulebook.names)
    shipped = data_folder("rules")
    entries = []
    for rule in rulebook.rules:
        ranked = rulebook.severities.get(rule.code, rule.severity)
        severity = _configured(rule, config) or (ranked.value if ranked else "off")
        entries.append(Entry(rule, severity, not rule.path.is_relative_to(shipped)))
    return entries


def _configured(rule: Rule, config: Config) -> str | None:
    """What the configuration makes of a rule's severity, if it speaks of it."""
    selected = not config.select or matches_any(config.select, rule.code, rule.name)
    if not selected or matches_any(config.ignore, rule.code, rule.name):
        return "off"
    return config.severity_of(rule.code, rule.name)


def written(message: Message) -> str:
    """A message as the rule's file has it, with the names of what will stand there."""
    return "".join(
        f"{{{piece.path}}}" if isinstance(piece, Reference) else piece for piece in message.pieces
    )


def as_text(entries: Sequence[Entry]) -> Iterator[str]:
    """One line a rule."""
    code, name, lesson = (
        max((len(word) for word in column), default=0)
        for column in (
            [entry.rule.code for entry in entries],
            [entry.rule.name for entry in entries],
            [entry.rule.lesson or "" for entry in entries],
        )
    )
    for entry in entries:
        rule = entry.rule
        origin = str(rule.path) if entry.site else ""
        yield (
            f"{rule.code:<{code}}  {entry.severity:<7}  {rule.name:<{name}}  "
            f"{rule.lesson or '':<{lesson}}  {origin}"
        ).rstrip()


def as_json(entries: Sequence[Entry]) -> Iterator[str]:
    """An array with an object for each rule."""
    described = [
        {
            "code": entry.rule.code,
            "name": entry.rule.name,
            "severity": entry.severity,
            "default_severity": entry.rule.severity.value,
            "lesson": entry.rule.lesson,
            "fact": entry.rule.fact,
            "message": written(entry.rule.message),
            "site": entry.site,
            "path": str(entry.rule.path),
        }
        for entry in entries
    ]
    yield from json.dumps(described, indent=2).splitlines()
