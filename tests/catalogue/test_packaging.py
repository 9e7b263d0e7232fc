"""The other ways to install it: what they say agrees with ``pyproject.toml``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
RECIPE: dict[str, Any] = yaml.safe_load((ROOT / "packaging/recipe.yaml").read_text("utf-8"))


def requirements(lines: list[str]) -> set[str]:
    """Names and bounds, without markers and blanks."""
    return {re.sub(r"\s", "", line.partition(";")[0]).lower() for line in lines}


def test_the_conda_recipe_is_of_this_version() -> None:
    assert RECIPE["package"] == {"name": PROJECT["name"], "version": PROJECT["version"]}


def test_the_conda_recipe_has_the_same_requirements() -> None:
    python = f"python{PROJECT['requires-python']}"
    assert requirements(RECIPE["requirements"]["run"]) == {
        python,
        *requirements(PROJECT["dependencies"]),
    }
