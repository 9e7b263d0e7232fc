"""What each release of vLLM knows: flags, parsers, speculation methods.

A set of releases is an integer, one bit a release, the oldest first. So cutting and joining
sets costs nothing, however many flags a line has.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Protocol

from doctor.base.record import Record
from doctor.vllm.spelling import Spelling, all_spellings


class Feature(Protocol):
    """Something that came with a release and perhaps went with another."""

    @property
    def name(self) -> str: ...
    @property
    def added(self) -> str | None: ...
    @property
    def removed(self) -> str | None: ...
    @property
    def readded(self) -> str | None: ...
    @property
    def deprecated(self) -> str | None: ...
    @property
    def replacement(self) -> str | None: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...


class Catalogue(Protocol):
    """Where the tables come from: the knowledge base has one."""

    @property
    def names(self) -> tuple[str, ...]: ...
    def flags(self) -> Iterable[Feature]: ...
    def tool_parsers(self) -> Iterable[Feature]: ...
    def reasoning_parsers(self) -> Iterable[Feature]: ...
    def methods(self) -> Iterable[Feature]: ...
    def speculation_keys(self) -> Iterable[Feature]: ...
    def variables(self) -> Iterable[Feature]: ...


class Migration(Protocol):
    """What to write instead of an option that is gone, `VALUE` standing for its value."""

    @property
    def old(self) -> str: ...
    @property
    def new(self) -> str: ...
    @property
    def same(self) -> bool: ...
    @property
    def since(self) -> str | None: ...


def release_key(version: str) -> tuple[int, ...]:
    """What orders releases such as ``0.10.1``, ``0.10.1.1`` and ``0.8.5.post1``."""
    public = re.split(r"[+-]|\.?(?:a|b|rc|dev)\d", version, maxsplit=1)[0]
    return tuple(int(number) for number in re.findall(r"\d+", public))


class Row(Record):
    """One name, and the releases that know it and those in which it is deprecated."""

    name: str
    releases: int
    deprecated: int
    feature: Feature

    @property
    def kind(self) -> str:
        """The type of a flag's value."""
        return self.feature.kind or ""

    @property
    def aliases(self) -> tuple[str, ...]:
        """A flag's other names."""
        return self.feature.aliases

    @property
    def switch(self) -> bool:
        """Whether it is a flag that takes no value."""
        return self.kind in ("bool", "store_true")


class Tables:
    """The tables of all releases, each made when it is first needed.

    ``versions`` are the releases, the oldest first.
    """

    def __init__(self, catalogue: Catalogue, migrations: Iterable[Migration] = ()) -> None:
        self._catalogue = catalogue
        self._migrations = migrations
        self.versions: Sequence[str] = catalogue.names
        self.every = (1 << len(self.versions)) - 1
        self.newest = 1 << (len(self.versions) - 1)
        self._order = [release_key(version) for version in self.versions]

    @cached_property
    def flags(self) -> Mapping[str, Row]:
        """The flags of ``vllm serve``."""
        return self._rows(self._catalogue.flags())

    @cached_property
    def spellings(self) -> Mapping[str, Spelling]:
        """Every option string that any release knows."""
        return all_spellings(self)

    @cached_property
    def tool_parsers(self) -> Mapping[str, Row]:
        """The parsers of tool calls."""
        return self._rows(self._catalogue.tool_parsers())

    @cached_property
    def reasoning_parsers(self) -> Mapping[str, Row]:
        """The parsers of reasoning."""
        return self._rows(self._catalogue.reasoning_parsers())

    @cached_property
    def methods(self) -> Mapping[str, Row]:
        """The methods of speculative decoding."""
        return self._rows(self._catalogue.methods())

    @cached_property
    def keys(self) -> Mapping[str, Row]:
        """The keys of ``--speculative-config``."""
        return self._rows(self._catalogue.speculation_keys())

    @cached_property
    def variables(self) -> Mapping[str, Row]:
        """The environment variables that a server reads."""
        return self._rows(self._catalogue.variables())

    @cached_property
    def migrations(self) -> Mapping[str, Migration]:
        """What to write instead of options that are gone, by the old option; the first counts."""
        found: dict[str, Migration] = {}
        for migration in self._migrations:
            found.setdefault(migration.old, migration)
        return found

    def since(self, version: str) -> int:
        """The releases from ``version`` on."""
        at = bisect_left(self._order, release_key(version))
        return self.every >> at << at

    def before(self, version: str) -> int:
        """The releases before ``version``."""
        return self.every & ~self.since(version)

    def nearest(self, version: str) -> int:
        """The release that behaves most like ``version``: itself, or the last one before it."""
        return 1 << max(0, bisect_right(self._order, release_key(version)) - 1)

    def names(self, releases: int) -> tuple[str, ...]:
        """The releases of a set by their names, the oldest first."""
        return tuple(v for at, v in enumerate(self.versions) if releases >> at & 1)

    def _rows(self, features: Iterable[Feature]) -> dict[str, Row]:
        return {feature.name: self._row(feature) for feature in features}

    def _row(self, feature: Feature) -> Row:
        releases = self.since(feature.added) if feature.added else self.every
        if feature.removed:
            releases &= self.before(feature.removed)
        if feature.readded:
            releases |= self.since(feature.readded)
        deprecated = self.since(feature.deprecated) if feature.deprecated else 0
        deprecated &= self.before(feature.readded) if feature.readded else self.every
        return Row(feature.name, releases, releases & deprecated, feature)
