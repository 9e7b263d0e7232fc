"""Requirements: what a script says about the release of vLLM that runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from doctor.base.record import Record
from doctor.trace.machine.journal import Load
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import does
from doctor.trace.readers import pin_files
from doctor.values.assumption import Guard, consistent
from doctor.values.value import UNKNOWN, Value
from doctor.vllm import checkouts, images, requirements
from doctor.vllm.checkouts import Clone
from doctor.vllm.releases import Pin, pinned
from doctor.vllm.tables import Tables


class Asked(Record):
    """A requirement, and the program that asks for it."""

    requirement: requirements.Requirement
    invocation: Invocation

    @property
    def in_file(self) -> bool:
        """Whether it stands in a file that the program reads."""
        place = self.requirement.value.location
        return place is not None and bool(place.within)

    @property
    def assumes(self) -> Guard:
        return self.requirement.value.assumes | self.invocation.assumes


def asked(invocations: Iterable[Invocation], load: Load, builds: Mapping[str, str]) -> list[Asked]:
    """Every requirement that the programs make.

    ``load`` reads the files that they name; ``builds`` has the releases in known images.
    """
    found: dict[tuple[object, str], Asked] = {}
    clones: list[Clone] = []
    for invocation in invocations:
        checked_out = _of_clones(invocation, clones)
        for requirement in (*_of(invocation, load, builds), *checked_out):
            place = requirement.value.location or invocation.origin.location
            found.setdefault((place, requirement.written), Asked(requirement, invocation))
    return list(found.values())


def _of_clones(invocation: Invocation, clones: list[Clone]) -> Iterator[requirements.Requirement]:
    """What a program installs from one of the ``clones`` before it; or it adds to them."""
    words = invocation.arguments
    if (made := checkouts.clone_of(words)) is not None:
        clones.append(made)
    elif clones and (tag := checkouts.tag_of(words)) is not None:
        clones[-1] = replace(clones[-1], tag=tag)
    for folder in checkouts.installed(words) if clones else ():
        here = folder == "." and len(clones) == 1
        for clone in clones:
            if clone.tag is None or not (here or _is(folder, clone)):
                continue
            if found := checkouts.requirement(clone, clone.tag):
                yield found


def _is(folder: str, clone: Clone) -> bool:
    return folder == clone.folder or folder.endswith(f"/{clone.folder}")


def _of(
    invocation: Invocation, load: Load, builds: Mapping[str, str]
) -> Iterator[requirements.Requirement]:
    own = requirements.read_requirements(invocation.arguments)
    open_ = [each for each in own if each.package == "vllm" and not _says_which(each)]
    in_files = []
    if len(open_) == sum(each.package == "vllm" for each in own):
        in_files = [*pin_files.read(invocation, load)]
    yield from (each for each in own if not (in_files and each in open_))
    yield from in_files
    for image in _images(invocation):
        requirement = images.read_image(image, builds)
        if requirement is not None:
            yield requirement


def _says_which(requirement: requirements.Requirement) -> bool:
    return requirement.version is not None or bool(requirement.specifier)


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
    builds: Mapping[str, str]
    configured: str | None = None

    def of(self, invocation: Invocation) -> Pin | None:
        """The pin for one server: the configuration's, its image's, or what is installed.

        The script's own words outrank the files that it reads. Where it installs several
        releases nobody can say which one a server uses.
        """
        if self.configured is not None:
            return pinned(self.tables, f'vllm-version = "{self.configured}"', self.configured)
        container = invocation.context.container
        if container is not None:
            image = self._image(container.image) if container.image is not None else None
            return None if image is None else self._pin(image)
        fitting = [e for e in self._installed if consistent(e.assumes, invocation.assumes)]
        installs = {
            (each.requirement.version, each.requirement.specifier): each.requirement
            for each in [e for e in fitting if not e.in_file] or fitting
        }
        return self._pin(next(iter(installs.values()))) if len(installs) == 1 else None

    def _image(self, name: Value) -> requirements.Requirement | None:
        """What an image's name says, or else that of the image which its file was made from."""
        said = images.read_image(name, self.builds)
        made_from = self._pulled.get(name.display.removeprefix("./"))
        return said if said is not None and said.version is not UNKNOWN else made_from or said

    @cached_property
    def _pulled(self) -> Mapping[str, requirements.Requirement | None]:
        """The images in the files that the script pulls; None for a file with several."""
        pulled: dict[str, requirements.Requirement | None] = {}
        for each in self.found:
            image, words = each.requirement, each.invocation.arguments
            if image.via != "image" or not does(words, Trait.PULLS):
                continue
            for word in words[2:]:
                if images.is_file(word):
                    name = word.display.removeprefix("./")
                    pulled[name] = image if pulled.get(name, image) == image else None
        return pulled

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
