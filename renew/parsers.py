"""The parsers of tool calls and of reasoning that a release registers."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from renew.constants import evaluate
from renew.syntax import UNREAD, Module, Program, keywords, name_of

#: The folders of each, the newest first.
_TOOLS = ("vllm/tool_parsers/", "vllm/entrypoints/openai/tool_parsers/")
_REASONING = ("vllm/reasoning/", "vllm/entrypoints/openai/reasoning_parsers/")


def tool_parsers(program: Program, flags: dict[str, dict[str, object]]) -> list[str]:
    """The names of the parsers of tool calls; before 0.6.3 they are the flag's choices."""
    listed = flags.get("--tool-call-parser", {}).get("choices")
    return sorted({*_registered(program, _TOOLS), *(listed if isinstance(listed, list) else ())})


def reasoning_parsers(program: Program) -> list[str]:
    """The names of the parsers of reasoning."""
    return sorted(set(_registered(program, _REASONING)))


def _registered(program: Program, folders: tuple[str, ...]) -> Iterator[str]:
    for path in program.files:
        if path.startswith(folders) and path.endswith(".py"):
            name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            module = program.module(name)
            if module is not None:
                yield from _in_module(program, module)


def _in_module(program: Program, module: Module) -> Iterator[str]:
    for name, node in module.names.items():
        if name.endswith("_TO_REGISTER") and isinstance(node, ast.Dict):
            yield from _names(program, module, *filter(None, node.keys))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and name_of(mark) == "register_module":
                    yield from _names(program, module, *mark.args, *keywords(mark).values())


def _names(program: Program, module: Module, *nodes: ast.expr) -> Iterator[str]:
    for node in nodes:
        value = evaluate(program, module, node)
        for name in value if isinstance(value, list) else [value]:
            if isinstance(name, str) and value is not UNREAD:
                yield name
