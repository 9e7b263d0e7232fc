"""Split: whether tensor parallelism can share out a model's attention heads.

vLLM demands that each GPU gets as many (``verify_with_parallel_config`` of its ModelConfig, in all
releases). How many there are stands in the model's ``config.json``, where its folder is one that
may be read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from doctor.base.document import MAX_BYTES
from doctor.base.record import Record
from doctor.trace.machine.shells import relative
from doctor.trace.readers.scene import Scene
from doctor.trace.readers.servers import Started
from doctor.values.value import UNKNOWN, UnknownType, Value

#: Flags by which vLLM goes by another configuration, or changes what stands in it.
_CHANGE_MODEL = frozenset(
    ["--hf-overrides", "--hf-config-path", "--config-format", "--revision", "--tokenizer-mode"]
)
#: What holds the language model's part in the configuration of a model that also sees or hears;
#: with a part of another name it isn't clear which counts.
_LANGUAGE = "text_config"


class Split(Record):
    """The model's attention heads, None if not known, and whether the GPUs can share them."""

    heads: int | None = None
    even: bool | UnknownType = UNKNOWN


def split(started: Started, scene: Scene) -> Split:
    """What is known of it for a server of a script."""
    server = started.server
    model, size = server.value("model"), server.tensor_parallel_size
    if model is None or server.open or started.invocation.context.container is not None:
        return Split()
    if any(flag.row is None or flag.name in _CHANGE_MODEL for flag in server.arguments.flags):
        return Split()
    heads = _heads(_configuration(model, started, scene))
    if heads is None or not isinstance(size, int) or size < 1:
        return Split(heads)
    return Split(heads, heads % size == 0)


def _configuration(model: Value, started: Started, scene: Scene) -> Mapping[str, Any]:
    """The configuration in the model's folder; empty if there is none that can be read."""
    folder = relative(model)
    if not folder:
        return {}
    name = f"{folder.rstrip('/')}/config.json"
    source = scene.load(name, started.invocation.origin.source)
    if source is None or len(source.text) > MAX_BYTES:
        return {}
    try:
        found = json.loads(source.text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _heads(configuration: Mapping[str, Any]) -> int | None:
    part = configuration.get(_LANGUAGE, configuration)
    parts = [each for key, each in configuration.items() if key.endswith("_config")]
    several = any(isinstance(each, dict) and "num_attention_heads" in each for each in parts)
    if not isinstance(part, dict) or (several and part is configuration):
        return None
    heads = part.get("num_attention_heads")
    return heads if type(heads) is int and heads > 0 else None
