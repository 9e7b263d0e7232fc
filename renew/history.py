"""From what each release has to rows: when a thing came, went and changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

Row = dict[str, Any]


def life(releases: Sequence[str], there: Sequence[bool]) -> Row:
    """When a thing was added, removed and added again.

    ``there`` says for each release whether it has the thing. What the first release has is as old
    as the tables. Of several gaps the last is told: of the others nobody can say what they mean.
    """
    starts, at = [], 0
    for has, run in groupby(there):
        starts.append((has, releases[at]))
        at += len(list(run))
    came = [release for has, release in starts if has]
    went = [release for has, release in starts[1:] if not has]
    row: Row = {}
    if not there[0]:
        row["added"] = came[0]
    if went:
        row["removed"] = went[-1]
        if there[-1]:
            row["readded"] = came[-1]
    return row


def names(releases: Sequence[str], listed: Sequence[Iterable[str] | None]) -> dict[str, Row]:
    """The rows of plain names. A release of which nothing is known (None) doesn't count."""
    known = [(release, set(each)) for release, each in zip(releases, listed, strict=True)
             if each is not None]  # fmt: skip
    order = [release for release, _ in known]
    every = sorted(set().union(*(each for _, each in known)))
    return {name: life(order, [name in each for _, each in known]) for name in every}


def features(
    releases: Sequence[str], listed: Sequence[Mapping[str, Mapping[str, Any]] | None]
) -> dict[str, Row]:
    """The rows of named things with details, such as flags.

    What is told of a thing (``kind``, ``replacement``) is what its last release says; ``default``
    and ``bounds`` by the first release of each; ``choices``, ``keys`` and ``aliases`` each with
    a life of their own within that of the thing.
    """
    rows = names(releases, listed)
    for name, row in rows.items():
        told = [(release, each[name]) for release, each in zip(releases, listed, strict=True)
                if each is not None and name in each]  # fmt: skip
        row.update(_details(told))
    return rows


def _details(told: Sequence[tuple[str, Mapping[str, Any]]]) -> Row:
    newest = told[-1][1]
    row: Row = {
        key: newest[key] for key in ("kind", "replacement", "several", "class") if key in newest
    }
    deprecated = [release for release, each in told if each.get("deprecated")]
    if deprecated and newest.get("deprecated"):
        row["deprecated"] = _start_of_last_run(told, "deprecated")
    row.update(_by_release(told, "default"))
    row.update(_by_release(told, "bounds"))
    row.update(_choices(told))
    if any(each.get("keys") for _, each in told):
        row["keys"] = features([release for release, _ in told], [e.get("keys") for _, e in told])
    aliases = names([release for release, _ in told], [each.get("aliases", ()) for _, each in told])
    if aliases:
        row["aliases"] = aliases
    return row


def _start_of_last_run(told: Sequence[tuple[str, Mapping[str, Any]]], key: str) -> str:
    start = told[-1][0]
    for release, each in reversed(told):
        if not each.get(key):
            break
        start = release
    return start


def _by_release(told: Sequence[tuple[str, Mapping[str, Any]]], key: str) -> Row:
    """One value if it never changed, else each value by the first release that has it.

    A default of None is told where it takes the place of another.
    """
    empty: Any = {} if key == "bounds" else None
    known = [(release, each.get(key, empty)) for release, each in told
             if key in each or key == "bounds"]  # fmt: skip
    changes: dict[str, Any] = {}
    for release, value in known:
        last = next(reversed(changes.values()), empty)
        if type(value) is not type(last) or value != last:
            changes[release] = value
    if not changes:
        return {}
    if key == "default" and list(changes) == [known[0][0]]:
        return {key: next(iter(changes.values()))}
    return {"defaults" if key == "default" else key: changes}


def _choices(told: Sequence[tuple[str, Mapping[str, Any]]]) -> Row:
    """The values of the last run of releases that check them."""
    last: list[tuple[str, Mapping[str, Any]]] = []
    for release, each in reversed(told):
        if each.get("choices"):
            last.insert(0, (release, each))
        elif last:
            break
    if not last:
        return {}
    order = [release for release, _ in last]
    values = names(order, [[str(value) for value in each["choices"]] for _, each in last])
    row: Row = {"choices": values}
    if order[0] != told[0][0]:
        row["checked"] = order[0]
    after = [release for release, _ in told[told.index(last[-1]) + 1 :]]
    if after:
        row["unchecked"] = after[0]
    if last[-1][1].get("loose"):
        row["loose"] = True
    return row
