"""Requirements: what a script says about the release of vLLM that runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from doctor.base.record import Record
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import does
from doctor.values.assumption import Guard, consistent
from doctor.values.value import UNKNOWN, Value
from doctor.vllm import images, requirements
from doctor.vllm.releases import Pin, pinned
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
