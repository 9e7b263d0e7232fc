"""The environment variables that ``vllm/envs.py`` lists, with the values that it checks."""

from __future__ import annotations

import ast
import re
from typing import Any

from renew.constants import evaluate
from renew.syntax import Module, Program, keywords, name_of

#: The functions of ``vllm/envs.py`` that refuse any other value than the choices they are given.
_CHECKED = ("env_with_choices", "env_list_with_choices", "env_set_with_choices")
#: ``# DEPRECATED: … use --linear-backend instead`` in the comment above a variable.
_DEPRECATED = re.compile(r"#.*\bdeprecated\b", re.IGNORECASE)


def read(program: Program) -> dict[str, dict[str, Any]]:
    """The variables of one release by their names."""
    module = program.module("vllm.envs")
    if module is None:
        return {}
    listed = module.names.get("environment_variables")
    found: dict[str, dict[str, Any]] = {}
    if isinstance(listed, ast.Dict):
        for key, value in zip(listed.keys, listed.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                found[key.value] = _made(program, module, value)
    comments = _comments(program.files["vllm/envs.py"])
    for name in comments & set(found):
        found[name]["deprecated"] = True
    return dict(sorted(found.items()))


def _made(program: Program, module: Module, node: ast.expr) -> dict[str, Any]:
    if not isinstance(node, ast.Call) or name_of(node) not in _CHECKED:
        return {}
    named = keywords(node)
    given = named.get("choices") or (node.args[2] if len(node.args) > 2 else None)
    if isinstance(given, ast.Lambda):
        given = given.body
    choices = evaluate(program, module, given)
    if not isinstance(choices, list) or not all(isinstance(each, str) for each in choices):
        return {}
    made: dict[str, Any] = {"choices": choices}
    sensitive = named.get("case_sensitive") or (node.args[3] if len(node.args) > 3 else None)
    if evaluate(program, module, sensitive) is False:
        made["loose"] = True
    if name_of(node) != "env_with_choices":
        made["several"] = True
    return made


def _comments(text: str) -> set[str]:
    """The variables that a comment right above them calls deprecated."""
    found: set[str] = set()
    deprecated = False
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("#"):
            deprecated = deprecated or bool(_DEPRECATED.match(stripped))
        elif deprecated:
            named = re.match(r'"(\w+)":', stripped)
            found.update(named.groups() if named else ())
            deprecated = False
    return found
