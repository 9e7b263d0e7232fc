"""What to write instead of a flag or a variable that a release does not want any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from doctor.base.record import Record
from doctor.vllm.arguments import NO_VALUE, Flag
from doctor.vllm.releases import Candidates
from doctor.vllm.spelling import normal, resolve
from doctor.vllm.tables import Tables

#: Stands for the option's own value.
VALUE = "VALUE"
_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class Rewrite(Record):
    """What to write, empty if the option is to go; ``same`` if it means the same."""

    text: str
    same: bool

    @property
    def in_words(self) -> str:
        return f"`{self.text.removesuffix(f' {VALUE}')}`" if self.text else "nothing"


def of_flag(flag: Flag, line: Iterable[Flag], releases: int, tables: Tables) -> Rewrite | None:
    """What to write instead of a flag, if all these releases accept it beside the others."""
    others = [each for each in line if each is not flag]
    if flag.problem == NO_VALUE and flag.row is not None and not releases & ~flag.row.releases:
        return _without_value(flag, releases, tables)
    if flag.problem == NO_VALUE and _TRUTHS.get(_said(flag)):
        return _told((flag.name,), others, releases, tables)
    if flag.negated or flag.keys or flag.problem is not None:
        return None
    value = flag.value.text if flag.value is not None else None
    keys = (f"{flag.name} {value}", flag.name, f"{flag.spelling} {value}", flag.spelling)
    return _told(keys, others, releases, tables)


def of_variable(
    name: str, value: str | None, line: Iterable[Flag], found: Candidates
) -> Rewrite | None:
    """What to write instead of a variable: a flag, or nothing."""
    keys = (f"{name}={value}", name)
    return _told(keys, list(line), found.likely, found.tables)


def _told(
    keys: Iterable[str], others: Collection[Flag], releases: int, tables: Tables
) -> Rewrite | None:
    found = next((tables.migrations[key] for key in keys if key in tables.migrations), None)
    if found is None or not releases:
        return None
    if found.since and releases & tables.before(found.since):
        return None
    if not all(_is_free(each, others, releases, tables) for each in _options(found.new)):
        return None
    return Rewrite(found.new, found.same)


def _options(text: str) -> Iterator[str]:
    return (word for word in text.split() if word.startswith("-"))


def _is_free(option: str, others: Iterable[Flag], releases: int, tables: Tables) -> bool:
    """Whether all releases accept an option, and nothing on the line says the same.

    A dotted key may stand beside others of its flag, but not beside the flag itself.
    """
    head, *keys = normal(option).split(".")
    found = resolve(head, tables.spellings)
    if found.row is None or releases & ~found.admits:
        return False
    same = [each for each in others if each.row is found.row]
    return not any(not keys or not each.keys or each.keys == tuple(keys) for each in same)


def _said(flag: Flag) -> str:
    return (flag.value.text or "").lower() if flag.value is not None else ""


def _without_value(flag: Flag, releases: int, tables: Tables) -> Rewrite | None:
    """`--x True` is `--x`; `--x False` is `--no-x`, or nothing where that doesn't exist."""
    said, row = _TRUTHS.get(_said(flag)), flag.row
    if said is None or flag.negated or row is None or not releases:
        return None
    if said:
        return Rewrite(flag.spelling, same=True)
    if row.kind != "bool":
        return Rewrite("", same=True)
    opposite = f"--no-{row.name.removeprefix('--')}"
    known = not releases & ~resolve(opposite, tables.spellings).admits
    return Rewrite(opposite, same=True) if known else None
