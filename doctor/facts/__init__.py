"""Facts: what an examination yields, and all that a rule may speak of.

A fact is a frozen dataclass. Its fields are the attributes of the rule language, with ``-`` for
``_``. An attribute holds its value, ``None`` where it is known to be absent, or ``UNKNOWN``.
``evidence`` tells for an attribute where it was written and on what assumptions it rests.
"""

from __future__ import annotations

from collections.abc import Mapping

from doctor.facts.base import Fact
from doctor.facts.commands import Deletion, NamedKill, PaneCapture, Secret, WrittenPath
from doctor.facts.inputs import Conflict, InputFile, Suppression, UnparsedStatement
from doctor.facts.jobs import Allocation, Directive, Step
from doctor.facts.relations import CacheFolder, SharedCache, SharedPort
from doctor.facts.servers import GivenFlag, GivenVariable, Launch, Requirement

#: Every kind of fact that a rule may name.
FACTS: Mapping[str, type[Fact]] = {
    fact.kind: fact
    for fact in (
        InputFile,
        Conflict,
        UnparsedStatement,
        Suppression,
        Directive,
        Allocation,
        Deletion,
        Requirement,
        WrittenPath,
        Launch,
        GivenFlag,
        GivenVariable,
        CacheFolder,
        SharedCache,
        SharedPort,
        Secret,
        Step,
        NamedKill,
        PaneCapture,
    )
}
