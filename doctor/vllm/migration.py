"""What to write instead of a flag or a variable that a release does not want any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import zip_longest

from doctor.base.record import Record
from doctor.values.value import Value, known
from doctor.vllm.arguments import NO_VALUE, Flag
from doctor.vllm.numerals import number_problem
from doctor.vllm.refused import no_choice, refused
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
        return (
            f"Write `{self.text.removesuffix(f' {VALUE}')}` instead" if self.text else "Delete it"
        )


def of_flag(flag: Flag, line: Iterable[Flag], releases: int, tables: Tables) -> Rewrite | None:
    """What to write instead of a flag, if all these releases accept it together with the others."""
    others = [each for each in line if each is not flag]
    if flag.problem == NO_VALUE and flag.row is not None and not releases & ~flag.row.releases:
        return _without_value(flag, releases, tables)
    if flag.keys or (flag.problem not in (None, NO_VALUE) and not flag.may_change):
        return None
    said = _TRUTHS.get(_said(flag)) if flag.problem == NO_VALUE else True
    if flag.negated or said is None:
        found = _told((normal(flag.spelling),), None, others, releases, tables)
        return found if flag.negated and flag.value is None else None
    if not said:  # it is off, and where nothing takes its place that is all that is left
        found = _told((flag.name,), None, others, releases, tables)
        return found if found and not found.text else None
    value = flag.value.text if flag.value is not None else None
    keys = (f"{flag.name} {value}", flag.name, f"{flag.spelling} {value}", flag.spelling)
    return _told(keys, flag.value, others, releases, tables)


def of_variable(
    name: str, value: str | None, line: Iterable[Flag], found: Candidates
) -> Rewrite | None:
    """What to write instead of a variable: a flag, or nothing."""
    keys = (f"{name}={value}", name)
    given = None if value is None else known(value)
    return _told(keys, given, list(line), found.likely, found.tables)


def _told(
    keys: Iterable[str],
    value: Value | None,
    others: Collection[Flag],
    releases: int,
    tables: Tables,
) -> Rewrite | None:
    """The first row of the first key that has any, if all releases accept what it says."""
    rows = next((tables.migrations[key] for key in keys if key in tables.migrations), ())
    for row in rows:
        if not releases or (row.since and releases & tables.before(row.since)):
            continue
        given = list(_options(row.new, value))
        if all(_is_free(option, others, releases, tables) for option, _ in given) and not any(
            _refuse(option, each, releases, tables) for option, each in given
        ):
            return Rewrite(row.new, row.same)
    return None


def _options(text: str, value: Value | None) -> Iterator[tuple[str, Value | None]]:
    """The options that a row writes, each with its value."""
    words = text.split()
    for word, after in zip_longest(words, words[1:]):
        if word.startswith("-"):
            bare = after is None or after.startswith("-")
            yield word, None if bare else value if after == VALUE else known(after)


def _refuse(option: str, value: Value | None, releases: int, tables: Tables) -> bool:
    """Whether any of the releases refuses the value for the option."""
    head, *keys = normal(option).split(".")
    row = resolve(head, tables.spellings).row
    if row is None or value is None:
        return False
    refusal = refused(row, tuple(keys), value, tables)
    text = value.text
    wrong = refusal.releases if refusal is not None else 0
    if not keys and text is not None:
        wrong |= no_choice(row, text, tables)
        wrong |= tables.every if number_problem(row.kind, value, row.name) else 0
    return bool(releases & wrong)


def _is_free(option: str, others: Iterable[Flag], releases: int, tables: Tables) -> bool:
    """Whether all releases accept an option, and nothing on the line says the same.

    A dotted key may stand with others of its flag, but not with the flag itself.
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
