"""What quotes a character where, and what quoted text stands for."""

from __future__ import annotations

import re

from doctor.base.record import Record
from doctor.base.regex import regex


class Context(Record):
    """How text is read in one kind of place.

    ``plain`` matches a run without meaning here (in quoted text, with its escapes), so
    whatever it leaves out is special. A character of ``closers`` ends the context unless it
    stands between ``opens`` and ``closes``. Literals are ``quoted`` and, where ``escapes``
    is set, keep only its first group of each of its matches.
    """

    plain: re.Pattern[str]
    closers: str
    quoted: bool = False
    opens: str = ""
    closes: str = ""
    escapes: re.Pattern[str] | None = None

    def value(self, source: str) -> str:
        """The text that a literal's source stands for."""
        return source if self.escapes is None else self.escapes.sub(r"\1", source)


# People leave such names in templates: <FILL_ME>, <your-model>. Not so plain <input>, unless
# nothing follows that its `>` could write to, which would be an error in bash, or an option,
# which nobody writes to.
PLACEHOLDER = (
    r"<(?:(?=[A-Za-z0-9_. -]*[A-Z_-])[A-Za-z0-9_.](?:[A-Za-z0-9_. -]*[A-Za-z0-9_.-])?>"
    r"(?=[ \t\r\n\"';)/]|\Z)"
    r"|[^\s<>\"'`$\\;&|()#](?:[^\n<>\"'`$\\;&|()#]*[^\s<>\"'`$\\;&|()#])?>"
    r"(?=[ \t]*(?:[\r\n;)<]|\Z)|(?:[ \t]|\\\r?\n)+[&|>#-]))"
)


# Jinja and its like fill these in: `{{ model }}`, `{{ gpus | default(1) }}`.
_FILLED_IN = r"\{\{[ \t]+[^\n{}'\"`$\\;&<>]{1,200}?[ \t]+\}\}"
_NOT_FILLED_IN = r"\{(?!\{[ \t])"


def _run(*alternatives: str) -> re.Pattern[str]:
    # Nothing may follow the repetition: it never has a reason to try another split.
    return regex(f"(?:{'|'.join(alternatives)})*", re.DOTALL)


# bash reads a word on in parentheses after these: @(a|b), and let n=(a+b)/2.
_NO_PARENTHESES = r"[?*+@!=](?!\()"
_BARE_RETURN = r"\r(?!\n|\Z)"
_ESCAPE = r"\\."
_QUOTED = regex(r'\\([$`"\\])|\\\n|"')
_QUOTED_IN_BRACES = regex(r'\\([$`"\\}])|\\\n')

WORD = Context(
    _run(
        r"[^ \t\r\n;&|()<>\"'`$\\?*+@!={]+",
        _NO_PARENTHESES,
        _BARE_RETURN,
        PLACEHOLDER,
        _FILLED_IN,
        _NOT_FILLED_IN,
        r"\{",
    ),
    closers=" \t\r\n;&|()",
)
# bash takes no operators among an array's values; a template's <name> is read all the same.
ELEMENT = Context(
    _run(r"[^ \t\r\n)<>\"'`$\\?*+@!=]+", _NO_PARENTHESES, _BARE_RETURN, r"[<>](?!\()"),
    closers=" \t\r\n)",
)
REGEX = Context(
    _run(r"[^ \t\r\n()\"'`$\\]+", _BARE_RETURN),
    closers=" \t\r\n)",
    opens="(",
    closes=")",
)
PARENTHESES = Context(_run(r"[^()\"'`$\\]+"), closers=")", opens="(", closes=")")
BRACKETS = Context(_run(r"[^\[\]\"'`$\\]+"), closers="]", opens="[", closes="]")
BRACES = Context(_run(r"[^}\"'`$\\]+"), closers="}")
# Between double quotes a single quote stands for itself, yet hides a brace: "${name:-'}'}".
BRACES_QUOTED = Context(
    _run(r"[^}\"'`$\\]+", _ESCAPE),
    closers="}",
    quoted=True,
    opens="'",
    closes="'",
    escapes=_QUOTED_IN_BRACES,
)
# In a pattern single quotes quote even between double quotes: "${name%'.txt'}".
PATTERN_QUOTED = Context(
    _run(r"[^}\"'`$\\]+", _ESCAPE), closers="}", quoted=True, escapes=_QUOTED_IN_BRACES
)
DOUBLE_QUOTES = Context(_run(r'[^"`$\\]+', _ESCAPE), closers='"', quoted=True, escapes=_QUOTED)
HERE_DOCUMENT = Context(
    _run(r"[^`$\\]+", _ESCAPE), closers="", quoted=True, escapes=regex(r"\\([$`\\])|\\\n")
)
ARITHMETIC = Context(
    _run(r"[^()\"'`$\\]+", _ESCAPE),
    closers=")",
    quoted=True,
    opens="(",
    closes=")",
    escapes=_QUOTED,
)
CLAUSE = Context(
    _run(r"[^;()\"'`$\\]+", _ESCAPE),
    closers=";)",
    quoted=True,
    opens="(",
    closes=")",
    escapes=_QUOTED,
)


_ANSI_C_ESCAPE = regex(
    r"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|c(.)|(.))",
    re.DOTALL,
)
_ANSI_C_NAMES = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "?": "?",
}


def decode_ansi_c(source: str) -> str:
    """The text that the inside of ``$'…'`` stands for."""
    return _ANSI_C_ESCAPE.sub(_decode_escape, source)


def _decode_escape(escape: re.Match[str]) -> str:
    octal, byte, short, long, control, name = escape.groups()
    if octal:
        return chr(int(octal, 8) & 0xFF)
    if control:
        return chr(ord(control) & 0x1F)
    if name:
        return _ANSI_C_NAMES.get(name, escape.group())
    code = int(byte or short or long, 16)
    is_character = code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    return chr(code) if is_character else "\N{REPLACEMENT CHARACTER}"
