"""What a constant expression is: enough of Python for defaults, choices and registries."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from renew.syntax import UNREAD, Found, Module, Program, keywords, name_of

_OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.BitOr: operator.or_,
}
_SEQUENCES: Mapping[str, Callable[[Any], Any]] = {
    "list": list,
    "tuple": tuple,
    "set": list,
    "frozenset": list,
    "sorted": sorted,
    "int": int,
    "float": float,
    "str": str,
}
_DEEP = 30
#: A number that is larger comes from a power or a product that nobody needs.
_MANY = 1 << 62


def evaluate(program: Program, module: Module, node: ast.expr | None) -> Any:
    """What an expression is, UNREAD if that can't be told without running it."""
    return _Evaluation(program).of(module, node, 0)


def literals(program: Program, module: Module, node: ast.expr) -> Any:
    """The values of a ``Literal``, through the names that lead to it; UNREAD if it is none."""
    listed = _literals(program, module, node, 0)
    return UNREAD if listed is None else listed


def _literals(program: Program, module: Module, node: ast.expr, depth: int) -> list[Any] | None:
    if depth > _DEEP:
        return None
    if isinstance(node, ast.Name):
        found = program.find(module, node.id)
        if found is None or not isinstance(found.node, ast.expr):
            return None
        return _literals(program, found.module, found.node, depth + 1)
    if not isinstance(node, ast.Subscript) or name_of(node.value) != "Literal":
        return None
    values: list[Any] = []
    for each in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
        value = evaluate(program, module, each)
        if value is UNREAD:  # Literal[Other] takes over what Other has
            values.extend(_literals(program, module, each, depth + 1) or ())
        else:
            values.append(value)
    return values


class _Evaluation:
    def __init__(self, program: Program) -> None:
        self.program = program

    def of(self, module: Module, node: ast.expr | None, depth: int) -> Any:
        if node is None or depth > _DEEP:
            return UNREAD
        handler = getattr(self, f"_{type(node).__name__.lower()}", None)
        return UNREAD if handler is None else handler(module, node, depth + 1)

    def _constant(self, module: Module, node: ast.Constant, depth: int) -> Any:
        return node.value

    def _sequence(self, module: Module, node: ast.List, depth: int) -> Any:
        items: list[Any] = []
        for each in node.elts:
            starred = isinstance(each, ast.Starred)
            value = self.of(module, each.value if isinstance(each, ast.Starred) else each, depth)
            if value is UNREAD or (starred and not isinstance(value, list | tuple | dict)):
                return UNREAD
            items.extend(value if starred else [value])
        return items

    _list = _tuple = _set = _sequence

    def _dict(self, module: Module, node: ast.Dict, depth: int) -> Any:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            read = self.of(module, value, depth)
            if key is None:
                if not isinstance(read, dict):
                    return UNREAD
                found.update(read)
            else:
                name = self.of(module, key, depth)
                if name is UNREAD or not isinstance(name, str | int | float | bool | type(None)):
                    return UNREAD
                found[name] = read
        return found

    def _unaryop(self, module: Module, node: ast.UnaryOp, depth: int) -> Any:
        value = self.of(module, node.operand, depth)
        if isinstance(node.op, ast.USub) and isinstance(value, int | float):
            return -value
        return UNREAD

    def _binop(self, module: Module, node: ast.BinOp, depth: int) -> Any:
        left, right = self.of(module, node.left, depth), self.of(module, node.right, depth)
        if left is UNREAD or right is UNREAD:
            return UNREAD
        try:
            if isinstance(node.op, ast.Pow) and 0 <= right <= 64:
                return left**right
            made = _OPERATORS[type(node.op)](left, right)
        except (KeyError, TypeError, ZeroDivisionError):
            return UNREAD
        return UNREAD if isinstance(made, int) and abs(made) > _MANY else made

    def _joinedstr(self, module: Module, node: ast.JoinedStr, depth: int) -> Any:
        parts = []
        for part in node.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            value = self.of(module, inner, depth)
            parts.append("" if value is UNREAD else str(value))
        return "".join(parts)

    def _name(self, module: Module, node: ast.Name, depth: int) -> Any:
        found = self.program.find(module, node.id)
        if found is None or not isinstance(found.node, ast.expr):
            return UNREAD
        return self.of(found.module, found.node, depth)

    def _attribute(self, module: Module, node: ast.Attribute, depth: int) -> Any:
        owner = self.program.find_class(module, node.value)
        if owner is None:
            return UNREAD
        if is_enumeration(self.program, owner):
            member = dict(members(self.program, owner)).get(node.attr, UNREAD)
            return member if isinstance(member, str | int) else node.attr
        attribute = self.program.attributes(owner).get(node.attr)
        return UNREAD if attribute is None else self.of(attribute.module, attribute.default, depth)

    def _call(self, module: Module, node: ast.Call, depth: int) -> Any:
        called, named = name_of(node.func), keywords(node)
        if called in ("field", "Field"):
            if "default" in named or node.args:
                return self.of(module, named.get("default") or node.args[0], depth)
            return self._made(module, named.get("default_factory"), depth)
        if called == "get_field" and len(node.args) > 1:
            return self._field(module, node, depth)
        if called == "get_args" and node.args:
            return literals(self.program, module, node.args[0])
        if called in ("keys", "values") and isinstance(node.func, ast.Attribute):
            return self._of_mapping(module, node.func, depth)
        if called in _SEQUENCES and len(node.args) == 1:
            value = self.of(module, node.args[0], depth)
            try:
                return UNREAD if value is UNREAD else _SEQUENCES[called](value)
            except (TypeError, ValueError):
                return UNREAD
        return UNREAD

    def _made(self, module: Module, factory: ast.expr | None, depth: int) -> Any:
        if isinstance(factory, ast.Lambda):
            return self.of(module, factory.body, depth)
        empty: Mapping[str, Any] = {"list": [], "dict": {}, "set": []}
        return empty.get(factory.id, UNREAD) if isinstance(factory, ast.Name) else UNREAD

    def _field(self, module: Module, node: ast.Call, depth: int) -> Any:
        owner, name = (
            self.program.find_class(module, node.args[0]),
            self.of(module, node.args[1], depth),
        )
        attribute = self.program.attributes(owner).get(name) if owner else None
        return UNREAD if attribute is None else self.of(attribute.module, attribute.default, depth)

    def _of_mapping(self, module: Module, function: ast.Attribute, depth: int) -> Any:
        inner = function.value
        if isinstance(inner, ast.Attribute) and inner.attr == "__members__":
            owner = self.program.find_class(module, inner.value)
            return [name for name, _ in members(self.program, owner)] if owner else UNREAD
        value = self.of(module, inner, depth)
        if not isinstance(value, dict):
            return UNREAD
        return list(value) if function.attr == "keys" else list(value.values())

    def _listcomp(self, module: Module, node: ast.ListComp, depth: int) -> Any:
        """``[member.value for member in Enumeration]``, and the same with ``name``."""
        first = node.generators[0]
        owner = self.program.find_class(module, first.iter)
        plain = isinstance(node.elt, ast.Attribute) and not first.ifs
        if owner is None or not plain or not is_enumeration(self.program, owner):
            return UNREAD
        by_name = name_of(node.elt) == "name"
        return [name if by_name else value for name, value in members(self.program, owner)]

    def _subscript(self, module: Module, node: ast.Subscript, depth: int) -> Any:
        owner, key = self.of(module, node.value, depth), self.of(module, node.slice, depth)
        try:
            return UNREAD if owner is UNREAD or key is UNREAD else owner[key]
        except (KeyError, IndexError, TypeError):
            return UNREAD


def is_enumeration(program: Program, found: Found) -> bool:
    """Whether a class is an enumeration."""
    return any(
        name_of(base).endswith("Enum")
        for each in program.lineage(found)
        if isinstance(each.node, ast.ClassDef)
        for base in each.node.bases
    )


def members(program: Program, found: Found) -> list[tuple[str, Any]]:
    """The names and values of an enumeration; an ``auto()`` counts as its name in lower case."""
    listed = []
    for name, attribute in program.attributes(found).items():
        if attribute.type is None and not name.startswith("_"):
            value = evaluate(program, attribute.module, attribute.default)
            listed.append((name, name.lower() if value is UNREAD else value))
    return listed
