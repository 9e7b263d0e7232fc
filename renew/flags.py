"""The flags of ``vllm serve``: what the functions that fill its argument parser add.

Up to 0.8.4 each flag is written out; from 0.8.5 most are made from the fields of dataclasses
(``get_kwargs(ModelConfig)["dtype"]``). Both end as the settings that argparse would be given.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from renew.constants import evaluate
from renew.options import Settings, made_of
from renew.syntax import UNREAD, Found, Module, Program, keywords, name_of

#: Where ``vllm serve`` makes its parser; the first that a release has counts.
ROOTS = ("vllm.entrypoints.cli.serve", "vllm.scripts")
#: Other commands of ``vllm`` whose parsers the same function fills.
_OTHER_COMMANDS = ("complete_parser", "chat_parser", "bench_parser")
_FOLLOWED = ("make_arg_parser", "add_cli_args", "_customize_cli_kwargs", "subparser_init")
_DEEP = 12

Table = dict[str, Settings]


def read(program: Program) -> dict[str, dict[str, Any]]:
    """The flags of one release by their names."""
    root = next(filter(None, map(program.module, ROOTS)), None)
    if root is None:
        return {}
    reading = _Reading(program)
    for node in ast.walk(root.tree):
        if isinstance(node, ast.FunctionDef) and _fills(node):
            reading.walk(_Scope(root), node.body, 0)
    return {name: made_of(settings) for name, settings in sorted(reading.found.items())}


def _fills(function: ast.FunctionDef) -> bool:
    calls = (node for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(name_of(call) == "make_arg_parser" for call in calls)


def _turns(loop: ast.For) -> Iterator[list[ast.stmt]]:
    """The body of a loop for each item of a list that is written there."""
    targets = loop.target.elts if isinstance(loop.target, ast.Tuple) else [loop.target]
    for item in loop.iter.elts if isinstance(loop.iter, ast.List | ast.Tuple) else ():
        values = item.elts if isinstance(item, ast.Tuple | ast.List) else [item]
        given = {name_of(target): value for target, value in zip(targets, values, strict=False)}
        yield [_Given(given).visit(deepcopy(statement)) for statement in loop.body]


class _Given(ast.NodeTransformer):
    """Puts values in the place of names."""

    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.values.get(node.id, node)


@dataclass
class _Scope:
    """What a function's names are: tables of settings, and the class that it belongs to."""

    module: Module
    owner: Found | None = None
    tables: dict[str, Table] = field(default_factory=dict)
    single: dict[str, Settings] = field(default_factory=dict)


class _Reading:
    """Follows the functions that fill the parser, statement by statement."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.found: dict[str, Settings] = {}

    def walk(self, scope: _Scope, body: list[ast.stmt], depth: int) -> None:
        for node in body:
            if isinstance(node, ast.Assign):
                self._assign(scope, node.targets[0], node.value, depth)
            elif isinstance(node, ast.Delete):
                self._delete(scope, node.targets)
            elif isinstance(node, ast.Expr | ast.Return) and isinstance(node.value, ast.Call):
                self._call(scope, node.value, depth)
            elif isinstance(node, ast.For):
                self._loop(scope, node, depth)
            elif isinstance(node, ast.If | ast.With | ast.Try):
                self.walk(scope, [*node.body, *getattr(node, "orelse", ())], depth)

    # --- calls ---------------------------------------------------------------------------

    def _call(self, scope: _Scope, call: ast.Call, depth: int) -> None:
        name = name_of(call)
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        if name == "add_argument":
            if receiver is None or name_of(receiver) not in _OTHER_COMMANDS:
                self._add(scope, call)
        elif name in ("remove", "pop") and receiver is not None:
            self._without(scope, receiver, call)
        elif name in _FOLLOWED:
            self._follow(scope, call, receiver, depth)

    def _follow(self, scope: _Scope, call: ast.Call, receiver: ast.expr | None, depth: int) -> None:
        if depth > _DEEP or any(name_of(each) in _OTHER_COMMANDS for each in call.args):
            return
        owner = self._owner(scope, receiver)
        if receiver is None:
            function = self.program.find(scope.module, name_of(call))
        else:
            function = self._method(scope, owner, receiver, name_of(call))
        if function is None or not isinstance(function.node, ast.FunctionDef):
            return
        inner = _Scope(function.module, owner)
        names = [each.arg for each in function.node.args.args]
        offset = 1 if names[:1] in (["cls"], ["self"]) else 0
        for parameter, given in zip(names[offset:], call.args, strict=False):
            if name_of(given) in scope.tables:
                inner.tables[parameter] = scope.tables[name_of(given)]
        self.walk(inner, function.node.body, depth + 1)

    def _owner(self, scope: _Scope, receiver: ast.expr | None) -> Found | None:
        if receiver is None:
            return None
        if name_of(receiver) in ("cls", "self", "super"):
            return scope.owner
        return self.program.find_class(scope.module, receiver)

    def _method(
        self, scope: _Scope, owner: Found | None, receiver: ast.expr, name: str
    ) -> Found | None:
        if owner is None:
            return None
        if name_of(receiver) != "super":
            return self.program.method(owner, name)
        bases = [base for base in self.program.lineage(owner) if base != owner]
        above = (self.program.method(base, name) for base in bases)
        here = self.program.method(owner, name)
        return next((found for found in above if found and found != here), None)

    # --- settings ------------------------------------------------------------------------

    def _assign(self, scope: _Scope, target: ast.expr, value: ast.expr, depth: int) -> None:
        if isinstance(target, ast.Name):
            table = self._table(scope, value)
            if table is not None:
                scope.tables[target.id] = table
            elif (settings := self._settings(scope, value)) is not None:
                scope.single[target.id] = settings
            elif isinstance(value, ast.Call):
                self._call(scope, value, depth)
        elif isinstance(target, ast.Subscript):
            key = evaluate(self.program, scope.module, target.slice)
            settings = self._settings(scope, target.value)
            if settings is not None and isinstance(key, str):
                settings.put(key, value, self._reader(scope))

    def _table(self, scope: _Scope, node: ast.expr) -> Table | None:
        """The settings of all fields of a class: ``get_kwargs(ModelConfig)``."""
        if isinstance(node, ast.Name):
            return scope.tables.get(node.id)
        if not isinstance(node, ast.Call) or name_of(node) != "get_kwargs" or not node.args:
            return None
        first = node.args[0]
        owner = scope.owner if name_of(first) == "cls" else None
        owner = owner or self.program.find_class(scope.module, first)
        if owner is None:
            return {}
        attributes = self.program.attributes(owner)
        return {
            name: Settings.of_field(self.program, attribute)
            for name, attribute in attributes.items()
            if attribute.type is not None
        }

    def _settings(self, scope: _Scope, node: ast.expr) -> Settings | None:
        """The settings of one field: ``model_kwargs["dtype"]``."""
        if isinstance(node, ast.Name):
            return scope.single.get(node.id)
        if not isinstance(node, ast.Subscript):
            return None
        table = self._table(scope, node.value)
        key = evaluate(self.program, scope.module, node.slice)
        return table.get(key) if table is not None and isinstance(key, str) else None

    def _delete(self, scope: _Scope, targets: list[ast.expr]) -> None:
        for target in targets:
            if isinstance(target, ast.Subscript):
                settings = self._settings(scope, target.value)
                key = evaluate(self.program, scope.module, target.slice)
                if settings is not None and isinstance(key, str):
                    settings.drop(key)

    def _without(self, scope: _Scope, receiver: ast.expr, call: ast.Call) -> None:
        """``kwargs["x"].pop("choices")`` and ``kwargs["x"]["choices"].remove("y")``."""
        value = evaluate(self.program, scope.module, call.args[0]) if call.args else UNREAD
        settings = self._settings(scope, receiver)
        if settings is not None and isinstance(value, str):
            settings.drop(value)
        elif isinstance(receiver, ast.Subscript):
            settings = self._settings(scope, receiver.value)
            if settings is not None and isinstance(settings.choices, list) and value:
                settings.choices = [each for each in settings.choices if each != value]

    # --- flags ---------------------------------------------------------------------------

    def _add(self, scope: _Scope, call: ast.Call) -> None:
        names = [evaluate(self.program, scope.module, each) for each in call.args]
        flags = [name for name in names if isinstance(name, str) and name.startswith("-")]
        if not flags:
            return
        settings = Settings()
        for keyword in call.keywords:
            if keyword.arg is None:
                settings = self._spread(scope, keyword.value) or settings
        settings = settings.copy()
        for name, value in keywords(call).items():
            settings.put(name, value, self._reader(scope))
        if settings.action != "version":
            self._keep(flags, settings)

    def _spread(self, scope: _Scope, node: ast.expr) -> Settings | None:
        """``**kwargs["x"]``, and ``**{**kwargs["x"], "default": None}``."""
        if not isinstance(node, ast.Dict):
            return self._settings(scope, node)
        settings = Settings()
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                settings = (self._spread(scope, value) or settings).copy()
            elif isinstance(name := evaluate(self.program, scope.module, key), str):
                settings.put(name, value, self._reader(scope))
        return settings

    def _keep(self, flags: list[str], settings: Settings) -> None:
        name = next((flag for flag in flags if flag.startswith("--")), flags[0])
        settings.aliases = [flag for flag in flags if flag != name]
        self.found.setdefault(name, settings)

    def _loop(self, scope: _Scope, node: ast.For, depth: int) -> None:
        """``for name, kwargs in frontend_kwargs.items()``, and over what is written there."""
        table = None
        if isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Attribute):
            table = self._table(scope, node.iter.func.value)
        if table is None:
            for body in _turns(node):
                self.walk(scope, body, depth)
            return
        for name, settings in table.items():
            self._keep([*settings.flags, "--" + name.replace("_", "-")], settings.copy())

    def _reader(self, scope: _Scope) -> Callable[[ast.expr], Any]:
        return lambda node: evaluate(self.program, scope.module, node)


def are_inverted(program: Program) -> bool:
    """Whether every ``--enable-x`` is also there as ``--disable-x``, and the reverse."""
    module = program.module("vllm.utils.argparse_utils")
    return module is not None and "EnableDisableAction" in module.names
