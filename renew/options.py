"""What argparse is told of one option, and what that makes of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from renew import hints
from renew.constants import evaluate
from renew.syntax import UNREAD, Attribute, Program, name_of

_SWITCHES = {
    "store_true": "store_true",
    "store_false": "store_true",
    "BooleanOptionalAction": "bool",
    "StoreBoolean": "bool",
    "EnableDisableAction": "bool",
}
_DEPRECATED = re.compile(
    r"[\[(]deprecated|^\W*deprecated\b|\b(?:is|are|been) (?:now )?deprecated\b", re.IGNORECASE
)
_TYPES = {
    "bool": "bool",
    "int": "int",
    "float": "float",
    "str": "str",
    "loads": "json",
    "human_readable_int": "int",
    "human_readable_int_or_auto": "int",
    "nonnegative_int": "int",
    "positive_int": "int",
}


@dataclass
class Settings:
    """The settings of one option, under the names that argparse has for them.

    ``choices`` are None where anything goes, UNREAD where they can't be told. ``loose`` says that
    the choices are names that are compared without regard to case. ``keys`` are those of a value in
    JSON.
    """

    kind: str = "str"
    action: str = ""
    several: bool = False
    choices: Any = None
    loose: bool = False
    default: Any = UNREAD
    bounds: dict[str, Any] = field(default_factory=dict)
    help: str = ""
    deprecated: bool = False
    flags: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    keys: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of_field(cls, program: Program, attribute: Attribute) -> Settings:
        """What vLLM makes of a dataclass's field."""
        module, node = attribute.module, attribute.type
        leaves = hints.leaves(program, module, node)
        settings = cls(
            default=evaluate(program, module, attribute.default),
            bounds=hints.bounds(program, module, attribute.default, node),
            help=attribute.doc,
        )
        kinds = {leaf.kind for leaf in leaves}
        values = [value for leaf in leaves if leaf.kind == "literal" for value in leaf.values]
        if "dataclass" in kinds:
            settings.kind = "json"
            found = next(leaf.found for leaf in leaves if leaf.found is not None)
            settings.keys = hints.keys(program, found)
        elif kinds == {"bool", "str", "none"}:
            settings.kind = "optional_value"
        elif "bool" in kinds:
            settings.action = "BooleanOptionalAction"
        elif "literal" in kinds:
            settings.kind = type(values[0]).__name__ if values else "str"
            settings.choices = None if "str" in kinds else values
        else:
            settings._of_plain(kinds, leaves)
        return settings

    def _of_plain(self, kinds: set[str], leaves: list[hints.Leaf]) -> None:
        self.several = "list" in kinds
        if self.several:
            self.kind = "str"
        elif "int" in kinds or "float" in kinds:
            self.kind = "int" if "int" in kinds else "float"
        elif "dict" in kinds:
            self.kind = "str" if kinds & {"str", "other"} else "json"
        elif "enum" in kinds:
            named = [str(each) for leaf in leaves if leaf.kind == "enum" for each in leaf.values]
            self.choices = [each for each in dict.fromkeys(named) if each]
            self.loose = True

    def copy(self) -> Settings:
        """The same settings, to be changed on their own."""
        return replace(self, bounds=dict(self.bounds), aliases=list(self.aliases))

    def put(self, key: str, node: ast.expr, value: Callable[[ast.expr], Any]) -> None:
        """Take over one setting; ``value`` evaluates an expression."""
        if key == "action":
            self.action = str(node.value) if isinstance(node, ast.Constant) else name_of(node)
        elif key == "type":
            self.kind, self.loose = kind_of_type(node), False
            if self.kind == "json":
                self.choices = None
        elif key == "nargs":
            self._nargs(value(node))
        elif key == "choices":
            read = value(node)
            self.choices = list(read) if isinstance(read, list | tuple | dict) else UNREAD
            self.loose = False
        elif key == "default":
            self.default = value(node)
        elif key == "help":
            self.help = read if isinstance(read := value(node), str) else ""
        elif key == "deprecated":
            self.deprecated = value(node) is True
        elif key == "flags":
            self.flags = read if isinstance(read := value(node), list) else []

    def _nargs(self, nargs: Any) -> None:
        self.several = nargs in ("+", "*") or isinstance(nargs, int)
        if nargs == "?" and self.kind == "str":
            self.kind = "optional_value"

    def drop(self, key: str) -> None:
        """Take a setting away again."""
        if key == "nargs":
            self.several = False
        elif key == "choices":
            self.choices = None


def kind_of_type(node: ast.expr) -> str:
    """The kind of what a ``type=`` of argparse makes."""
    if isinstance(node, ast.Call):
        return kind_of_type(node.args[0]) if node.args else "str"
    return _TYPES.get(name_of(node), "str")


def made_of(settings: Settings) -> dict[str, Any]:
    """An option as plain data: what can't be told is left out."""
    kind = _SWITCHES.get(settings.action) or settings.kind
    switch = kind in ("bool", "store_true")
    if not switch and (settings.several or settings.action == "append"):
        kind = "list"
    made: dict[str, Any] = {"kind": kind}
    if isinstance(settings.default, str | int | float | bool | None):
        made["default"] = settings.default
    if isinstance(settings.choices, list) and not switch and kind != "list":
        made["choices"] = [each for each in settings.choices if isinstance(each, str | int)]
        if settings.loose:
            made["loose"] = True
    if settings.bounds and kind in ("int", "float"):
        made["bounds"] = settings.bounds
    if settings.keys and kind == "json":
        made["keys"] = settings.keys
    if settings.aliases:
        made["aliases"] = sorted(settings.aliases)
    if settings.deprecated or _DEPRECATED.search(settings.help[:300]):
        made["deprecated"] = True
    return made
