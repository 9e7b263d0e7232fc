"""JSON in an argument, perhaps with unknown parts: ``'{"model": "'$DRAFT'"}'``.

Each value remembers the stretch of the argument that it was read from, so that a diagnostic can
point at one key's text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TypeAlias

from doctor.base.numbers import signed_number
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.values.value import UNKNOWN, UnknownType, Value

_DEPTH = 50
_BLANK = regex(r"[ \t\n\r]*")
_STRING = regex(r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}|\x00)*"')
_NUMBER = regex(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_TOKEN = regex(r"[^\s,\]}:]+")
_LITERALS = {"true": True, "false": False, "null": None}

Scalar: TypeAlias = "str | int | float | bool | UnknownType | None"


class Json(Record):
    """A value of a JSON text.

    ``data`` is a scalar, UNKNOWN, a list or a mapping of further values. ``open`` is true for a
    mapping or a list that holds more than can be seen.
    """

    data: Scalar | tuple[Json, ...] | dict[str, Json]
    value: Value
    open: bool = False

    @property
    def members(self) -> dict[str, Json]:
        """The entries of a mapping; of anything else none."""
        return self.data if isinstance(self.data, dict) else {}


class Broken(Record):
    """Why a text is not JSON, in a few words, and the stretch where it breaks."""

    reason: str
    value: Value


class _InvalidError(Exception):
    def __init__(self, reason: str, at: int) -> None:
        self.reason = reason
        self.at = at


def read_json(value: Value) -> Json | Broken:
    """What an argument says as JSON."""
    text = value.shadow
    if text.lstrip().startswith("\0"):  # what it begins with decides what may follow
        return Json(UNKNOWN, value)
    reader = _Reader(text, value)
    try:
        result = reader.value(0)
        reader.blank()
        if reader.at < len(text):
            raise _InvalidError("something follows its end", reader.at)
    except _InvalidError as problem:
        return Broken(_explained(text, problem.reason), value.slice(problem.at, problem.at + 1))
    return result


def read_scalar(value: Value) -> Json:
    """A value after a dotted key: JSON if it is, else a string."""
    read = read_json(value)
    if isinstance(read, Json):
        return read
    text = value.text
    return Json(UNKNOWN if text is None else text, value)


def merged(base: Json, keys: tuple[str, ...], entry: Json) -> Json:
    """``base`` with ``entry`` under the dotted keys; too many of them leave it open."""
    if not keys:
        return entry
    if len(keys) > _DEPTH:
        return Json(base.members, base.value, open=True)
    members = dict(base.members)
    inner = members.get(keys[0], Json({}, entry.value))
    members[keys[0]] = merged(inner, keys[1:], entry)
    return Json(members, base.value, base.open)


def _explained(text: str, reason: str) -> str:
    """The reasons behind what usually goes wrong, in place of the position of the fault."""
    if '"' not in text and "'" not in text and re.search(r"[A-Za-z]", text):
        return "it has no quotes; put the whole value in single quotes, and names in double ones"
    if re.search(r"[{,:\[]\s*\\+[\"']", text):
        return "a backslash stands before its quotes; inside single quotes it stays there"
    if re.search(r"[{,\[]\s*'", text):
        return "JSON wants double quotes around names and strings, not single ones"
    if re.search(r"[:,\[]\s*(?:True|False|None)\b", text):
        return "JSON writes true, false and null, not True, False and None"
    if re.search(r",\s*[}\]]", text):
        return "there is a comma before a closing bracket"
    return reason


@dataclass
class _Reader:
    text: str
    source: Value
    at: int = field(default=0)

    def blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def value(self, depth: int) -> Json:
        self.blank()
        start = self.at
        sign = self.text[start : start + 1]
        if depth > _DEPTH:
            raise _InvalidError("it is nested too deeply", start)
        if sign == "{":
            return self.mapping(depth)
        if sign == "[":
            return self.sequence(depth)
        if sign == '"':
            return self.string()
        return self.token()

    def token(self) -> Json:
        start = self.at
        found = _TOKEN.match(self.text, start)
        if not found:
            raise _InvalidError(
                "it ends too early"
                if start >= len(self.text)
                else f"{self.text[start]!r} is not expected here",
                start,
            )
        word = found[0]
        self.at = found.end()
        here = self.source.slice(start, self.at)
        if "\0" in word:
            return Json(UNKNOWN, here)
        if word in _LITERALS:
            return Json(_LITERALS[word], here)
        if not _NUMBER.fullmatch(word):
            raise _InvalidError(f"{word!r} is neither a number nor in double quotes", start)
        return Json(_number(word), here)

    def string(self) -> Json:
        start = self.at
        found = _STRING.match(self.text, start)
        if not found:
            raise _InvalidError("a double quote is not closed", start)
        self.at = found.end()
        here = self.source.slice(start + 1, self.at - 1)
        return Json(UNKNOWN if "\0" in found[0] else json.loads(found[0]), here)

    def mapping(self, depth: int) -> Json:
        start = self.at
        members: dict[str, Json] = {}
        hidden = False
        self.at += 1
        while not self.closes("}", bool(members) or hidden):
            self.blank()
            if self.text[self.at : self.at + 1] == "\0":
                self.unknown_run()
                hidden = True
                continue
            if self.text[self.at : self.at + 1] != '"':
                raise _InvalidError("a name in double quotes is missing", self.at)
            name = self.string()
            self.expect(":")
            entry = self.value(depth + 1)
            if isinstance(name.data, str):
                members[name.data] = entry
            else:
                hidden = True
        return Json(members, self.source.slice(start, self.at), hidden)

    def sequence(self, depth: int) -> Json:
        start = self.at
        items: list[Json] = []
        self.at += 1
        while not self.closes("]", bool(items)):
            items.append(self.value(depth + 1))
        return Json(tuple(items), self.source.slice(start, self.at))

    def closes(self, bracket: str, separated: bool) -> bool:
        """Past the closing bracket, or past the comma before the next entry."""
        self.blank()
        sign = self.text[self.at : self.at + 1]
        if sign == bracket:
            self.at += 1
            return True
        if not sign:
            raise _InvalidError(f"the closing {bracket} is missing", self.at)
        if separated and sign != "\0":
            self.expect(",")
            self.blank()
            if self.text[self.at : self.at + 1] == bracket:
                raise _InvalidError("there is a comma before a closing bracket", self.at)
        return False

    def unknown_run(self) -> None:
        while self.text[self.at : self.at + 1] == "\0":
            self.at += 1

    def expect(self, sign: str) -> None:
        self.blank()
        if self.text[self.at : self.at + 1] != sign:
            raise _InvalidError(f"a {sign!r} is missing", self.at)
        self.at += 1


def _number(word: str) -> int | float:
    number = signed_number(word)
    return float(word) if number is None else number
