"""Facts: what an examination yields, and all that a rule may speak of.

A fact is a record. Its fields are the attributes of the rule language, with ``-`` for
``_``. An attribute holds its value, ``None`` where it is known to be absent, or ``UNKNOWN``.
``evidence`` tells for an attribute where it was written and on what assumptions it rests.

Facts about nodes have a package of their own, which a scan never imports.
"""

from __future__ import annotations

from collections.abc import Mapping

from doctor.facts import commands, inputs, jobs, logs, relations, servers
from doctor.facts.base import Fact

#: The kinds of facts about scripts.
FACTS: Mapping[str, type[Fact]] = {
    fact.kind: fact
    for fact in (
        *inputs.FACTS,
        *jobs.FACTS,
        *commands.FACTS,
        *servers.FACTS,
        *relations.FACTS,
        *logs.FACTS,
    )
}


def every() -> Mapping[str, type[Fact]]:
    """Every kind of fact that a rule may name."""
    from doctor.facts.node import NODE_FACTS

    return {**FACTS, **NODE_FACTS}


def find(kind: str) -> type[Fact] | None:
    """The kind of fact of this name."""
    return FACTS.get(kind) or every().get(kind)
