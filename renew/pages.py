"""Where the pages, which people write, and vLLM's recipes name different parsers for a model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doctor.base.unknown import UNKNOWN
from doctor.knowledge import load
from doctor.knowledge.models import find
from doctor.knowledge.views import family_row
from renew.decisions import Decisions

_KINDS = (("tool-parsers", "right-parsers"), ("reasoning-parsers", "right-reasoning-parsers"))


def differences(folder: Path, decided: Decisions) -> Iterator[str]:
    """A line for each recipe that names a parser which the pages of a folder call wrong.

    The page counts; whoever decided that it is right says so under ``recipes`` in the decisions.
    """
    if not any(folder.glob("*.md")):
        return
    knowledge = load(shipped=folder)
    for model, recipe, _ in knowledge.releases.recipes():
        found = find(model, knowledge.families, lambda row: row.models)
        row: Any = family_row(*found, knowledge.releases)
        for kind, right in _KINDS if row else ():
            named = decided.get("recipes", {}).get(model, {}).get(kind)
            wrong = set(recipe.get(kind, ())) - (row[right] if row[right] is not UNKNOWN else set())
            if row[right] is not UNKNOWN and wrong and recipe[kind] != named:
                told = " or ".join(sorted(row[right]))
                yield f"{model}: {kind} are {', '.join(recipe[kind])} in its recipe, {told} here"
