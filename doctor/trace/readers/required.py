"""What is required: the releases that a script installs or pulls, and a better one for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from doctor.facts.base import Evidence
from doctor.facts.servers import Requirement
from doctor.knowledge import Knowledge
from doctor.trace.readers.scene import Scene
from doctor.trace.readers.servers import Started
from doctor.values.value import UNKNOWN, UnknownType
from doctor.vllm.releases import only_release
from doctor.vllm.server import Server
from doctor.vllm.tables import Tables


def read(scene: Scene) -> Iterator[Requirement]:
    """The facts about what is required, where the script may serve."""
    knowledge = scene.settings.knowledge
    servers = [each.candidates for each in scene.started]
    tables = servers[0].tables if servers else None
    admitted = tables.every if tables is not None else 0
    for server in servers:
        admitted &= replace(server, pin=None).strict
    for each in scene.asked if scene.may_serve else ():
        requirement = each.requirement
        place = requirement.value.location or each.invocation.origin.location
        version = requirement.version
        if version is None and requirement.package == "vllm" and requirement.specifier:
            version = only_release(scene.settings.tables, requirement.specifier)
        yield Requirement(
            location=each.invocation.origin.location,
            evidence={"version": Evidence((place,), each.assumes)},
            package=requirement.package,
            version=version,
            via=requirement.via,
            written=requirement.written,
            better=_better(version, tables, admitted, knowledge),
            concerns=_concerns(version, scene.started, knowledge),
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


def _concerns(
    version: str | UnknownType | None, started: Sequence[Started], knowledge: Knowledge
) -> bool | UnknownType:
    """Whether what is broken in a release concerns a server of the script."""
    row = knowledge.row("broken-versions", version) if isinstance(version, str) else None
    if row is None or not started:
        return UNKNOWN
    answers = [_concerned(each.server, row, knowledge) for each in started]
    if any(answer is True for answer in answers):
        return True
    return UNKNOWN if any(answer is UNKNOWN for answer in answers) else False


def _concerned(server: Server, row: Mapping[str, Any], knowledge: Knowledge) -> bool | UnknownType:
    """Whether a server is one of those for whom a release is broken, as far as its row says."""
    answers = [_given(server, option) for option in row["only-with"]]
    answers += [_negated(_given(server, option)) for option in row["not-with"]]
    if row["models"]:
        answers.append(knowledge.names(row["models"], server.model_name))
    if not answers or UNKNOWN in answers:
        return False if False in answers else UNKNOWN
    return all(answers)


def _negated(answer: bool | UnknownType) -> bool | UnknownType:
    return UNKNOWN if answer is UNKNOWN else not answer


def _given(server: Server, option: str) -> bool | UnknownType:
    """Whether a server is given an option, with its value if one is named."""
    name, _, value = option.partition(" ")
    flag = server.arguments.last(name)
    if flag is None:
        return UNKNOWN if server.open else False
    if not value:
        return True
    text = flag.value.text if flag.value is not None else None
    return UNKNOWN if text is None else text == value
