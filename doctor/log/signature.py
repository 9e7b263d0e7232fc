"""A signature: what one kind of failure looks like in a log, what it means, and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum

from doctor.base.document import Item
from doctor.base.record import Record
from doctor.diagnostic import Severity
from doctor.knowledge.place import Place
from doctor.log.patterns import complaint
from doctor.rulebook.grammar import known_keys, one_of
from doctor.rulebook.reader import CODE, NAME, SEVERITIES

REQUIRED = ("code", "name", "role", "lesson", "search", "says", "remedy", "examples")
OPTIONAL = ("severity", "pattern", "releases", "rules", "options", "serving", "unless")
#: The shortest literal text that is worth a search.
_SHORTEST = 6
#: So far from a literal text its pattern looks, in characters.
_AROUND = 500
_PLACEHOLDER = re.compile(r"\{([a-z][a-z_]*)\}")


class Role(str, Enum):
    """What a line that fits a signature is to the failure.

    A ``cause`` explains it. A ``symptom`` may follow from a cause and is shown only where there is
    none. A ``wrapper`` only says that something else failed. An ``error`` is one that is not known
    better. A ``hint`` is shown with one of the others, never alone.
    """

    CAUSE = "cause"
    SYMPTOM = "symptom"
    WRAPPER = "wrapper"
    ERROR = "error"
    HINT = "hint"


class Advice(Record):
    """What to do, and the releases for which it holds: a version specifier, empty for all."""

    releases: str
    text: str


class Signature(Record):
    """One signature.

    ``search`` are literal texts; a line fits if it holds one of them and the ``pattern``, if there
    is one, is found in its message. Of several that fit, the one with the longest text counts.
    The pattern's named groups fill the names in ``says`` and the advice.
    ``releases`` are those that print it. ``rules`` find the same fault in a script or on a node,
    ``options`` are the flags and variables that steer it. ``serving``: it may happen while the
    server works and goes on working. ``unless``: signatures that leave it nothing to explain.
    """

    code: str
    name: str
    role: Role
    severity: Severity
    lesson: str | None
    search: tuple[str, ...]
    pattern: str | None
    says: str
    remedy: tuple[Advice, ...]
    examples: tuple[str, ...]
    place: Place
    releases: str = ""
    rules: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    serving: bool = False
    unless: tuple[str, ...] = ()

    @property
    def lasts(self) -> bool:
        """Whether a server that has become ready may say it."""
        return self.serving or self.role in (Role.SYMPTOM, Role.WRAPPER)

    def fits(self, message: str, text: str) -> Mapping[str, str] | None:
        """The named groups if the pattern is found around a text in the message; else None."""
        if self.pattern is None:
            return {}
        at = max(message.find(text), 0)
        around = max(at - _AROUND, 0), at + len(text) + _AROUND
        found = re.compile(self.pattern).search(message, *around)
        if found is None:
            return None
        return {name: value for name, value in found.groupdict().items() if value is not None}


def read(item: Item, site: bool) -> Signature:
    """The signature that an item of a file holds."""
    parts = known_keys(item, (*REQUIRED, *OPTIONAL), "a signature")
    for key in REQUIRED:
        if key not in parts:
            raise item.error(f"a signature needs the key {key!r}")
    pattern = _text(parts["pattern"]) if "pattern" in parts else None
    if pattern is not None and (problem := complaint(pattern)):
        raise parts["pattern"].error(problem)
    signature = Signature(
        code=_matching(parts["code"], CODE, "capital letters and three digits, like VL101"),
        name=_matching(parts["name"], NAME, "lower-case words joined by `-`"),
        role=Role(one_of(parts["role"], [role.value for role in Role], "a role")),
        severity=_severity(parts.get("severity")),
        lesson=None if parts["lesson"].value is None else _text(parts["lesson"]),
        search=_literals(parts["search"]),
        pattern=pattern,
        says=_text(parts["says"]),
        remedy=_remedy(parts["remedy"]),
        examples=_texts(parts["examples"]),
        place=Place(item.filename, item.line, site),
        releases=_specifier(parts.get("releases")),
        rules=_texts(parts.get("rules")),
        options=_texts(parts.get("options")),
        serving=_truth(parts.get("serving")),
        unless=_texts(parts.get("unless")),
    )
    _check_names(signature, parts)
    return signature


def _check_names(signature: Signature, parts: Mapping[str, Item]) -> None:
    """Refuse a text with a name in it that no group of the pattern has."""
    groups = re.compile(signature.pattern or "").groupindex
    for key, texts in (
        ("says", [signature.says]),
        ("remedy", [advice.text for advice in signature.remedy]),
    ):
        for name in (name for text in texts for name in _PLACEHOLDER.findall(text)):
            if name not in groups:
                problem = f"{{{name}}} stands here, but the pattern has no group (?P<{name}>…)"
                raise parts[key].error(problem)


def fill(text: str, groups: Mapping[str, str]) -> str:
    """The text with the groups for their names; brackets around what a line lacks go with it."""
    filled = _PLACEHOLDER.sub(lambda found: groups.get(found[1], "…"), text)
    return filled.replace(" (…)", "")


def _text(item: Item) -> str:
    if not isinstance(item.value, str) or not item.value.strip():
        raise item.error("a string belongs here")
    return " ".join(item.value.split("\n")).strip() if "\n" in item.value else item.value


def _texts(item: Item | None) -> tuple[str, ...]:
    if item is None:
        return ()
    items = item.list or (item,)
    for each in items:
        if not isinstance(each.value, str) or not each.value.strip():
            raise each.error("a string belongs here")
    return tuple(each.value for each in items)


def _literals(item: Item) -> tuple[str, ...]:
    for each in item.list or (item,):
        if len(each.text) < _SHORTEST:
            raise each.error(f"{each.text!r} is too short to search for: {_SHORTEST} characters")
        if "\n" in each.text:
            raise each.error("what is searched for stands on one line")
    return _texts(item)


def _remedy(item: Item) -> tuple[Advice, ...]:
    if not item.list:
        return (Advice("", _text(item)),)
    read: list[Advice] = []
    for each in item.list:
        parts = known_keys(each, ("releases", "do"), "a piece of advice")
        if "do" not in parts:
            raise each.error("a piece of advice needs the key 'do'")
        read.append(Advice(_specifier(parts.get("releases")), _text(parts["do"])))
    return tuple(read)


def _specifier(item: Item | None) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if item is None:
        return ""
    try:
        return str(SpecifierSet(_text(item)))
    except InvalidSpecifier:
        raise item.error(f"{item.text!r} is not a range of releases, such as '>=0.9.0'") from None


def _severity(item: Item | None) -> Severity:
    return Severity.ERROR if item is None else Severity(one_of(item, SEVERITIES, "a severity"))


def _truth(item: Item | None) -> bool:
    if item is not None and not isinstance(item.value, bool):
        raise item.error("true or false belongs here")
    return item is not None and item.value


def _matching(item: Item, pattern: re.Pattern[str], form: str) -> str:
    if not isinstance(item.value, str) or not pattern.fullmatch(item.value):
        raise item.error(f"this is made of {form}, not {item.text!r}")
    return item.value


def named(signatures: Sequence[Signature], word: str) -> Signature | None:
    """The signature of that code or name."""
    return next((s for s in signatures if word.upper() == s.code or word.lower() == s.name), None)
