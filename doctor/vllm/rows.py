"""A row of the tables of vLLM's releases, and where the rows come from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from doctor.base.record import Record


class Named(Protocol):
    """A name that came with a release and perhaps went with another."""

    @property
    def name(self) -> str: ...
    @property
    def added(self) -> str | None: ...
    @property
    def removed(self) -> str | None: ...
    @property
    def readded(self) -> str | None: ...


class Feature(Named, Protocol):
    """What the tables tell of a name."""

    @property
    def deprecated(self) -> str | None: ...
    @property
    def replacement(self) -> str | None: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def aliases(self) -> Sequence[Named]: ...
    @property
    def details(self) -> Mapping[str, Any]: ...


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
    return tuple(int(number[:9]) for number in re.findall(r"[0-9]+", public))


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
    def switch(self) -> bool:
        """Whether it is a flag that takes no value."""
        return self.kind in ("bool", "store_true")
