"""Facts: what an examination yields, and all that a rule may speak of.

A fact is a record. Its fields are the attributes of the rule language, with ``-`` for
``_``. An attribute holds its value, ``None`` where it is known to be absent, or ``UNKNOWN``.
``evidence`` tells for an attribute where it was written and on what assumptions it rests.

Facts about nodes have a package of their own, which a scan never imports.
"""

from __future__ import annotations

from collections.abc import Mapping

from doctor.facts.base import Fact
from doctor.facts.commands import (
    BrokenLine,
    Command,
    Deletion,
    NamedKill,
    PaneCapture,
    Secret,
    ServerWait,
    WrittenPath,
)
from doctor.facts.inputs import Conflict, InputFile, Suppression, UnparsedStatement
from doctor.facts.jobs import Allocation, Directive, OwnFolder, Refused, Step
from doctor.facts.logs import LogFile
from doctor.facts.relations import (
    CacheFolder,
    InnerPorts,
    SharedCache,
    SharedGpu,
    SharedPort,
    SocketPath,
)
from doctor.facts.servers import GivenFlag, GivenVariable, KeptVariable, Launch, Requirement

#: The kinds of facts about scripts.
FACTS: Mapping[str, type[Fact]] = {
    fact.kind: fact
    for fact in (
        InputFile,
        Conflict,
        UnparsedStatement,
        Suppression,
        Directive,
        Refused,
        OwnFolder,
        Allocation,
        Deletion,
        Requirement,
        WrittenPath,
        Launch,
        GivenFlag,
        GivenVariable,
        KeptVariable,
        CacheFolder,
        SocketPath,
        SharedCache,
        SharedGpu,
        InnerPorts,
        SharedPort,
        LogFile,
        Secret,
        Step,
        NamedKill,
        ServerWait,
        BrokenLine,
        PaneCapture,
        Command,
    )
}


def every() -> Mapping[str, type[Fact]]:
    """Every kind of fact that a rule may name."""
    from doctor.facts.node import NODE_FACTS

    return {**FACTS, **NODE_FACTS}


def find(kind: str) -> type[Fact] | None:
    """The kind of fact of this name."""
    return FACTS.get(kind) or every().get(kind)
