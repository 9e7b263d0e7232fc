"""How much a checkpoint's weights take at least, by its recipe.

A recipe says the least GPU memory of each checkpoint, ``vram_minimum_gb``. By the recipes' own rule
(CONTRIBUTING.md of vllm-project/recipes) that is the weights and a fifth for everything else, the
weights being the parameters by their bytes, or the size of the files. It also says the parameters,
as rounded as people say them, and the precision. The two don't always agree, for checkpoints of
mixed precision or of another size than the recipe's model; what is sure is the lesser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: What the recipes add to the weights.
_ROOM = 1.2
#: The bits of a parameter; a checkpoint may keep some of its layers in more.
_BITS = {
    "bf16": 16,
    "fp16": 16,
    "fp8": 8,
    "int8": 8,
    "mxfp8": 8,
    "fp4": 4,
    "int4": 4,
    "mxfp4": 4,
    "nvfp4": 4,
}
_COUNT = re.compile(r"(\d+)(?:\.(\d+))?([MBT])")
_BILLIONS = {"M": 1e-3, "B": 1.0, "T": 1e3}


def least(parameters: object, variant: Mapping[str, Any]) -> float | None:
    """The least that the weights of a recipe's checkpoint take in GB, None if it doesn't say."""
    billions, bits = _least_count(str(parameters)), _BITS.get(str(variant.get("precision")))
    memory = variant.get("vram_minimum_gb")
    if billions is None or bits is None or not isinstance(memory, int | float):
        return None
    return round(min(billions * bits / 8, memory / _ROOM), 1)


def _least_count(written: str) -> float | None:
    """The fewest billions that are rounded to what is written: 69.5 for ``70B``."""
    found = _COUNT.fullmatch(written.strip())
    if found is None:
        return None
    whole, part, unit = found.groups()
    zeros = len(whole) - len(whole.rstrip("0"))
    last = 10.0 ** (-len(part) if part else zeros)
    return (float(f"{whole}.{part or 0}") - last / 2) * _BILLIONS[unit]
