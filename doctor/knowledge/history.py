"""What the register knows of nodes over time, and how a person adds to it."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.knowledge.register import Entry, entries, entry, record, unfit


class Event(Record):
    """Something that was recorded of a node."""

    node: str
    recorded: str
    fit: bool
    by: str
    evidence: tuple[str, ...]


def events(folder: Path, nodes: Iterable[str] = ()) -> list[Event]:
    """What was recorded, the newest first; of some nodes, or of all."""
    wanted = frozenset(nodes)
    found = {
        event
        for _, each in entries(folder)
        if not wanted or each.node in wanted
        for event in _events(each)
    }
    return sorted(found, key=lambda event: (event.recorded, event.node), reverse=True)


def add(folder: Path, nodes: Iterable[str], reason: str) -> None:
    """Record nodes as unfit, for a reason."""
    for node in sorted(nodes):
        record(folder, entry(node, _user(), (_line(reason),)))


def lift(folder: Path, nodes: Iterable[str], reason: str) -> None:
    """Record nodes as fit again, for a reason; raises DoctorError if one is not recorded."""
    recorded = {each.node for each in unfit(folder).values()}
    wanted = sorted(nodes)
    if missing := [node for node in wanted if node not in recorded]:
        raise DoctorError(f"the register has no entry that counts of {', '.join(missing)}")
    for node in wanted:
        record(folder, entry(node, _user(), (_line(reason),), fit=True))


def _events(found: Entry) -> Iterator[Event]:
    yield Event(found.node, found.recorded, found.fit, found.by, tuple(found.evidence))
    for each in found.earlier:
        if (event := _earlier(found.node, each)) is not None:
            yield event


def _earlier(node: str, each: Mapping[str, object]) -> Event | None:
    """An earlier entry, which nobody has checked yet."""
    recorded, fit, by = each.get("recorded"), each.get("fit"), each.get("by")
    evidence = each.get("evidence")
    if not (isinstance(recorded, str) and isinstance(fit, bool) and isinstance(by, str)):
        return None
    texts = evidence if isinstance(evidence, list) else []
    return Event(node, recorded, fit, by, tuple(text for text in texts if isinstance(text, str)))


def _line(reason: str) -> str:
    """A reason as one line of no great length."""
    line = " ".join(reason.split())[:500]
    if not line:
        raise DoctorError("a reason is needed, for whoever reads it next")
    return line


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
