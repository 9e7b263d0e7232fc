"""The text of a configuration's file, and what TOML makes of it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from doctor.base.errors import DoctorError
from doctor.base.regex import regex
from doctor.base.regular import read_regular

MAX_BYTES = 1 << 20
_DEEP_KEY = regex(r"(?:[\w'\"-]{1,64}[ \t]*\.[ \t]*){32}")  # reading it takes quadratic time


def text_of(path: Path) -> str:
    """The text of a file; it is refused if it can't be read or is too large."""
    try:
        content = read_regular(path, MAX_BYTES)
    except OSError as error:
        raise DoctorError(f"can't be read: {error.strerror}", str(path)) from None
    if len(content) > MAX_BYTES:
        raise DoctorError(f"is larger than {MAX_BYTES >> 20} MiB", str(path))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DoctorError("is not UTF-8 text", str(path), line) from None


def parsed(text: str, filename: str) -> dict[str, Any]:
    """The table that a text holds; it is refused if it is not TOML."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    if (deep := _DEEP_KEY.search(text)) is not None:
        line = text.count("\n", 0, deep.start()) + 1
        raise DoctorError("a key has more than 32 parts", filename, line)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise DoctorError("lists or tables are nested too deep", filename) from None
    except tomllib.TOMLDecodeError as error:
        problem, line = str(error), len(text.splitlines())
        if place := re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", problem):
            problem, line = problem[: place.start()], int(place[1] or line)
        raise DoctorError(f"this is not TOML: {problem}", filename, line) from None


def line_of(word: str, text: str) -> int | None:
    """The line that sets a key, else the first that holds the word."""
    quoted = re.escape(word)
    for pattern in (
        rf"^\s*(?:\[[^\]\n]*)?[\"']?{quoted}[\"']?\s*[\]=.]",
        rf"(?<![\w-]){quoted}(?![\w-])",
    ):
        if (found := re.search(pattern, text, re.MULTILINE)) is not None:
            return text.count("\n", 0, found.end()) + 1
    return None
