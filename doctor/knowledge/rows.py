"""The rows of knowledge: what a page can say, each with the place where it says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from functools import cached_property
from typing import Any

from doctor.base.record import Record
from doctor.knowledge.nodes import union
from doctor.knowledge.place import Place


class Page(Record):
    """A lesson: a page with front matter."""

    id: str
    title: str
    codes: Sequence[str]
    checked: str
    sources: Sequence[str]
    place: Place


class Setting(Record):
    """A row of a table ``Setting | Value``: rules read it as ``$kb.<page>.<name>``."""

    page: str
    name: str
    value: Any
    place: Place


class SharedFolder(Record):
    """A folder that all users of a node write."""

    path: str
    place: Place


class NodeList(Record):
    """One list of bad nodes, as hostlists, and the date that it says it is of.

    ``because`` is why a node is on it, if somebody has recorded that.
    """

    hostlists: Sequence[str]
    as_of: str | None
    place: Place
    because: str | None = None


class BadNodes(Record):
    """The lists of bad nodes in force: one, unless several site documents have their own."""

    lists: Sequence[NodeList] = ()

    @cached_property
    def names(self) -> frozenset[str]:
        """The nodes, one name each."""
        return union((hosts, nodes.place) for nodes in self.lists for hosts in nodes.hostlists)

    @property
    def families(self) -> frozenset[str]:
        """The names without their numbers: ``gpu-`` for ``gpu-07``."""
        return frozenset(filter(None, (name.rstrip("0123456789") for name in self.names)))

    @property
    def as_of(self) -> str | None:
        """The oldest date among the lists."""
        return min((nodes.as_of for nodes in self.lists if nodes.as_of), default=None)

    @property
    def vouched(self) -> bool:
        """Whether the site itself names them; the shipped list is only an example."""
        return any(nodes.place.site for nodes in self.lists)

    @property
    def place(self) -> Place | None:
        """Where the first list stands."""
        return self.lists[0].place if self.lists else None


class BrokenVersion(Record):
    """Releases of vLLM in which something is broken.

    It concerns servers of ``models`` that are given each option of ``only_with``, and none of
    ``not_with``; an option may name its value.
    """

    releases: str = field(metadata={"doc": "a version specifier: `==0.12.0`"})
    breaks: str | None
    whom: str | None
    remedy: str | None
    place: Place
    models: Sequence[str] = ()
    only_with: Sequence[str] = ()
    not_with: Sequence[str] = ()


class Image(Record):
    """A container image, by the beginning of its name, and the release of vLLM in it."""

    name: str
    release: str
    place: Place


class Migration(Record):
    """What to write instead of an option that is gone: a flag or variable, perhaps with a value.

    In ``new``, which is empty where the option can simply go, `VALUE` stands for the option's
    value. ``same`` tells whether it then means the same; ``since`` is the first release for which
    that holds, if any release that accepts ``new`` won't do.
    """

    old: str
    new: str
    same: bool
    since: str | None
    place: Place


class Pairing(Record):
    """A model and a drafter that was trained for it; no drafter where it is built in."""

    target: str
    drafter: str | None
    methods: Sequence[str]
    tokens: int | None
    first_release: str | None
    draft_tensor_parallel: int | None
    superseded_by: str | None
    notes: str | None
    place: Place


class Limit(Record):
    """Releases that don't run a way to speculate: of some models, or of any where none is named.

    ``pipelined`` tells that they run it unless the model is split into a pipeline; ``breaks``
    what happens.
    """

    methods: Sequence[str]
    models: Sequence[str]
    pipelined: bool
    releases: str = field(metadata={"doc": "a version specifier: `>=0.10.0,<0.15.0`"})
    breaks: str
    place: Place


class GpuType(Record):
    """A type of GPU by the names that sites give it, and the most memory that one has, in GiB."""

    names: Sequence[str]
    memory: int
    place: Place


class Family(Record):
    """Models that need the same parsers. None stands for what the table doesn't say."""

    name: str | None
    models: Sequence[str]
    tool_parser: str | None
    also_right: Sequence[str]
    reasoning_parser: str | None
    also_right_for_reasoning: Sequence[str]
    first_release: str | None
    for_tool_calls: str | None
    last_release: str | None
    also_needs: str | None
    notes: str | None
    place: Place
