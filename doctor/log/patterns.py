r"""Regular expressions that can't take long, whatever the text: the others are refused.

Python's engine backtracks. What makes it slow is a repetition inside a repetition, and one that
what follows it could match as well. Such a one needs a bound (``.{0,200}``), and where there are
several the product of their bounds has one; each of the others has to stop where the next character
begins (``\S+`` before a blank).
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from typing import Any

if sys.version_info >= (3, 11):
    from re import _constants as codes  # type: ignore[attr-defined,unused-ignore]
    from re import _parser as parser  # type: ignore[attr-defined,unused-ignore]
else:
    import sre_constants as codes  # type: ignore[import-not-found,unused-ignore]
    import sre_parse as parser  # type: ignore[import-not-found,unused-ignore]

#: How often a repetition may turn before it counts as one without an end.
_FEW = 3
#: How many ways there may be to divide a text between repetitions that could take the same part.
_MOST = 5000
_REFUSED = {
    codes.ASSERT: "a look-around",
    codes.ASSERT_NOT: "a look-around",
    codes.GROUPREF: "a reference to a group",
    codes.GROUPREF_EXISTS: "a condition on a group",
}
_REPEATS = {codes.MAX_REPEAT, codes.MIN_REPEAT}


def complaint(pattern: str) -> str | None:
    """Why a pattern is refused, in a sentence; None if it is fine."""
    try:
        compiled = re.compile(pattern)
        tree = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as problem:
        return f"{pattern!r} is not a regular expression: {problem}"
    if compiled.match(""):
        return f"{pattern!r} matches an empty string"
    try:
        ambiguous = _ambiguous(list(tree), inside=False)
    except _RefusedError as problem:
        return f"{pattern!r} holds {problem}, which can take very long"
    if math.prod(ambiguous) > _MOST:
        return (
            f"{pattern!r} holds repetitions that what follows them could match too, which can take "
            r"very long; let them stop where the next character begins, like \S+ before a blank, "
            "or after a number of characters, like .{0,200}"
        )
    return None


class _RefusedError(Exception):
    pass


def _ambiguous(tree: Sequence[Any], inside: bool, after: Sequence[Any] = ()) -> list[int]:
    """The bounds of repetitions that what follows them could also match.

    ``inside``: of another repetition; ``after`` is what comes after this part of a pattern.
    """
    found: list[int] = []
    for at, (code, argument) in enumerate(tree):
        following = [*tree[at + 1 :], *after]
        if code in _REFUSED:
            raise _RefusedError(_REFUSED[code])
        if code in _REPEATS:
            least, most, body = argument
            long = most > _FEW
            if long and inside:
                raise _RefusedError("a repetition inside a repetition")
            found += _ambiguous(list(body), inside or long, following)
            if long and least != most and not _stops(list(body), following):
                found.append(int(most))
        elif code is codes.SUBPATTERN:
            found += _ambiguous(list(argument[-1]), inside, following)
        elif code is codes.BRANCH:
            arms = [_ambiguous(list(arm), inside, following) for arm in argument[1]]
            found += max(arms, key=math.prod)
    return found


def _stops(body: Sequence[Any], following: Sequence[Any]) -> bool:
    """Whether the repetition can't take the first character of what may follow it."""
    if len(body) != 1:
        return not following
    return all(
        code is codes.LITERAL and not _takes(body[0], chr(argument))
        for first in _firsts(following)
        for code, argument in (first[1] if first[0] is codes.IN else [first])
    )


def _firsts(tree: Sequence[Any]) -> list[Any]:
    """The items that may match first; none where the pattern, or the text, is at its end."""
    found: list[Any] = []
    for code, argument in tree:
        if code is codes.AT:
            return found
        if code in _REPEATS:
            found += _firsts(list(argument[2]))
            if argument[0]:
                return found
        elif code is codes.SUBPATTERN:
            return found + _firsts(list(argument[-1]))
        elif code is codes.BRANCH:
            return found + [first for arm in argument[1] for first in _firsts(list(arm))]
        else:
            return [*found, (code, argument)]
    return found


def _takes(item: tuple[Any, Any], character: str) -> bool:
    """Whether a single item of a pattern matches a character."""
    code, argument = item
    if code is codes.LITERAL:
        return chr(argument) == character
    if code is codes.NOT_LITERAL:
        return chr(argument) != character
    if code is codes.IN:
        negated = bool(argument) and argument[0][0] is codes.NEGATE
        return any(_within(each, character) for each in argument) is not negated
    return True


def _within(member: tuple[Any, Any], character: str) -> bool:
    code, argument = member
    if code is codes.LITERAL:
        return chr(argument) == character
    if code is codes.RANGE:
        return bool(argument[0] <= ord(character) <= argument[1])
    if code is codes.CATEGORY:
        classes = {
            codes.CATEGORY_DIGIT: r"\d", codes.CATEGORY_NOT_DIGIT: r"\D",
            codes.CATEGORY_SPACE: r"\s", codes.CATEGORY_NOT_SPACE: r"\S",
            codes.CATEGORY_WORD: r"\w", codes.CATEGORY_NOT_WORD: r"\W",
        }  # fmt: skip
        return re.match(classes[argument], character) is not None
    return False
