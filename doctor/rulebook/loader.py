"""All rule files of some folders, as one rulebook."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from doctor.base import document
from doctor.base.data import data_folder
from doctor.base.document import Item
from doctor.base.errors import DoctorError, nearest
from doctor.base.folders import files_below
from doctor.base.kept import compiled
from doctor.base.record import Record
from doctor.diagnostic import Severity
from doctor.rulebook.reader import read_code, read_rule, read_severity
from doctor.rulebook.rule import Rule

#: How rules refer to what all scripts of a run tell.
RUN = "$run."


class Rulebook(Record):
    """Rules in the order of their codes, and what site folders make of their severities.

    ``unread`` names, by their codes, the rules that were left out.
    """

    rules: tuple[Rule, ...]
    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_fact(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rules for each kind of fact."""
        kinds = {rule.fact for rule in self.rules}
        return {kind: tuple(r for r in self.rules if r.fact == kind) for kind in kinds}

    @cached_property
    def of_run(self) -> frozenset[str]:
        """What the rules want to know of all scripts of a run: ``allocation.named-families``."""
        read = (reference.path for rule in self.rules for reference in rule.references)
        return frozenset(path.removeprefix(RUN) for path in read if path.startswith(RUN))

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The rules' names by their codes."""
        return {**self.unread, **{rule.code: rule.name for rule in self.rules}}


def load(site: Sequence[Path] = (), about: str | None = None) -> Rulebook:
    """The rules that ship with the tool, and those of a site's folders or files.

    Of the tool's own, only those about a `script` or a `node` are read if ``about`` says so.
    """
    shipped = list(files(data_folder("rules")))
    wanted = [path for path in shipped if about in (None, _about(path))]
    unread = [path.stem.partition("-") for path in shipped if path not in wanted]
    return read([*wanted, *site], {code: name for code, _, name in unread})


def _about(path: Path) -> str:
    """What a rule that ships with the tool is about; the folder's name tells, to save reading."""
    return "node" if path.parent.name.startswith("node-") else "script"


def read(folders: Sequence[Path], unread: Mapping[str, str] | None = None) -> Rulebook:
    """The rules of these folders or files; ``unread`` names others, by their codes.

    A file that holds nothing but ``code`` and ``severity`` re-ranks a rule, or switches it off.
    """
    unread = unread or {}
    rules: dict[str, Rule] = {}
    ranks: list[Item] = []
    paths = [path for folder in folders for path in files(folder)]
    for path, packed in zip(paths, compiled(paths, _parse), strict=True):
        item = document.unpacked(packed, str(path))
        if item.mapping is not None and set(item.mapping) == {"code", "severity"}:
            ranks.append(item)
        else:
            _add(read_rule(item, path), item, rules)
    ordered = tuple(rules[code] for code in sorted(rules))
    known = {*rules, *unread}
    return Rulebook(ordered, dict(_rank(item, known) for item in ranks), unread)


def _parse(filename: str, text: str) -> Any:
    """A rule file as plain data, without the examples, which only its tests read."""
    item = document.parse(text, filename)
    if item.mapping is not None and "examples" in item.mapping:
        item.value["examples"] = replace(item.value["examples"], value=(), text="")
    return item.packed


def files(folder: Path) -> Iterator[Path]:
    """The rule files of a folder, in the order of their names; a file is its own."""
    if folder.is_file():
        yield folder
        return
    if not folder.is_dir():
        raise DoctorError("there is no such folder of rules", str(folder))
    found = files_below(folder, (".yaml", ".yml"))
    if not found:
        raise DoctorError("the folder holds no rule (*.yaml)", str(folder))
    yield from found


def _add(rule: Rule, item: Item, rules: dict[str, Rule]) -> None:
    for other in rules.values():
        if rule.code == other.code:
            raise item.value["code"].error(
                f"{rule.code} is the code of {other.path}; "
                "a file that re-ranks a rule holds only `code` and `severity`"
            )
        if rule.name == other.name:
            raise item.value["name"].error(f"{rule.name!r} is the name of {other.path}")
    rules[rule.code] = rule


def _rank(item: Item, known: Collection[str]) -> tuple[str, Severity | None]:
    code = item.value["code"]
    if read_code(code) not in known:
        raise code.error(f"no rule has the code {code.text!r}{nearest(code.text, sorted(known))}")
    return code.text, read_severity(item.value["severity"])
