"""Values that releases refuse: out of bounds, no JSON, keys and choices that they don't know.

An option whose bounds, keys or choices the tables don't list is never judged.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.values.value import Value
from doctor.vllm.jsonvalue import Broken, Json, read_json, read_scalar
from doctor.vllm.numerals import is_number
from doctor.vllm.rows import Row
from doctor.vllm.tables import Tables

#: From here on the value is JSON; before it could be `image=4`, and a level (engine/arg_utils.py).
_JSON_SINCE = {"--limit-mm-per-prompt": "0.10.0", "--compilation-config": "0.10.1"}
#: From here on a key that the release doesn't know is refused (config/utils.py).
_STRICT_SINCE = "0.16.0"
#: Speculation is judged as a whole, and parsers by rules of their own.
_JUDGED_ELSEWHERE = frozenset(
    {"--speculative-config", "--spec-method", "--tool-call-parser", "--reasoning-parser"}
)
#: What stands for no value at all.
_NOTHING = frozenset({"", "none", "null"})
_OUT_OF_BOUNDS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "gt": (operator.le, "above"),
    "ge": (operator.lt, "at least"),
    "lt": (operator.ge, "below"),
    "le": (operator.gt, "at most"),
}
#: Options that take JSON in every release that has them; for others any text may do.
_ALWAYS_JSON = frozenset({"--allowed-headers", "--allowed-methods", "--allowed-origins"})
#: Options of which a text in braces is read as JSON, and any other as it is.
_JSON_OR_TEXT = frozenset({"--additional-config", "--hf-overrides", "--model-loader-extra-config"})
#: Options of which a plug-in may bring a value, where the release doesn't check them.
_OPEN_TO_PLUGINS = frozenset({"--kv-cache-dtype"})
_PLAIN = regex(r"[\w.,=-]+")
_CHOICE = regex(r"[\w.:-]+")
_KEY = regex(r"[A-Za-z][\w-]*")
_MOST_CHOICES = 12


class Refusal(Record):
    """Why a value is refused, in a few words, and by which releases.

    ``unless_plugin`` are releases that refuse it, too, unless a plug-in brings it.
    """

    reason: str
    releases: int
    unless_plugin: int = 0


def refused(row: Row, keys: tuple[str, ...], value: Value, tables: Tables) -> Refusal | None:
    """Why releases refuse what an option, or a dotted key of it, is given; None if they don't."""
    if row.name in _JUDGED_ELSEWHERE:
        return None
    if not keys:
        of_json = _no_json(row, value, tables) or _within(row, read_json(value), tables)
        return of_json or _of_text(row, value.text, tables)
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


def _of_text(row: Row, text: str | None, tables: Tables) -> Refusal | None:
    """What is out of a flag's bounds, or none of its choices."""
    if text is None or row.kind == "list" or text.lower() in _NOTHING:
        return None
    beyond, strange = _out_of_bounds(row, text, tables), _no_choice_of(row, text, tables)
    if beyond is not None and strange is not None:  # some releases have bounds, others choices
        return Refusal(beyond.reason, beyond.releases | strange.releases)
    return beyond or strange


def _no_choice_of(row: Row, text: str, tables: Tables) -> Refusal | None:
    lacking = no_choice(row, text, tables) if _CHOICE.fullmatch(text) else 0
    if not lacking or (row.feature.details.get("loose") and text.lower() == "auto"):
        return None
    named = [name for name, life in row.feature.details["choices"].items()
             if tables.between(life) & lacking]  # fmt: skip
    reason = f"{text!r} is not one of {_listed(dict.fromkeys(named))}"
    open_to = row.releases & ~lacking if row.name in _OPEN_TO_PLUGINS else 0
    unless = open_to & tables.since(row.feature.details.get("unchecked", "")) if open_to else 0
    return Refusal(reason, lacking, unless)


def _out_of_bounds(row: Row, text: str, tables: Tables) -> Refusal | None:
    if not is_number(text):
        return None
    reason, wrong = "", 0
    periods = list(row.feature.details.get("bounds", {}).items())
    for at, (since, limits) in enumerate(periods):
        end = tables.before(periods[at + 1][0]) if at + 1 < len(periods) else tables.every
        if any(_OUT_OF_BOUNDS[name][0](float(text), limit) for name, limit in limits.items()):
            wrong |= tables.since(since) & end & row.releases
            told = (f"{_OUT_OF_BOUNDS[name][1]} {limit}" for name, limit in limits.items())
            reason = f"it must be {' and '.join(told)}, not {text}"
    return Refusal(reason, wrong) if wrong else None


def _no_json(row: Row, value: Value, tables: Tables) -> Refusal | None:
    return _broken(row, value) or _old_form(row, value, tables)


def _broken(row: Row, value: Value) -> Refusal | None:
    """What is meant to be JSON and is not; where that isn't sure a text may be a file's name."""
    text = (value.text or "").strip()
    meant = text[:1] in ("{", "[") and (row.kind == "json" or row.name in _JSON_OR_TEXT)
    if not meant and not (row.name in _ALWAYS_JSON and text.lower() not in _NOTHING):
        return None
    read = read_json(value)
    if isinstance(read, Broken):
        return Refusal(f"it is not valid JSON: {read.reason}", row.releases)
    return None


def _old_form(row: Row, value: Value, tables: Tables) -> Refusal | None:
    since, text = _JSON_SINCE.get(row.name), value.text
    if since is None or text is None or not _PLAIN.fullmatch(text):
        return None
    return Refusal(f"{text!r} is not a JSON object", row.releases & tables.since(since))


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
        return Refusal(f"`{key}` is not one of its keys", lacking)
    value = entry.data
    named = isinstance(value, str) and _CHOICE.fullmatch(value)
    if lacking := there & _lacking(known, str(value), tables) if named else 0:
        return Refusal(f"{value!r} is not one of {_listed(known['choices'])}", lacking)
    return None


def _listed(choices: Mapping[str, object]) -> str:
    return ", ".join(_first(choices, _MOST_CHOICES))


def _first(names: Mapping[str, object], most: int) -> Iterator[str]:
    yield from list(names)[:most]
    if len(names) > most:
        yield "…"
