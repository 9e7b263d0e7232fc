"""What a type annotation admits: its kind, the choices of a ``Literal``, the bounds of a field."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from renew.constants import evaluate, is_enumeration, literals, members
from renew.syntax import UNREAD, Found, Module, Program, keywords, name_of

_BUILTIN = ("bool", "int", "float", "str")
_COLLECTIONS = {"list": "list", "List": "list", "Sequence": "list", "tuple": "list",
                "Tuple": "list", "set": "list", "Set": "list", "dict": "dict", "Dict": "dict",
                "Mapping": "dict"}  # fmt: skip
_WRAPPERS = ("Optional", "Union", "SkipValidation", "Annotated", "InitVar", "ClassVar", "Required")
_BOUNDS = ("gt", "ge", "lt", "le")
_DEEP = 20


@dataclass(frozen=True)
class Leaf:
    """One type that a union is made of.

    ``kind`` is ``none``, a builtin's name, ``list``, ``dict``, ``literal``, ``enum``,
    ``dataclass`` or ``other``; ``values`` are those of a literal or an enumeration, ``found`` is
    the definition of a dataclass.
    """

    kind: str
    values: tuple[Any, ...] = ()
    inner: str = ""
    found: Found | None = None


def leaves(program: Program, module: Module, node: ast.expr | None) -> list[Leaf]:
    """The types that an annotation is a union of."""
    return list(_leaves(program, module, node, 0))


def _leaves(program: Program, module: Module, node: ast.expr | None, depth: int) -> Iterator[Leaf]:
    if node is None or depth > _DEEP:
        yield Leaf("other")
    elif isinstance(node, ast.Constant):
        yield from _of_constant(program, module, node, depth)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _leaves(program, module, node.left, depth + 1)
        yield from _leaves(program, module, node.right, depth + 1)
    elif isinstance(node, ast.Subscript):
        yield from _of_subscript(program, module, node, depth)
    elif isinstance(node, ast.Name):
        yield from _of_name(program, module, node.id, depth)
    else:
        yield Leaf("other")


def _of_constant(
    program: Program, module: Module, node: ast.Constant, depth: int
) -> Iterator[Leaf]:
    if node.value is None:
        yield Leaf("none")
    elif isinstance(node.value, str):
        try:
            inner = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            yield Leaf("other")
        else:
            yield from _leaves(program, module, inner, depth + 1)
    else:
        yield Leaf("other")


def _of_subscript(
    program: Program, module: Module, node: ast.Subscript, depth: int
) -> Iterator[Leaf]:
    outer = name_of(node.value)
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if outer == "Literal":
        yield Leaf("literal", tuple(literals(program, module, node) or ()))
    elif outer in _WRAPPERS:
        if outer == "Optional":
            yield Leaf("none")
        for each in inner[:1] if outer == "Annotated" else inner:
            yield from _leaves(program, module, each, depth + 1)
    elif outer in _COLLECTIONS:
        yield Leaf(_COLLECTIONS[outer], (), name_of(inner[0]))
    else:
        yield Leaf("other")


def _of_name(program: Program, module: Module, name: str, depth: int) -> Iterator[Leaf]:
    if name in _BUILTIN:
        yield Leaf(name)
    elif name in _COLLECTIONS:
        yield Leaf(_COLLECTIONS[name])
    else:
        found = program.find(module, name)
        if found is None:
            if (origin := module.origin(name)) and origin[0].startswith("vllm."):
                program.missing.add(f"the type {origin[1]} of {origin[0]}")
            yield Leaf("other")
        elif isinstance(found.node, ast.ClassDef):
            yield _of_class(program, found)
        elif isinstance(found.node, ast.expr):
            yield from _leaves(program, found.module, found.node, depth + 1)
        else:
            yield Leaf("other")


def _of_class(program: Program, found: Found) -> Leaf:
    assert isinstance(found.node, ast.ClassDef)
    if is_enumeration(program, found):
        named = (name for pair in members(program, found) for name in pair)
        return Leaf("enum", tuple(each for each in named if "." not in str(each)))
    marks = {name_of(each) for each in found.node.decorator_list}
    if marks & {"dataclass", "config"}:
        return Leaf("dataclass", found=found)
    bases = {name_of(base) for each in program.lineage(found)
             if isinstance(each.node, ast.ClassDef) for base in each.node.bases}  # fmt: skip
    if "BaseModel" in bases:
        return Leaf("dataclass", found=found)
    return Leaf("dict" if "dict" in bases or "Dict" in bases else "other")


def bounds(program: Program, module: Module, *nodes: ast.expr | None) -> dict[str, Any]:
    """What ``Field(gt=0, le=1)`` says, whether it is a default or part of an annotation."""
    found: dict[str, Any] = {}
    for node in nodes:
        for call in ast.walk(node) if node is not None else ():
            if isinstance(call, ast.Call) and name_of(call) == "Field":
                for name, value in keywords(call).items():
                    limit = evaluate(program, module, value) if name in _BOUNDS else UNREAD
                    if isinstance(limit, int | float):
                        found[name] = limit
    return found


def keys(program: Program, found: Found) -> dict[str, dict[str, Any]]:
    """The keys that a dataclass reads, each with its choices where its type names them all."""
    return {
        name: _choices(leaves(program, attribute.module, attribute.type))
        for name, attribute in sorted(program.attributes(found).items())
        if attribute.type is not None
        and not name.startswith("_")
        and name_of(attribute.type) != "ClassVar"
        and "init=False" not in ast.unparse(attribute.default or ast.Constant(None))
    }


def _choices(types: list[Leaf]) -> dict[str, Any]:
    """The values of literals, if there is nothing else that a text could be."""
    if {leaf.kind for leaf in types} - {"literal", "none", "bool"}:
        return {}
    values = [each for leaf in types for each in leaf.values if isinstance(each, str)]
    return {"choices": values} if values else {}
