"""Knowledge: everything that is known, the site's rows before those that ship with the tool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any

from doctor.base.record import Record
from doctor.base.unknown import UNKNOWN, UnknownType
from doctor.knowledge import gpu_types, models, recipes
from doctor.knowledge.releases import Feature, Releases
from doctor.knowledge.rows import (
    BadNodes,
    BrokenVersion,
    Family,
    GpuType,
    Image,
    Limit,
    Migration,
    Page,
    Pairing,
    Setting,
    SharedFolder,
)
from doctor.knowledge.site import PartitionRow, RecordedRow, partition_row, recorded_row
from doctor.knowledge.views import (
    BrokenVersionRow,
    DrafterRow,
    FamilyRow,
    ReleaseRow,
    TargetRow,
    broken_version_row,
    drafter_row,
    family_row,
    release_row,
    target_row,
)
from doctor.slurm.conf import Cluster

#: The tables that ``Knowledge.row`` looks into, and what a row of each tells.
TABLES: Mapping[str, Sequence[str]] = {
    "families": tuple(FamilyRow.__annotations__),
    "drafters": tuple(DrafterRow.__annotations__),
    "targets": tuple(TargetRow.__annotations__),
    "broken-versions": tuple(BrokenVersionRow.__annotations__),
    "releases": tuple(ReleaseRow.__annotations__),
    "partitions": tuple(PartitionRow.__annotations__),
    "recorded-nodes": tuple(RecordedRow.__annotations__),
    **dict.fromkeys(
        ("flags", "variables", "tool-parsers", "reasoning-parsers", "methods"),
        tuple(field.name for field in fields(Feature)),
    ),
}


class Knowledge(Record):
    """What is known. In each sequence the row that wins stands first."""

    pages: Sequence[Page]
    bad_nodes: BadNodes
    shared_folders: Sequence[SharedFolder]
    broken_versions: Sequence[BrokenVersion]
    settings: Mapping[tuple[str, str], Setting]
    pairings: Sequence[Pairing]
    images: Sequence[Image]
    limits: Sequence[Limit]
    gpu_types: Sequence[GpuType]
    families: Sequence[Family]
    migrations: Sequence[Migration]
    releases: Releases
    cluster: Cluster | None = None
    files: Sequence[Path] = ()

    @cached_property
    def builds(self) -> Mapping[str, str]:
        """The release of vLLM in each image that a page tells of, the site's first."""
        return {row.name: row.release for row in reversed(self.images)}

    @cached_property
    def all_families(self) -> Sequence[Family]:
        """The families of the pages, then those of vLLM's recipes."""
        return (*self.families, *recipes.families(self.releases))

    @cached_property
    def all_pairings(self) -> Sequence[Pairing]:
        """The pairings of the pages, then those of vLLM's recipes."""
        return (*self.pairings, *recipes.pairings(self.releases))

    def lookup(self, dotted: str) -> Any:
        """The value of ``$kb.<page>.<setting>`` or ``$site.<name>``, or UNKNOWN."""
        scope, _, rest = dotted.removeprefix("$").partition(".")
        if scope == "site":
            return self._site.get(rest, UNKNOWN)
        page, _, name = rest.partition(".")
        setting = self.settings.get((page, name))
        return UNKNOWN if scope != "kb" or setting is None else setting.value

    @cached_property
    def references(self) -> tuple[str, ...]:
        """Everything that ``lookup`` knows, to check what rules refer to."""
        settings = (f"$kb.{page}.{name}" for page, name in self.settings)
        return (*settings, *(f"$site.{name}" for name in self._site))

    def row(self, table: str, key: str) -> Mapping[str, Any] | None:
        """The row of one of ``TABLES`` for a key, None if there is none.

        What a row doesn't tell is UNKNOWN; what a feature doesn't have is None.
        """
        if table == "families":
            found_rows = models.find(key, self.all_families, lambda row: row.models)
            return family_row(*found_rows, self.releases)
        if table == "drafters":
            found = models.find(key, self.all_pairings, lambda row: [row.drafter or ""])
            return drafter_row(*found, self.releases)
        if table == "targets":
            found = models.find(key, self.all_pairings, lambda row: [row.target])
            return target_row(*found, self.releases)
        if table == "broken-versions":
            return broken_version_row(key, self.broken_versions, self.releases)
        if table == "releases":
            return release_row(key, self.releases)
        if table == "partitions":
            return partition_row(key, self.bad_nodes.names, self.cluster)
        if table == "recorded-nodes":
            return recorded_row(key, self.bad_nodes)
        feature = {
            "flags": self.releases.flag,
            "variables": self.releases.variable,
            "tool-parsers": self.releases.tool_parser,
            "reasoning-parsers": self.releases.reasoning_parser,
            "methods": self.releases.method,
        }[table](key)
        return None if feature is None else vars(feature)

    def fits(self, model: str, drafter: str) -> bool | UnknownType:
        """Whether a drafter was trained for a model; UNKNOWN unless both are known."""
        rows, _ = models.find(drafter, self.all_pairings, lambda row: [row.drafter or ""])
        if not rows:
            return UNKNOWN
        names = [spelling for spelling, _ in models.spellings(model)]
        bases = [row.target.lower().rpartition("/")[2] for row in rows]
        if any(base in name for base in bases for name in names):  # variants too: …-FP8
            return True
        known = self.row("targets", model) or self.row("families", model)
        return UNKNOWN if known is None else False

    def names(self, patterns: Sequence[str], model: str | UnknownType | None) -> bool | UnknownType:
        """Whether one of the patterns means a model."""
        if not isinstance(model, str):
            return UNKNOWN
        return bool(models.find(model, [patterns], lambda each: each)[0])

    def limits_of(self, method: str, model: str | UnknownType | None) -> Iterator[Limit]:
        """What is known of releases that don't run a method for a model.

        A model that is unknown, or known by a path alone, is none that a row names.
        """
        for limit in self.limits:
            if method not in limit.methods:
                continue
            if not limit.models or self.names(limit.models, model) is True:
                yield limit

    def weights(self, model: str) -> float | None:
        """The least GiB that a model's weights take, None if its recipe doesn't tell."""
        return self._weights.get(model.lower())

    def gpu_memory(self, gpu_type: str) -> int | None:
        """The most GiB that a GPU has that a site calls so, None if nobody knows that name."""
        return self._gpu_memory.get(gpu_types.plain(gpu_type))

    @cached_property
    def _weights(self) -> Mapping[str, float]:
        return recipes.weights(self.releases)

    @cached_property
    def _gpu_memory(self) -> Mapping[str, int]:
        return gpu_types.memory(self.gpu_types)

    @cached_property
    def _site(self) -> Mapping[str, Any]:
        nodes = self.bad_nodes
        return {
            "bad-nodes": nodes.names,
            "bad-node-families": nodes.families,
            "bad-nodes-vouched": nodes.vouched,
            "bad-nodes-as-of": nodes.as_of or UNKNOWN,
            "default-partition": (self.cluster and self.cluster.default) or UNKNOWN,
            "bad-nodes-from": nodes.place.told if nodes.place else UNKNOWN,
            "shared-folders": frozenset(folder.path for folder in self.shared_folders),
        }
