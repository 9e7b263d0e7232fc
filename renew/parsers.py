"""The parsers of tool calls and of reasoning that a release registers, with their classes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from renew.constants import evaluate
from renew.syntax import Module, Program, keywords, name_of

Parsers = dict[str, dict[str, str]]

#: The folders of each, the newest first.
_TOOLS = ("vllm/tool_parsers/", "vllm/entrypoints/openai/tool_parsers/")
_REASONING = ("vllm/reasoning/", "vllm/entrypoints/openai/reasoning_parsers/")


def tool_parsers(program: Program, flags: Mapping[str, Mapping[str, Any]]) -> Parsers:
    """The parsers of tool calls; before 0.6.3 they are the flag's choices."""
    listed = flags.get("--tool-call-parser", {}).get("choices", ())
    return _sorted({**dict.fromkeys(listed), **dict(_registered(program, _TOOLS))})


def reasoning_parsers(program: Program) -> Parsers:
    """The parsers of reasoning."""
    return _sorted(dict(_registered(program, _REASONING)))


def _sorted(found: Mapping[str, str | None]) -> Parsers:
    return {name: {"class": by} if by else {} for name, by in sorted(found.items())}


def _registered(program: Program, folders: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for path in program.files:
        if path.startswith(folders) and path.endswith(".py"):
            name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            module = program.module(name)
            if module is not None:
                yield from _in_table(program, module)
                yield from _in_marks(program, module)


def _in_table(program: Program, module: Module) -> Iterator[tuple[str, str]]:
    """``_TOOL_PARSERS_TO_REGISTER = {"hermes": ("hermes_tool_parser", "HermesToolParser")}``."""
    for name, node in module.names.items():
        if name.endswith("_TO_REGISTER") and isinstance(node, ast.Dict):
            table = evaluate(program, module, node)
            for parser, place in table.items() if isinstance(table, dict) else ():
                yield parser, place[-1] if isinstance(place, list) else ""


def _in_marks(program: Program, module: Module) -> Iterator[tuple[str, str]]:
    """``@ToolParserManager.register_module(["granite", "granite3"])`` above a class."""
    for node in ast.walk(module.tree):
        for mark in node.decorator_list if isinstance(node, ast.ClassDef) else ():
            if isinstance(mark, ast.Call) and name_of(mark) == "register_module":
                for given in (*mark.args, *keywords(mark).values()):
                    value = evaluate(program, module, given)
                    for name in value if isinstance(value, list) else [value]:
                        if isinstance(name, str) and isinstance(node, ast.ClassDef):
                            yield name, node.name
