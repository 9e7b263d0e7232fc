"""The options that a release of Slurm declares, read from ``src/common/slurm_opt.c``.

Each option is a record of type ``slurm_cli_opt_t``, and ``common_options`` lists the records in
the order in which they are looked up. Slurm's style puts each field on a line of its own, so lines
are all that has to be understood of C.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from renew.errors import RenewError

_TAKES = {"no_argument": "", "required_argument": ":", "optional_argument": "::"}
_BEGINS = re.compile(r"static (?:const )?slurm_cli_opt_t slurm_opt_(\w+) = \{")
_FIELD = re.compile(r"\s*\.(\w+) = ([^,\s]+),")
_LISTED = re.compile(r"\s*&slurm_opt_(\w+),")

Record = Mapping[str, str]


@dataclass(frozen=True)
class Declared:
    """An option that a program declares.

    ``takes`` is as for getopt: ``:`` for a value, ``::`` for an optional one. ``value`` is what
    getopt gives for it: its letter, or a constant. ``resets``: it counts for one component of a
    heterogeneous job only.
    """

    name: str
    takes: str
    value: str
    resets: bool


def read(code: str, program: str) -> list[Declared]:
    """The options of ``program``; raises RenewError where something is not understood."""
    records = dict(_records(code))
    listed = [found[1] for found in map(_LISTED.match, code.splitlines()) if found]
    if not listed:
        raise RenewError("no list of options is found")
    if lost := set(listed) - set(records):
        raise RenewError(f"the record of {min(lost)} is not found")
    return [_declared(record) for record in map(records.__getitem__, listed)
            if _has_name(record) and {"set_func", f"set_func_{program}"} & set(record)]  # fmt: skip


def _records(code: str) -> Iterator[tuple[str, Record]]:
    fields: dict[str, str] = {}
    for line in code.splitlines():
        if begun := _BEGINS.match(line):
            fields = {}
            yield begun[1], fields
        elif found := _FIELD.match(line):
            fields.setdefault(found[1], found[2].strip("\"'"))  # an `#else` comes second


def _has_name(record: Record) -> bool:
    """Whether an option can be written; those that only variables set have none."""
    return record.get("name", "NULL") != "NULL"


def _declared(record: Record) -> Declared:
    if record.get("has_arg") not in _TAKES or "val" not in record:
        raise RenewError(f"the record of {record['name']} is not understood")
    return Declared(
        record["name"],
        _TAKES[record["has_arg"]],
        record["val"],
        record.get("reset_each_pass") == "true",
    )
