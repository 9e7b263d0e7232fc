"""The model architectures that a release can load."""

from __future__ import annotations

import ast

from renew.constants import evaluate
from renew.syntax import Program

#: Tables of what is gone again, and of what others bring.
_NOT_THERE = ("_PREVIOUSLY", "_OOT")
#: The registry; before 0.6.3 it was in the package itself.
_REGISTRIES = ("vllm.model_executor.models.registry", "vllm.model_executor.models")


def read(program: Program) -> list[str]:
    """The names of the architectures in the registry, without those that are gone again."""
    module = next(filter(None, map(program.module, _REGISTRIES)), None)
    found: set[str] = set()
    for name, node in module.names.items() if module else ():
        counts = name.endswith("_MODELS") and not name.startswith(_NOT_THERE)
        if module and counts and isinstance(node, ast.expr):
            table = evaluate(program, module, node)
            found.update(table if isinstance(table, dict) else ())
    return sorted(found)
