"""Shell patterns, matched against text without backtracking."""

from __future__ import annotations

from doctor.base.unknown import HOLE


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text surely matches the pattern; time is at most their lengths' product.

    What isn't known of the text, each ``HOLE`` in it, matches nothing but ``*``.
    """
    p = t = 0
    star, resume = -1, 0
    while t < len(text):
        step = _match_one(pattern, p, text[t]) if p < len(pattern) else 0
        if p < len(pattern) and pattern[p] == "*":
            star, resume = p, t
            p += 1
        elif step:
            p += step
            t += 1
        elif star >= 0:
            resume += 1
            p, t = star + 1, resume
        else:
            return False
    return not pattern[p:].strip("*")


def _match_one(pattern: str, at: int, char: str) -> int:
    """How many characters of the pattern match one character of the text; 0 if none does."""
    head = pattern[at]
    if char == HOLE:
        return 0
    if head == "?":
        return 1
    if head == "\\" and at + 1 < len(pattern):
        return 2 if pattern[at + 1] == char else 0
    if head == "[":
        end = pattern.find("]", at + 2)
        if end > 0:
            return end + 1 - at if _in_class(pattern[at + 1 : end], char) else 0
    return 1 if head == char else 0


def _in_class(members: str, char: str) -> bool:
    negated = members[0] in "!^" and len(members) > 1
    body = members[1:] if negated else members
    found, i = False, 0
    while i < len(body):
        if i + 2 < len(body) and body[i + 1] == "-":
            found = found or body[i] <= char <= body[i + 2]
            i += 3
        else:
            found = found or body[i] == char
            i += 1
    return found != negated


def escape(text: str) -> str:
    """The pattern that matches just this text."""
    return "".join("\\" + char if char in "*?[\\" else char for char in text)
