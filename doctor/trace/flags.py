"""Flags: what a server's line gives, judged release by release."""

from __future__ import annotations

from collections.abc import Iterator

from doctor.trace.facts import Evidence, GivenFlag
from doctor.trace.servers import Started
from doctor.trace.values import UNKNOWN
from doctor.vllm.verdicts import Verdict, verdicts

#: Flags of programs that extend vLLM's command line with more of their own.
_FOREIGN = frozenset({"--omni"})


def given(started: Started) -> Iterator[GivenFlag]:
    """A fact for each flag of a server's line.

    The server for demonstrations has flags of its own, which no table holds.
    """
    server = started.server
    if server.kind == "demo":
        return
    foreign = any(flag.name in _FOREIGN for flag in server.arguments.flags)
    for verdict in verdicts(server, started.candidates):
        yield _fact(started, verdict, foreign)


def _fact(started: Started, verdict: Verdict, foreign: bool) -> GivenFlag:
    flag = verdict.flag
    word, value = flag.word, flag.value
    place = word.location
    evidence = {"name": Evidence((place,) if place else (), word.assumes)}
    if value is not None:
        evidence["fault"] = Evidence(
            (value.location or place,) if place else (), word.assumes | value.assumes
        )
    return GivenFlag(
        location=started.invocation.origin.location,
        evidence=evidence,
        name=flag.name,
        spelling=flag.spelling,
        line_open=started.server.open,
        foreign=foreign,
        known=verdict.known,
        suggestion=verdict.suggestion,
        pinned=started.candidates.pin is not None,
        accepted=verdict.accepted,
        newest_accepts=verdict.newest_accepts,
        too_new=verdict.too_new,
        accepted_by=verdict.accepted_by,
        added=verdict.added_in,
        removed=verdict.removed_in,
        deprecated=verdict.deprecated,
        deprecated_in=verdict.deprecated_in,
        replacement=verdict.replacement,
        value=value.display if value is not None else None,
        fault=flag.problem,
        fault_counts=UNKNOWN if verdict.problem is UNKNOWN else verdict.problem is not None,
    )
