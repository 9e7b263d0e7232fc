"""What a command prints, for the few commands where that can be known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from doctor.base.numbers import signed_number
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.trace.domain.environment import BASES, SCRIPT, SCRIPT_FOLDER
from doctor.trace.domain.fields import spaced
from doctor.trace.words import arithmetic, operators
from doctor.values.value import Text, Unknown, Value, derived, known

_MAX_SEQUENCE = 128
#: Of how many arguments printf's output is worked out.
_MOST_ARGUMENTS = 64
_CONVERSION = regex(r"%(-?0?\d{0,2})([sdq%])")
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}
_NUMBER = regex(r"-?(0|[1-9]\d{0,17})")
#: A word of a sum that ``expr`` works out; to it a zero in front is nothing special.
_OF_SUM = regex(r"0|-?[1-9]\d{0,17}|[-+*/%()]")
_SPECIAL = regex(r"[^\w@%+=:./^~#-]|^[#~]")


class _Conversion(Record):
    """A ``%s``, ``%d`` or ``%q`` of a template."""

    width: str
    kind: str

    def of(self, argument: Value | None) -> Value | None:
        """What it makes of an argument, or of none; None if that isn't known."""
        if argument is None:
            argument = Value() if self.kind != "d" else known("0")
        text = argument.text
        if text is None:
            return None if self.width else self._with_unknowns(argument)
        if self.kind == "d" and not _NUMBER.fullmatch(text):
            return None
        if self.kind == "q" and any(not c.isprintable() for c in text):
            return None
        if self.kind == "q" or self.width:
            return known(self._padded(_requoted(text) if self.kind == "q" else text))
        return argument

    def _padded(self, text: str) -> str:
        size = int(self.width.lstrip("-") or 0)
        if self.width.startswith("-"):
            return text.ljust(size)
        return (
            text.zfill(size)
            if self.width.startswith("0") and self.kind == "d"
            else text.rjust(size)
        )

    def _with_unknowns(self, argument: Value) -> Value:
        """The unknowns as they are: quoted or not, they stand for one word."""
        if self.kind != "q":
            return argument
        pieces = tuple(
            replace(p, text=_requoted(p.text)) if isinstance(p, Text) else p
            for p in argument.pieces
        )
        return replace(argument, pieces=pieces)


def _requoted(text: str) -> str:
    """A text so that a shell reads it as it is, as ``%q`` writes it."""
    return _SPECIAL.sub(lambda special: "\\" + special[0], text) or "''"


def printed(name: str, arguments: Sequence[Value]) -> Value | None:
    """What a program prints, without the line ends at its end; None if that isn't known."""
    if name == "echo":
        return spaced([v for v in arguments if v.text not in ("-n", "-e", "-ne")])
    if name == "printf" and arguments:
        return without_line_ends(formatted(arguments[0], tuple(arguments[1:])))
    if name == "seq":
        return _sequence([v.text for v in arguments])
    if name == "expr":
        return _computed([v.text for v in arguments])
    if name == "basename" and len(arguments) == 1:
        return _base_name(arguments[0])
    if name == "dirname" and arguments:
        return _folder(arguments[-1])
    if name in ("realpath", "readlink") and arguments:
        path = arguments[-1]
        return path if path.display.startswith("/") or is_based(path) else None
    return None


def printed_whole(name: str, arguments: Sequence[Value]) -> Value | None:
    """What a program prints, the line ends at its end included."""
    if name == "printf" and arguments:
        return formatted(arguments[0], tuple(arguments[1:]))
    found = printed(name, arguments)
    option = arguments[0].text if name == "echo" and arguments else None
    if found is None or option in ("-e", "-ne", "-en"):
        return None
    if name == "seq" and not found.pieces:  # it counts to less than it begins with
        return found
    return found if option == "-n" else found + known("\n")


def without_line_ends(value: Value) -> Value:
    """What a command substitution leaves of an output."""
    end = len(value.shadow.rstrip("\n"))
    return value if end == len(value.shadow) else value.slice(0, end)


def _base_name(path: Value) -> Value:
    end = len(path.display)
    while end > 1 and path.shadow[end - 1] == "/":
        end -= 1
    return operators.base_name(path.slice(0, end))


def _folder(path: Value) -> Value | None:
    if operators.is_script(path):
        return Value((Unknown(SCRIPT_FOLDER),), path.assumes)
    if path.text is None:
        return None
    return known(path.text.rpartition("/")[0] or ".", path.origin)


def formatted(template: Value, arguments: tuple[Value, ...]) -> Value:
    """What printf makes of a known template with ``%s``, ``%d`` and ``%q``; else an unknown."""
    tokens = None if template.text is None else _tokens(template.text)
    many = any(argument.many for argument in arguments)
    made = None if tokens is None or many else _filled(tokens, template, list(arguments))
    assumes = template.assumes.union(*(a.assumes for a in arguments))
    if made is not None:
        return Value(made.pieces, assumes)
    name = f"$(printf {template.display.strip()} …)"
    several = many and "%q" in template.display  # a list, quoted to be read again
    return Value((derived(name, template, *arguments, many=several),), assumes)


def _tokens(template: str) -> list[str | _Conversion] | None:
    """A template taken apart; None where something else is in it."""
    tokens: list[str | _Conversion] = []
    for index, part in enumerate(_CONVERSION.split(template)):
        if index % 3 == 0:
            text = re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], "\0"), part)
            if "%" in part or "\0" in text:
                return None
            tokens.append(text)
        elif index % 3 == 1:
            width = part
        else:
            tokens.append("%" if part == "%" else _Conversion(width, part))
    return tokens


def _filled(
    tokens: Sequence[str | _Conversion], template: Value, arguments: list[Value]
) -> Value | None:
    """The template with its arguments, used again for further ones."""
    if len(arguments) > _MOST_ARGUMENTS:
        return None
    made = Value()
    for _ in range(_MOST_ARGUMENTS + 1):
        for token in tokens:
            if isinstance(token, str):
                made += known(token, template.origin)
                continue
            shown = token.of(arguments.pop(0) if arguments else None)
            if shown is None:
                return None
            made += shown
        if not arguments or all(isinstance(token, str) for token in tokens):
            return made
    return None


def is_based(path: Value) -> bool:
    """Whether a path begins with a folder that is known by its name, such as the script's own."""
    first = path.pieces[0] if path.pieces else None
    return isinstance(first, Unknown) and (first.name in BASES or first.name == SCRIPT)


def _computed(words: Sequence[str | None]) -> Value | None:
    """What ``expr`` makes of whole numbers; it compares texts, too, which nobody does here."""
    if not all(word is not None and _OF_SUM.fullmatch(word) for word in words):
        return None
    try:
        return known(str(arithmetic.evaluate(" ".join(map(str, words)), _no_variable)))
    except arithmetic.NotKnownError:
        return None


def _no_variable(name: str) -> int:
    raise arithmetic.NotKnownError


def _sequence(texts: list[str | None]) -> Value | None:
    numbers = [n for text in texts if (n := signed_number(text)) is not None]
    if not numbers or len(numbers) < len(texts):
        return None
    first, step, last = {1: (1, 1, numbers[-1]), 2: (numbers[0], 1, numbers[-1])}.get(
        len(numbers), (numbers[0], numbers[1] if len(numbers) > 1 else 1, numbers[-1])
    )
    if step == 0 or len(numbers) > 3 or abs(last - first) // abs(step) > _MAX_SEQUENCE:
        return None
    return known("\n".join(str(n) for n in range(first, last + (1 if step > 0 else -1), step)))
