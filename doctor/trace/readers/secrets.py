"""Secrets: tokens of well-known shapes that are written into a script.

The fact holds what kind of token it is and where, never the token.
"""

from __future__ import annotations

from collections.abc import Iterator

from doctor.base import tokens
from doctor.facts.base import Evidence
from doctor.facts.commands import Secret
from doctor.trace.readers.scene import Scene


def read(scene: Scene) -> Iterator[Secret]:
    """The tokens in a script."""
    for what, start, end in tokens.find(scene.source.text):
        place = scene.source.location(start, end)
        yield Secret(location=place, evidence={"what": Evidence((place,))}, what=what)
