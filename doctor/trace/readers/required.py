"""What is required: the releases that a script installs or pulls, and a better one for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from doctor.facts.base import Evidence
from doctor.facts.servers import Requirement
from doctor.knowledge import Knowledge
from doctor.trace.readers.scene import Scene
from doctor.values.value import UNKNOWN, UnknownType
from doctor.vllm.tables import Tables


def read(scene: Scene) -> Iterator[Requirement]:
    """The facts about what is required, where the script may serve."""
    servers = [each.candidates for each in scene.started]
    tables = servers[0].tables if servers else None
    admitted = tables.every if tables is not None else 0
    for server in servers:
        admitted &= replace(server, pin=None).strict
    for each in scene.asked if scene.may_serve else ():
        requirement = each.requirement
        place = requirement.value.location or each.invocation.origin.location
        yield Requirement(
            location=each.invocation.origin.location,
            evidence={"version": Evidence((place,), each.assumes)},
            package=requirement.package,
            version=requirement.version,
            via=requirement.via,
            written=requirement.written,
            better=_better(requirement.version, tables, admitted, scene.settings.knowledge),
        )


def _better(
    version: str | UnknownType | None, tables: Tables | None, admitted: int, knowledge: Knowledge
) -> str | UnknownType | None:
    """The next release, else the last one before, of those ``admitted`` that nobody calls broken.

    Nothing is known of a script that starts no server, which has no tables.
    """
    if not isinstance(version, str) or tables is None:
        return UNKNOWN
    here = tables.nearest(version)
    for others in (admitted & -(here << 1), admitted & (here - 1)):
        sound = [v for v in tables.names(others) if knowledge.row("broken-versions", v) is None]
        if here and sound:
            return sound[0] if others > here else sound[-1]
    return None
