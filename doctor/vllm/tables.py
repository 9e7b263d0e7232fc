"""What each release of vLLM knows: flags, parsers, speculation methods.

A set of releases is an integer, one bit a release, the oldest first. So cutting and joining
sets costs nothing, however many flags a line has.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from doctor.vllm.rows import Catalogue, Feature, Migration, Named, Row, release_key
from doctor.vllm.spelling import NEGATABLE, Spelling

#: The one flag that had its ``--no-`` form before.
_ALWAYS_NEGATABLE = "--enable-prefix-caching"
#: From here on every ``--enable-x`` is also there as ``--disable-x``, and the reverse.
_INVERTIBLE = "0.33.0"


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
        return _all_spellings(self)

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
    def migrations(self) -> Mapping[str, Sequence[Migration]]:
        """What to write instead of options that are gone, by the old option, the best first."""
        found: dict[str, list[Migration]] = {}
        for migration in self._migrations:
            found.setdefault(migration.old, []).append(migration)
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

    def life(self, named: Named) -> int:
        """The releases that have a name."""
        return self.between(
            {"added": named.added, "removed": named.removed, "readded": named.readded}
        )

    def between(self, life: Mapping[str, Any]) -> int:
        """The releases of a row's ``added``, ``removed`` and ``readded``."""
        releases = self.since(life["added"]) if life.get("added") else self.every
        if life.get("removed"):
            releases &= self.before(life["removed"])
        if life.get("readded"):
            releases |= self.since(life["readded"])
        return releases

    def _row(self, feature: Feature) -> Row:
        releases = self.life(feature)
        deprecated = self.since(feature.deprecated) if feature.deprecated else 0
        deprecated &= self.before(feature.readded) if feature.readded else self.every
        return Row(feature.name, releases, releases & deprecated, feature)


def _all_spellings(tables: Tables) -> dict[str, Spelling]:
    """Every option string of any release. A flag's own name wins over another's form of it."""
    spellings: dict[str, Spelling] = {}
    for row in tables.flags.values():
        for option, negated, releases in _forms(row, tables):
            spellings.setdefault(option, Spelling(row, releases, negated))
    for name, row in tables.flags.items():
        spellings[name] = Spelling(row, row.releases)
    return spellings


def _forms(row: Row, tables: Tables) -> Iterator[tuple[str, bool, int]]:
    for alias in row.feature.aliases:
        yield alias.name, False, row.releases & tables.life(alias)
    if row.kind != "bool":
        return
    since = tables.every if row.name == _ALWAYS_NEGATABLE else tables.since(NEGATABLE)
    yield f"--no-{row.name[2:]}", True, row.releases & since
    for here, there in (("--enable-", "--disable-"), ("--disable-", "--enable-")):
        if row.name.startswith(here):
            inverse = there + row.name.removeprefix(here)
            yield inverse, True, row.releases & tables.since(_INVERTIBLE)
