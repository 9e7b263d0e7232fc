"""How people name rules: a code (`VD201`), the beginning of one (`VD2`), or a rule's name."""

from __future__ import annotations

from collections.abc import Mapping

from doctor.base.errors import nearest
from doctor.base.regex import regex

_CODE = regex(r"[A-Z]{1,8}\d*")


def matches(selector: str, code: str, name: str) -> bool:
    """Whether the selector means the rule of this code and name."""
    return selector == name or (_CODE.fullmatch(selector) is not None and code.startswith(selector))


def matches_any(selectors: tuple[str, ...], code: str, name: str) -> bool:
    """Whether one of the selectors means the rule."""
    return any(matches(selector, code, name) for selector in selectors)


def complaint(selector: str, known: Mapping[str, str]) -> str | None:
    """Why the selector means no rule at all, or None; ``known`` maps codes to names."""
    if any(matches(selector, code, name) for code, name in known.items()):
        return None
    return f"no rule is called {selector!r}" + nearest(selector, [*known, *known.values()])
