"""What every fact is made of: attributes, and the evidence that they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, ClassVar

from doctor.base.record import Record
from doctor.base.unknown import UNKNOWN, UnknownType
from doctor.diagnostic import Location
from doctor.values.assumption import Assumption


class Evidence(Record):
    """Where an attribute was written (first the place to point at), and what it rests on."""

    locations: tuple[Location, ...] = ()
    assumes: frozenset[Assumption] = frozenset()


def attribute(doc: str, default: Any = UNKNOWN) -> Any:
    """A field of a fact; ``doc`` is what the rule language's reference says of it."""
    return field(default=default, metadata={"doc": doc})


class Fact(Record, kw_only=True):
    """What every fact has: the command or line it comes from, and where its attributes stand.

    ``about`` is what was examined: a `script` or a `node`.
    """

    kind: ClassVar[str] = ""
    about: ClassVar[str] = "script"

    location: Location
    evidence: Mapping[str, Evidence] = field(default_factory=dict, compare=False, repr=False)
    in_slurm: bool | UnknownType = attribute(
        "true where the script shows that Slurm is in play, or the configuration says so", False
    )
