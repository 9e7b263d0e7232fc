"""Values that releases refuse: what is no JSON, keys and choices that they don't know.

An option whose keys or choices the tables don't list is never judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.values.value import Value
from doctor.vllm.jsonvalue import Broken, Json, read_json, read_scalar
from doctor.vllm.rows import Row
from doctor.vllm.tables import Tables

#: From here on the value is JSON; before it could be `image=4`, and a level (engine/arg_utils.py).
_JSON_SINCE = {"--limit-mm-per-prompt": "0.10.0", "--compilation-config": "0.10.1"}
#: From here on a key that the release doesn't know is refused (config/utils.py).
_STRICT_SINCE = "0.16.0"
#: What is said of speculation is judged together, elsewhere.
_JUDGED_ELSEWHERE = frozenset({"--speculative-config"})
_PLAIN = regex(r"[\w.,=-]+")
_CHOICE = regex(r"[\w.:-]+")
_KEY = regex(r"[A-Za-z][\w-]*")
_MOST_CHOICES = 12


class Refusal(Record):
    """Why a value is refused, in a few words, and by which releases."""

    reason: str
    releases: int


def refused(row: Row, keys: tuple[str, ...], value: Value, tables: Tables) -> Refusal | None:
    """Why releases refuse what an option, or a dotted key of it, is given; None if they don't."""
    if row.name in _JUDGED_ELSEWHERE:
        return None
    if not keys:
        return _no_json(row, value, tables) or _within(row, read_json(value), tables)
    if len(keys) > 1:
        return None
    return _of_key(row, keys[0], read_scalar(value), tables)


def no_choice(row: Row, value: str, tables: Tables) -> int:
    """The releases that check an option's choices, and don't have this one."""
    return row.releases & _lacking(row.feature.details, value, tables)


def _lacking(details: Mapping[str, Any], value: str, tables: Tables) -> int:
    choices = details.get("choices")
    if not choices:
        return 0
    judged = tables.since(details["checked"]) if "checked" in details else tables.every
    judged &= tables.before(details["unchecked"]) if "unchecked" in details else tables.every
    if details.get("loose"):
        choices, value = {name.lower(): life for name, life in choices.items()}, value.lower()
    return judged & ~tables.between(choices[value]) if value in choices else judged


def _no_json(row: Row, value: Value, tables: Tables) -> Refusal | None:
    since, text = _JSON_SINCE.get(row.name), value.text
    if since is None or text is None or not _PLAIN.fullmatch(text):
        return None
    return Refusal(f"{text!r} is no mapping in JSON", row.releases & tables.since(since))


def _within(row: Row, given: Json | Broken, tables: Tables) -> Refusal | None:
    """The first key of a mapping that is refused, or whose value is."""
    members = given.members if isinstance(given, Json) else {}
    found = (_of_key(row, key, entry, tables) for key, entry in members.items())
    return next((refusal for refusal in found if refusal is not None), None)


def _of_key(row: Row, written: str, entry: Json, tables: Tables) -> Refusal | None:
    rows: Mapping[str, Mapping[str, Any]] = row.feature.details.get("keys", {})
    key = written.replace("-", "_")
    if not rows or not _KEY.fullmatch(key):
        return None
    known = rows.get(key, {})
    there = row.releases & tables.between(known) if key in rows else 0
    strict = row.releases & tables.since(_STRICT_SINCE)
    if lacking := strict & ~there:
        return Refusal(f"`{key}` is none of its keys", lacking)
    value = entry.data
    named = isinstance(value, str) and _CHOICE.fullmatch(value)
    if lacking := there & _lacking(known, str(value), tables) if named else 0:
        return Refusal(f"{value!r} is none of {_listed(known['choices'])}", lacking)
    return None


def _listed(choices: Mapping[str, object]) -> str:
    return ", ".join(_first(choices, _MOST_CHOICES))


def _first(names: Mapping[str, object], most: int) -> Iterator[str]:
    yield from list(names)[:most]
    if len(names) > most:
        yield "…"
