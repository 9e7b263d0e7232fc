"""The tables, and lines as the values that a trace would make of them."""

from __future__ import annotations

import re

import pytest

from doctor.base.data import data_folder
from doctor.diagnostic import Source
from doctor.knowledge.releases import Releases
from doctor.values.value import Origin, Text, Unknown, Value
from doctor.vllm.tables import Tables

_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")
_VARIABLE = re.compile(r"\$\{?\w+\}?|\$@")


def words(line: str) -> list[Value]:
    """A line's words: ``$NAME`` is unknown, and may be several words unless quoted ``"$NAME"``."""
    source = Source("line.sh", line)
    return [_value(source, word[0], word.start()) for word in _WORD.finditer(line)]


def _value(source: Source, raw: str, start: int) -> Value:
    pieces: list[Text | Unknown] = []
    quote = ""
    for part in re.finditer(rf"{_VARIABLE.pattern}|['\"]|[^'\"$]+|\$", raw):
        origin = Origin(source, start + part.start(), start + part.end())
        text = part[0]
        if text == quote:
            quote = ""
        elif text in "'\"" and not quote:
            quote = text
        elif _VARIABLE.fullmatch(text) and quote != "'":
            pieces.append(Unknown(text, many=not quote or text == "$@", origin=origin))
        else:
            pieces.append(Text(text, origin, bool(quote)))
    return Value(tuple(pieces))


@pytest.fixture(scope="session")
def tables() -> Tables:
    return Tables(Releases(data_folder("kb") / "vllm"))
