"""The releases of vLLM, and which of them know a flag, a variable, a parser or a method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import Any

from doctor.base.errors import DoctorError
from doctor.base.kept import compiled
from doctor.base.record import Record
from doctor.knowledge.place import Place

#: The table of vLLM's own recipes.
RECIPES = "recipes.yaml"


class Alias(Record):
    """Another spelling of a flag, and the releases that have it; of the flag's own if none."""

    name: str
    added: str | None = None
    removed: str | None = None
    readded: str | None = None


class Feature(Record):
    """Something that came with a release and perhaps went with another.

    ``removed`` is the first release without it, ``readded`` the first that has it again;
    ``releases`` are those that have it. ``kind`` is a flag's type (``bool``, ``int``, ``json``,
    …) or that of a speculation key, ``aliases`` are other spellings of a flag. ``details`` are
    what else its row tells: ``choices`` and ``keys`` by their names, each with the releases that
    have it, ``checked``, ``unchecked``, ``loose``.
    """

    name: str
    releases: frozenset[str]
    added: str | None = None
    removed: str | None = None
    readded: str | None = None
    deprecated: str | None = None
    replacement: str | None = None
    kind: str | None = None
    aliases: tuple[Alias, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


class Releases:
    """The tables of ``kb/vllm``, each read when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables: dict[str, Mapping[str, Any]] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All releases, the oldest first."""
        return tuple(self._table("releases", "releases"))

    @property
    def newest(self) -> str:
        """The newest release that the tables know."""
        return self.names[-1]

    def details(self, release: str) -> Mapping[str, str] | None:
        """A release's date and what it requires: ``torch``, ``cuda``, ``python``, …"""
        return self._table("releases", "releases").get(release)

    def flag(self, name: str) -> Feature | None:
        """A flag of ``vllm serve`` by its full name or an alias."""
        return self._feature("flags", "flags", self._aliases.get(name, name))

    def flags(self) -> Iterator[Feature]:
        """Every flag that any release knows."""
        return self._features("flags", "flags")

    def variable(self, name: str) -> Feature | None:
        """An environment variable that vLLM reads."""
        return self._feature("variables", "variables", name)

    def variables(self) -> Iterator[Feature]:
        """Every environment variable that any release reads."""
        return self._features("variables", "variables")

    def tool_parser(self, name: str) -> Feature | None:
        """A parser of tool calls that vLLM brings along."""
        return self._feature("parsers", "tool-parsers", name)

    def tool_parsers(self) -> Iterator[Feature]:
        """Every parser of tool calls that any release has."""
        return self._features("parsers", "tool-parsers")

    def reasoning_parser(self, name: str) -> Feature | None:
        """A parser of reasoning that vLLM brings along."""
        return self._feature("parsers", "reasoning-parsers", name)

    def reasoning_parsers(self) -> Iterator[Feature]:
        """Every parser of reasoning that any release has."""
        return self._features("parsers", "reasoning-parsers")

    def method(self, name: str) -> Feature | None:
        """A method of speculative decoding."""
        return self._feature("speculation", "methods", name)

    def methods(self) -> Iterator[Feature]:
        """Every method of speculative decoding that any release knows."""
        return self._features("speculation", "methods")

    def speculation_key(self, name: str) -> Feature | None:
        """A key of ``--speculative-config``."""
        return self._feature("speculation", "keys", name)

    def speculation_keys(self) -> Iterator[Feature]:
        """Every key of ``--speculative-config`` that any release knows."""
        return self._features("speculation", "keys")

    def same_parsers(self, name: str) -> frozenset[str]:
        """The parsers of either kind that are the same in the newest release, by other names."""
        return self._same_parsers.get(name, frozenset())

    def recipes(self) -> Iterator[tuple[str, Mapping[str, Any], Place]]:
        """The models of vLLM's own recipes, what the recipe of each says, and where it stands."""
        models = self._table("recipes", "models")
        filename = str(self._folder / RECIPES)
        first = 4 + len(self._table("recipes", "_meta"))  # a row is a line, below head and title
        for line, (model, recipe) in enumerate(models.items(), first):
            yield model, recipe, Place(filename, line)

    def between(self, first: str | None, end: str | None) -> frozenset[str]:
        """The releases from ``first`` (None: the oldest) up to, but without, ``end``."""
        start = 0 if first is None else self._index[first]
        stop = len(self.names) if end is None else self._index[end]
        return frozenset(self.names[start:stop])

    def within(self, specifier: str) -> frozenset[str]:
        """The releases that a PEP 440 specifier admits."""
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        try:
            admitted = SpecifierSet(specifier)
        except InvalidSpecifier:
            raise DoctorError(
                f"{specifier!r} is not a version specifier, such as '>=0.10.2'"
            ) from None
        return frozenset(admitted.filter(self.names))

    def ordered(self, releases: frozenset[str]) -> list[str]:
        """Some releases, the oldest first."""
        return [release for release in self.names if release in releases]

    @cached_property
    def _index(self) -> Mapping[str, int]:
        return {release: index for index, release in enumerate(self.names)}

    @cached_property
    def _same_parsers(self) -> Mapping[str, frozenset[str]]:
        made: dict[str, set[str]] = {}
        for table in ("tool-parsers", "reasoning-parsers"):
            for name, row in self._table("parsers", table).items():
                if "class" in row:
                    made.setdefault(row["class"], set()).add(name)
        return {name: frozenset(names - {name}) for names in made.values() for name in names}

    @cached_property
    def _aliases(self) -> Mapping[str, str]:
        table = self._table("flags", "flags")
        return {alias: name for name, row in table.items() for alias in row.get("aliases", ())}

    def _table(self, file: str, table: str) -> Mapping[str, Any]:
        if file not in self._tables:
            self._tables[file] = compiled([self._folder / f"{file}.yaml"], _parse)[0]
        rows: Mapping[str, Any] = self._tables[file][table]
        return rows

    def _features(self, file: str, table: str) -> Iterator[Feature]:
        return (self._made(name, row) for name, row in self._table(file, table).items())

    def _feature(self, file: str, table: str, name: str) -> Feature | None:
        row = self._table(file, table).get(name)
        return None if row is None else self._made(name, row)

    def _made(self, name: str, row: Mapping[str, Any]) -> Feature:
        releases = self.between(row.get("added"), row.get("removed"))
        if "readded" in row:
            releases |= self.between(row["readded"], None)
        return Feature(
            name,
            releases,
            row.get("added"),
            row.get("removed"),
            row.get("readded"),
            row.get("deprecated"),
            row.get("replacement"),
            row.get("kind"),
            tuple(Alias(other, **life) for other, life in row.get("aliases", {}).items()),
            row,
        )


def _parse(filename: str, text: str) -> Any:
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        raise DoctorError("is not YAML; generate it again", filename) from None
