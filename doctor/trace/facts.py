"""Facts: what an examination of a script yields, and all that a rule may speak of.

A fact is a frozen dataclass. Its fields are the attributes of the rule language, with ``-`` for
``_``. An attribute holds its value, ``None`` where it is known to be absent, or ``UNKNOWN``.
``evidence`` tells for an attribute where it was written and on what assumptions it rests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from doctor.diagnostic import Location
from doctor.trace.values import UNKNOWN, Assumption, UnknownType


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where an attribute was written (first the place to point at), and what it rests on."""

    locations: tuple[Location, ...] = ()
    assumes: frozenset[Assumption] = frozenset()


def attribute(doc: str, default: Any = UNKNOWN) -> Any:
    """A field of a fact; ``doc`` is what the rule language's reference says of it."""
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What every fact has: the command or line it comes from, and where its attributes stand."""

    kind: ClassVar[str] = ""

    location: Location
    evidence: Mapping[str, Evidence] = field(default_factory=dict, compare=False, repr=False)
    in_slurm: bool | UnknownType = attribute(
        "true where the script shows that Slurm is in play, or the configuration says so", False
    )


@dataclass(frozen=True, kw_only=True)
class InputFile(Fact):
    """A file that was to be examined."""

    kind: ClassVar[str] = "file"

    problem: str | None = attribute("`unreadable`, `too-large` or null", None)
    reason: str = attribute("why it could not be examined, in a few words", "")


@dataclass(frozen=True, kw_only=True)
class UnparsedStatement(Fact):
    """A statement that could not be read."""

    kind: ClassVar[str] = "unparsed"

    reason: str = attribute("why it could not be read, in a few words", "")


@dataclass(frozen=True, kw_only=True)
class Suppression(Fact):
    """A comment that suppresses diagnostics."""

    kind: ClassVar[str] = "suppression"

    unused: str | None = attribute("the codes that it names and that suppressed nothing", None)


@dataclass(frozen=True, kw_only=True)
class Directive(Fact):
    """A line that sbatch reads as options, or that looks as if it did."""

    kind: ClassVar[str] = "directive"

    text: str = attribute("the line", "")
    effect: str = attribute(
        "`effective`, or why sbatch ignores the line: `after-first-command`, `misspelt`, "
        "`indented`, `commented-out`, `in-here-document`"
    )
    read_until: int | None = attribute("the row at which sbatch stops reading options", None)
    meant: str | None = attribute("the line as sbatch would read it, where it is misspelt", None)


@dataclass(frozen=True, kw_only=True)
class Allocation(Fact):
    """A request for nodes: the `#SBATCH` header, sbatch, salloc, or an srun that allocates."""

    kind: ClassVar[str] = "allocation"

    by: str = attribute("`header`, `sbatch`, `salloc` or `srun`")
    asks_gpus: bool | UnknownType = attribute("whether it asks for GPUs")
    nodes: int | UnknownType | None = attribute("how many nodes it asks for (the least)", None)
    tasks: int | UnknownType | None = attribute("how many tasks it asks for", None)
    gpus_per_node: int | UnknownType | None = attribute("GPUs asked for on each node", None)
    excluded: frozenset[str] | UnknownType = attribute(
        "the nodes of `--exclude`, one name each", frozenset()
    )
    requested: frozenset[str] | UnknownType = attribute(
        "the nodes of `--nodelist`, one name each", frozenset()
    )
    nodes_pinned: bool | UnknownType = attribute(
        "whether `--nodelist` names as many nodes as are asked for", False
    )
    misread: str | None = attribute(
        "an `--exclude` value that Slurm reads as another node's name (`-x=NODE`)", None
    )


@dataclass(frozen=True, kw_only=True)
class Deletion(Fact):
    """One path or pattern that a command deletes."""

    kind: ClassVar[str] = "deletion"

    path: str = attribute("the path or pattern, unknowns by their names")
    folder: str | UnknownType = attribute("the shared folder that it lies in")
    folder_sharing: str | UnknownType = attribute("`all-users` or `private`")
    reaches_others: bool | UnknownType = attribute("whether it matches paths that other users own")
    program: str = attribute("the command that deletes: `rm`, `find`, `rsync`, …")


@dataclass(frozen=True, kw_only=True)
class Requirement(Fact):
    """A place that says which release of a package is used."""

    kind: ClassVar[str] = "requirement"

    package: str = attribute("the package's name, normalised: `vllm`")
    version: str | UnknownType | None = attribute("the one release it pins, or null")
    via: str = attribute("`pip`, `uv`, `uvx`, `conda`, `image`, `module`")
    written: str = attribute("the requirement as written: `vllm==0.12.0`")


#: Every kind of fact that a rule may name.
FACTS: Mapping[str, type[Fact]] = {
    fact.kind: fact
    for fact in (
        InputFile,
        UnparsedStatement,
        Suppression,
        Directive,
        Allocation,
        Deletion,
        Requirement,
    )
}
