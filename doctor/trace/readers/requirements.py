"""Requirements: what a script says about the release of vLLM that runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from doctor.base.record import Record
from doctor.facts.base import Evidence
from doctor.facts.servers import Requirement
from doctor.knowledge import Knowledge
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import does
from doctor.values.assumption import Guard, consistent
from doctor.values.value import UNKNOWN, UnknownType, Value
from doctor.vllm import images, requirements
from doctor.vllm.releases import Candidates, Pin, pinned
from doctor.vllm.tables import Tables


class Asked(Record):
    """A requirement, and the program that asks for it."""

    requirement: requirements.Requirement
    invocation: Invocation

    @property
    def assumes(self) -> Guard:
        return self.requirement.value.assumes | self.invocation.assumes


def asked(invocations: Iterable[Invocation]) -> list[Asked]:
    """Every requirement that the programs make."""
    found: dict[tuple[object, str], Asked] = {}
    for invocation in invocations:
        for requirement in _of(invocation):
            place = requirement.value.location or invocation.origin.location
            found.setdefault((place, requirement.written), Asked(requirement, invocation))
    return list(found.values())


def _of(invocation: Invocation) -> Iterator[requirements.Requirement]:
    yield from requirements.read_requirements(invocation.arguments)
    for image in _images(invocation):
        requirement = images.read_image(image)
        if requirement is not None:
            yield requirement


def _images(invocation: Invocation) -> Iterator[Value]:
    container = invocation.context.container
    if container is not None and container.image is not None:
        yield container.image
    words = invocation.arguments
    if does(words, Trait.PULLS):
        yield from (word for word in words[2:] if not word.display.startswith("-"))


def facts(
    found: Sequence[Asked], servers: Sequence[Candidates], knowledge: Knowledge
) -> Iterator[Requirement]:
    """The facts about what is required; ``servers`` has the candidates of each server."""
    tables = servers[0].tables if servers else None
    admitted = tables.every if tables is not None else 0
    for server in servers:
        admitted &= replace(server, pin=None).strict
    for each in found:
        requirement = each.requirement
        place = requirement.value.location or each.invocation.origin.location
        yield Requirement(
            location=each.invocation.origin.location,
            evidence={"version": Evidence((place,), each.assumes)},
            package=requirement.package,
            version=requirement.version,
            via=requirement.via,
            written=requirement.written,
            better=_better(requirement.version, tables, admitted, knowledge),
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


class Pins(Record):
    """What tells which release of vLLM a server runs on."""

    tables: Tables
    found: Sequence[Asked]
    configured: str | None = None

    def of(self, invocation: Invocation) -> Pin | None:
        """The pin for one server: the configuration's, its image's, or what is installed.

        Where the script installs several releases nobody can say which one a server uses.
        """
        if self.configured is not None:
            return pinned(self.tables, f"vLLM {self.configured} is configured", self.configured)
        container = invocation.context.container
        if container is not None:
            image = images.read_image(container.image) if container.image is not None else None
            return None if image is None else self._pin(image)
        installs = {
            (each.requirement.version, each.requirement.specifier): each.requirement
            for each in self._installed
            if consistent(each.assumes, invocation.assumes)
        }
        return self._pin(next(iter(installs.values()))) if len(installs) == 1 else None

    @cached_property
    def _installed(self) -> list[Asked]:
        """The requirements that install vLLM outside of any container."""
        return [
            each
            for each in self.found
            if each.requirement.package == "vllm"
            and each.invocation.context.container is None
            and not each.requirement.via.startswith("image")
        ]

    def _pin(self, requirement: requirements.Requirement) -> Pin | None:
        version = requirement.version
        if version is UNKNOWN or (version is None and not requirement.specifier):
            return None
        return pinned(self.tables, requirement.written, version, requirement.specifier)
