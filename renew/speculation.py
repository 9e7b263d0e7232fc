"""The methods of speculative decoding and the keys of ``--speculative-config``."""

from __future__ import annotations

import ast
from typing import Any

from renew.constants import literals
from renew.syntax import Found, Program

_MODULES = ("vllm.config.speculative", "vllm.config")
#: What the server says of a method that runs as ``mtp``.
_REPLACED = "deprecated and replaced with mtp"
#: Fields that vLLM fills in by itself.
_INTERNAL = ("target_model_config", "target_parallel_config")


def methods(program: Program) -> dict[str, dict[str, Any]] | None:
    """The methods of one release, None where its source doesn't list them."""
    found = _class(program)
    literal = program.find(found.module, "SpeculativeMethod") if found else None
    if literal is None or not isinstance(literal.node, ast.expr):
        return None
    names = literals(program, literal.module, literal.node)
    if not isinstance(names, list):
        return None
    replaced = any(_REPLACED in text for path, text in program.files.items()
                   if path.startswith("vllm/config"))  # fmt: skip
    return {
        name: {"deprecated": True, "replacement": "mtp"}
        if replaced and name.endswith("_mtp")
        else {}
        for name in sorted(names)
    }


def keys(program: Program) -> dict[str, dict[str, Any]]:
    """The keys of one release, each with its type as the source writes it."""
    found = _class(program)
    if found is None:
        return {}
    return {
        name: {"kind": ast.unparse(attribute.type)}
        for name, attribute in sorted(program.attributes(found).items())
        if attribute.type is not None
        and not name.startswith("_")
        and name not in _INTERNAL
        and "init=False" not in ast.unparse(attribute.default or ast.Constant(None))
    }


def _class(program: Program) -> Found | None:
    for name in _MODULES:
        module = program.module(name)
        found = program.find(module, "SpeculativeConfig") if module else None
        if found and isinstance(found.node, ast.ClassDef):
            return found
    return None
