"""vLLM's own recipes: for each model its parsers, drafters, least release, weights and hardware.

The source archives have them from 0.33.0 on, one YAML file a model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import yaml

from renew import weights

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FOLDER = "recipes/models/"
#: Flags that give one value of ``--speculative-config``.
_SHORT = {
    "--spec-method": "method",
    "--spec-model": "model",
    "--spec-tokens": "num_speculative_tokens",
}
_CONFIG = "--speculative-config"
_DEEP = 12


def read(files: Mapping[str, str], unread: set[str]) -> dict[str, dict[str, Any]]:
    """The recipes of one release by their models; what can't be read is added to ``unread``."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(files):
        if path.startswith(_FOLDER):
            try:
                recipe = _recipe(yaml.load(files[path], Loader=_LOADER))
            except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as problem:
                unread.add(f"{path}: {type(problem).__name__}")
            else:
                found[recipe.pop("model")] = recipe
    return dict(sorted(found.items()))


def _recipe(data: Mapping[str, Any]) -> dict[str, Any]:
    model = data["model"]
    features: Mapping[str, Any] = data.get("features") or {}
    variants: Mapping[str, Any] = data.get("variants") or {}
    parts = (model, features, variants)
    made = {
        "model": str(model["model_id"]),
        "variants": _distinct(each.get("model_id") for each in variants.values()),
        "tool-parsers": _distinct(_values(parts, "--tool-call-parser")),
        "reasoning-parsers": _distinct(_values(parts, "--reasoning-parser")),
        "drafters": _drafters(parts),
        "least-release": model.get("min_vllm_version"),
        "weights": _weights(model, variants),
        "hardware": sorted(dict((data.get("meta") or {}).get("hardware") or {})),
    }
    return {name: value for name, value in made.items() if value}


def _distinct(values: Any) -> list[str]:
    return list(dict.fromkeys(str(each) for each in values if each))


def _weights(model: Mapping[str, Any], variants: Mapping[str, Any]) -> dict[str, float]:
    """The least that the weights of each checkpoint take in GB; of two figures the smaller."""
    found: dict[str, float] = {}
    for each in variants.values():
        name = str(each.get("model_id") or model["model_id"])
        size = weights.least(model.get("parameter_count"), each)
        if size is not None:
            found[name] = min(size, found.get(name, size))
    return found


def _lists(data: Any, depth: int = 0) -> Iterator[Sequence[Any]]:
    """The lists of arguments in a recipe, outer ones before those for some hardware."""
    if depth > _DEEP:
        return
    if isinstance(data, Mapping):
        yield from (value for value in data.values() if isinstance(value, list))
        for value in data.values():
            yield from _lists(value, depth + 1)
    elif isinstance(data, tuple):
        for value in data:
            yield from _lists(value, depth + 1)


def _pairs(arguments: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """The options of a list and their values, ``--x=y`` and ``--x y`` alike."""
    for at, word in enumerate(arguments):
        if isinstance(word, str) and word.startswith("-"):
            option, equals, value = word.partition("=")
            after = arguments[at + 1] if at + 1 < len(arguments) else None
            yield option, value if equals else after


def _values(data: Any, option: str) -> Iterator[Any]:
    for arguments in _lists(data):
        yield from (value for name, value in _pairs(arguments) if name == option)


def _drafters(data: Any) -> list[dict[str, Any]]:
    """The ways of speculation, each drafter and method once, the first with its tokens."""
    found: dict[tuple[Any, Any], dict[str, Any]] = {}
    for arguments in _lists(data):
        config = _speculation(arguments)
        made = {
            "drafter": config.get("model"),
            "method": config.get("method"),
            "tokens": config.get("num_speculative_tokens"),
            "draft-tensor-parallel": config.get("draft_tensor_parallel_size"),
        }
        if "$" in str(made["drafter"]):  # a place of the reader's own
            continue
        if made["drafter"] or made["method"]:
            kept = {name: value for name, value in made.items() if value is not None}
            found.setdefault((made["drafter"], made["method"]), kept)
    return list(found.values())


def _speculation(arguments: Sequence[Any]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for option, value in _pairs(arguments):
        if option == _CONFIG:
            with suppress(ValueError):
                read = json.loads(value)
                config.update(read if isinstance(read, dict) else {})
        elif option.startswith(f"{_CONFIG}.") or option in _SHORT:
            name = _SHORT.get(option) or option.removeprefix(f"{_CONFIG}.")
            config[name] = int(value) if str(value).isdecimal() else value
    return config
