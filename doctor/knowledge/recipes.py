"""Models and drafters as vLLM's own recipes have them, in ``kb/vllm/recipes.yaml``.

A recipe shows one way that works. It never tells that another doesn't, so it gives a model no
first release, and its methods forbid a model no other method.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doctor.knowledge.place import Place
from doctor.knowledge.releases import Releases
from doctor.knowledge.rows import Family, Pairing


def families(releases: Releases) -> list[Family]:
    """A row for each recipe that names a parser."""
    return [
        _family(model, recipe, place)
        for model, recipe, place in releases.recipes()
        if "tool-parsers" in recipe or "reasoning-parsers" in recipe
    ]


def pairings(releases: Releases) -> list[Pairing]:
    """A row for each checkpoint and drafter of the recipes."""
    return [
        Pairing(
            target=target,
            drafter=each.get("drafter"),
            methods=(each["method"],) if "method" in each else (),
            tokens=each.get("tokens"),
            first_release=None,
            draft_tensor_parallel=each.get("draft-tensor-parallel"),
            superseded_by=None,
            notes=None,
            place=place,
        )
        for model, recipe, place in releases.recipes()
        for target in _checkpoints(model, recipe)
        for each in recipe.get("drafters", ())
    ]


def weights(releases: Releases) -> dict[str, float]:
    """The least GiB that the weights of each checkpoint take, by its name in lower case."""
    return {
        checkpoint.lower(): gigabytes * 1e9 / (1 << 30)
        for _, recipe, _ in releases.recipes()
        for checkpoint, gigabytes in recipe.get("weights", {}).items()
    }


def _family(model: str, recipe: Mapping[str, Any], place: Place) -> Family:
    tools, reasoning = recipe.get("tool-parsers", ()), recipe.get("reasoning-parsers", ())
    return Family(
        name=None,
        models=_checkpoints(model, recipe),
        tool_parser=tools[0] if tools else None,
        also_right=tools[1:],
        reasoning_parser=reasoning[0] if reasoning else None,
        also_right_for_reasoning=reasoning[1:],
        first_release=None,
        for_tool_calls=None,
        last_release=None,
        also_needs=None,
        notes=None,
        place=place,
    )


def _checkpoints(model: str, recipe: Mapping[str, Any]) -> tuple[str, ...]:
    return (model, *recipe.get("variants", ()))
