"""A model's name, whether it is given by its name on the hub or by a path."""

from __future__ import annotations

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.values.value import UNKNOWN, UnknownType, Value

_HUB = regex(r"[\w.-]+/[\w.-]+")
_CACHED = regex(r"models--([\w.-]+?)--([\w.-]+)")
_SNAPSHOT = regex(r"[0-9a-f]{40}|snapshots|main|\0+")


class ModelName(Record):
    """What a model's words tell.

    ``name`` is its name on the hub (``openai/gpt-oss-120b``), or the last folder of a path
    that tells a name (``gpt-oss-120b``), UNKNOWN, or None if there is no model. ``local`` is
    true for a path.
    """

    name: str | UnknownType | None
    local: bool | UnknownType


def model_name(value: Value) -> ModelName:
    """The name of the model that a word gives."""
    text = value.shadow
    if cached := _CACHED.search(text):
        return ModelName(f"{cached[1]}/{cached[2]}", True)
    plain = "\0" not in text and not text.startswith((".", "~"))
    if plain and (_HUB.fullmatch(text) or "/" not in text):
        return ModelName(text, False)
    if "\0" not in text or "/" in text:
        return _path(text)
    return ModelName(UNKNOWN, UNKNOWN)


def _path(text: str) -> ModelName:
    unknown_first = text.startswith("\0") and text.strip("\0").count("/") == 1
    local: bool | UnknownType = UNKNOWN if unknown_first else True  # $ORG/name or $ROOT/name
    folders = [folder for folder in text.rstrip("/").split("/") if folder]
    while folders and _SNAPSHOT.fullmatch(folders[-1]) and len(folders) > 1:
        folders.pop()
    name = folders[-1] if folders else ""
    return ModelName(UNKNOWN if not name or "\0" in name else name, local)
