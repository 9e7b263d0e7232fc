"""What the operator of an expansion makes of a value: ``##*/``, ``/a/b``, ``:0:3``, ``@Q``."""

from __future__ import annotations

import re
from dataclasses import replace

from doctor.base.patterns import matches
from doctor.shell.tree import Parameter
from doctor.trace.domain.environment import SCRIPT, SCRIPT_FOLDER
from doctor.trace.words.parameters import single
from doctor.values.value import Piece, Text, Unknown, Value, derived, known

_MAX_TEXT = 10_000
_MAX_STRIPPED = 400
_MAX_REPLACED = 100


def transform(value: Value, part: Parameter, argument: Value, written: str) -> Value:
    """``value`` after ``##pattern``, ``/pattern/text``, ``:offset:length``, ``^^`` and so on."""
    assumes = value.assumes | argument.assumes
    if part.operator == "@" and argument.text == "Q":
        return _requoted(value, written)
    if part.operator == "##" and argument.text == "*/":
        return base_name(value)
    if part.operator == "%" and argument.text == "/*" and is_script(value):
        return Value((Unknown(SCRIPT_FOLDER),), assumes)
    text, word = value.text, argument.text
    if text is None or word is None or max(len(text), len(word)) > _MAX_TEXT:
        return Value((derived(written, value, argument, many=_splits(part, argument)),), assumes)
    changed = _apply(part.operator, text, word)
    if changed is None:
        return Value((derived(written, value, argument, many=_splits(part, argument)),), assumes)
    if changed and text.endswith(changed):
        return replace(value.slice(len(text) - len(changed)), assumes=assumes)
    return Value((Text(changed, value.origin),) if changed else (), assumes)


def _splits(part: Parameter, argument: Value) -> bool:
    """Whether a text of several words may come of it: ``${CUDA_VISIBLE_DEVICES//,/ }``."""
    return part.operator == "//" and not part.quoted and argument.display.endswith(" ")


def _requoted(value: Value, written: str) -> Value:
    """The value so that a shell reads it again as it is; an unknown stays what it is."""
    if value.many:
        return Value((derived(written, value, many=True),), value.assumes)
    if not value.pieces or not value.shadow.replace("\0", " ").isprintable():
        return replace(value, pieces=(derived(written, value),)) if value.pieces else known("''")
    quote = Text("'")
    pieces: list[Piece] = []
    for piece in value.pieces:
        if isinstance(piece, Text):
            pieces += quote, replace(piece, text=piece.text.replace("'", "'\\''")), quote
        else:
            pieces.append(piece)
    return replace(value, pieces=tuple(pieces))


def is_script(value: Value) -> bool:
    """Whether a value is the path of the script that is being read."""
    unknown = single(value)
    return unknown is not None and unknown.name == SCRIPT


def base_name(value: Value) -> Value:
    """What follows the last slash, known even where only the folder before it is unknown."""
    last = value.pieces[-1] if value.pieces else None
    if value.text is not None or (isinstance(last, Text) and "/" in last.text):
        return value.slice(value.shadow.rfind("/") + 1)
    return Value((derived(f"basename of {value.display}", value),), value.assumes)


def _apply(operator: str, text: str, word: str) -> str | None:
    if operator in ("#", "##", "%", "%%"):
        return _strip(operator, text, word)
    if operator in ("/", "//", "/#", "/%"):
        return _replace(operator, text, word)
    if operator in ("^^", "^", ",,", ",") and not word:
        change = str.upper if operator[0] == "^" else str.lower
        return change(text) if len(operator) == 2 else change(text[:1]) + text[1:]
    if operator == ":":
        found = re.fullmatch(r"\s*(-?\d{1,6})\s*(?::\s*(-?\d{1,6}))?\s*", word)
        if found:
            start = int(found.group(1))
            rest = text[start:] if start >= 0 else text[start:] if -start <= len(text) else ""
            return rest if found.group(2) is None else rest[: int(found.group(2))]
    return None


def _strip(operator: str, text: str, pattern: str) -> str | None:
    if len(text) > _MAX_STRIPPED:
        return None
    cuts = range(len(text) + 1)
    if operator in ("##", "%"):
        cuts = cuts[::-1]
    for cut in cuts:
        if operator[0] == "#" and matches(pattern, text[:cut]):
            return text[cut:]
        if operator[0] == "%" and matches(pattern, text[cut:]):
            return text[:cut]
    return text


def _replace(operator: str, text: str, word: str) -> str | None:
    pattern, _, new = word.replace("\\/", "\0").partition("/")
    pattern, new = pattern.replace("\0", "/"), new.replace("\0", "/")
    anchored = operator in ("/#", "/%")
    if not anchored and pattern and not re.search(r"[*?\[]", pattern):
        return text.replace(pattern.replace("\\", ""), new, -1 if operator == "//" else 1)
    if "&" in new or not (pattern or anchored) or not text or len(text) > _MAX_REPLACED:
        return None
    size = len(text)
    if operator == "/#":
        ends = (end for end in range(size, -1, -1) if matches(pattern, text[:end]))
        end = next(ends, None)
        return text if end is None else new + text[end:]
    if operator == "/%":
        begin = next((at for at in range(size + 1) if matches(pattern, text[at:])), None)
        return text if begin is None else text[:begin] + new
    return _replace_pattern(text, pattern, new, every=operator == "//")


def _replace_pattern(text: str, pattern: str, new: str, every: bool) -> str:
    """The text with its first longest match, or every one, replaced."""
    made, at = "", 0
    while at < len(text):
        ends = (end for end in range(len(text), at, -1) if matches(pattern, text[at:end]))
        end = next(ends, None)
        if end is not None and not every:
            return made + new + text[end:]
        made, at = (made + text[at], at + 1) if end is None else (made + new, end)
    return made
