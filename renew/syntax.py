"""Python sources as data: modules, the names in them, and what a constant expression is.

Nothing is imported or run. What can't be told from the text alone is ``UNREAD``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

#: How many names, imports and bases may lead from one to the next.
_DEEP = 40


class _Unread:
    def __repr__(self) -> str:
        return "UNREAD"

    def __bool__(self) -> bool:
        return False


#: The value of an expression that only running it would tell.
UNREAD = _Unread()


@dataclass(frozen=True)
class Found:
    """A definition, and the module that has it."""

    module: Module
    node: ast.AST


@dataclass(frozen=True)
class Attribute:
    """A field of a class: its type, its default (None: it has none) and the text below it."""

    module: Module
    type: ast.expr | None
    default: ast.expr | None
    doc: str = ""


class Module:
    """One module of the sources."""

    def __init__(self, name: str, text: str, is_package: bool) -> None:
        self.name = name
        self.tree = ast.parse(text)
        self.package = name if is_package else name.rpartition(".")[0]

    @cached_property
    def names(self) -> Mapping[str, ast.AST]:
        """What each name at the top is when the module has been run."""
        found: dict[str, ast.AST] = {}
        for node, surely in _statements(self.tree.body):
            for name, meaning in _defined(node):
                if surely or name not in found:
                    found[name] = meaning
        return found

    def origin(self, name: str) -> tuple[str, str] | None:
        """The module and the name there that an import of a name means."""
        node = self.names.get(name) or self.names.get("*")
        if not isinstance(node, ast.ImportFrom):
            return None
        base = node.module or ""
        if node.level:
            parents = self.package.split(".")
            kept = parents[: len(parents) - node.level + 1]
            base = ".".join([*kept, base] if base else kept)
        names = {alias.asname or alias.name: alias.name for alias in node.names}
        return base, names.get(name, name)


def _statements(body: list[ast.stmt], surely: bool = True) -> Iterator[tuple[ast.stmt, bool]]:
    """The statements of a module, those below ``if`` and ``try`` too, and whether each is run.

    What ``if TYPE_CHECKING`` defines counts where nothing else defines it.
    """
    for node in body:
        if isinstance(node, ast.If) and name_of(node.test) == "TYPE_CHECKING":
            yield from _statements(node.orelse, surely)
            yield from _statements(node.body, False)
        elif isinstance(node, ast.If | ast.Try):
            yield from _statements(node.body, surely)
            yield from _statements(node.orelse, False)
        else:
            yield node, surely


def _defined(node: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    """The names that a statement defines, and what each is."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        yield node.name, node
    elif isinstance(node, ast.Assign):
        yield from ((each.id, node.value) for each in node.targets if isinstance(each, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        if node.value is not None:
            yield node.target.id, node.value
    elif isinstance(node, ast.ImportFrom):
        yield from ((alias.asname or alias.name, node) for alias in node.names)


@dataclass
class Program:
    """The modules of one release, each parsed when it is first asked for."""

    files: Mapping[str, str]
    missing: set[str] = field(default_factory=set)
    _modules: dict[str, Module | None] = field(default_factory=dict)

    def module(self, name: str) -> Module | None:
        """A module by its dotted name, None if the archive's part that was read lacks it."""
        if name not in self._modules:
            self._modules[name] = self._load(name)
        return self._modules[name]

    def _load(self, name: str) -> Module | None:
        path = name.replace(".", "/")
        for file, is_package in ((f"{path}.py", False), (f"{path}/__init__.py", True)):
            if file in self.files:
                try:
                    return Module(name, self.files[file], is_package)
                except SyntaxError as problem:
                    self.missing.add(f"{file}:{problem.lineno} is no Python that this one reads")
                    return None
        return None

    def find(self, module: Module, name: str) -> Found | None:
        """The definition of a name, through the imports that lead to it."""
        for _ in range(_DEEP):
            origin = module.origin(name)
            if origin is None:
                node = module.names.get(name)
                return None if node is None else Found(module, node)
            there = self.module(origin[0])
            if there is None:
                return None
            module, name = there, origin[1]
        return None

    def find_class(self, module: Module, node: ast.expr) -> Found | None:
        """The class that an expression names."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = ast.Name(node.value)
        if not isinstance(node, ast.Name):
            return None
        found = self.find(module, node.id)
        return found if found and isinstance(found.node, ast.ClassDef) else None

    def lineage(self, found: Found) -> Iterator[Found]:
        """A class and those that it inherits from, the nearest first."""
        waiting = [found]
        for _ in range(_DEEP):
            if not waiting:
                return
            current = waiting.pop(0)
            yield current
            assert isinstance(current.node, ast.ClassDef)
            bases = (self.find_class(current.module, base) for base in current.node.bases)
            waiting.extend(base for base in bases if base)

    def attributes(self, found: Found) -> dict[str, Attribute]:
        """The fields of a class, inherited ones first, as a dataclass orders them."""
        attributes: dict[str, Attribute] = {}
        for each in reversed(list(self.lineage(found))):
            assert isinstance(each.node, ast.ClassDef)
            body = each.node.body
            for node, after in zip(body, [*body[1:], None], strict=True):
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                    attributes[node.target.id] = Attribute(
                        each.module, node.annotation, node.value, _text(after)
                    )
                elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    attributes[node.targets[0].id] = Attribute(each.module, None, node.value)
        return attributes

    def method(self, found: Found, name: str) -> Found | None:
        """A method of a class, its own or inherited."""
        for each in self.lineage(found):
            assert isinstance(each.node, ast.ClassDef)
            for node in each.node.body:
                if isinstance(node, ast.FunctionDef) and node.name == name:
                    return Found(each.module, node)
        return None


def _text(node: ast.stmt | None) -> str:
    """The docstring below a field."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return node.value.value if isinstance(node.value.value, str) else ""
    return ""


def name_of(node: ast.expr) -> str:
    """The last name of ``a.b.c``, or of what is called; empty for anything else."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def keywords(call: ast.Call) -> dict[str, ast.expr]:
    """The named arguments of a call."""
    return {each.arg: each.value for each in call.keywords if each.arg}
