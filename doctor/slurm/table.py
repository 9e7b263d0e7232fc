"""The options of sbatch, salloc and srun.

Those that Slurm itself declares are in ``declared``, of several releases together; where these
differ, an option takes an optional value. The plugins' options are those of pyxis (``args.c`` of
https://github.com/NVIDIA/pyxis), CSCS's ``--environment`` and those of Shifter
(``extra/slurm/shifterSpank.c`` of https://github.com/NERSC/shifter).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache

from doctor.base.errors import closest
from doctor.base.record import Record
from doctor.slurm import declared


class Takes(Enum):
    """Whether an option takes a value: an optional one must be in the same word."""

    NONE = ""
    REQUIRED = ":"
    OPTIONAL = "::"


class Spec(Record):
    """One option: its long name, its letter if it has one, and whether it takes a value."""

    name: str
    letter: str
    takes: Takes


# `name|letter` as for getopt: `:` after it for a value, `::` for an optional one.
_PLUGINS = """
    container-image: container-mounts: container-workdir: container-name: container-save:
    container-mount-home no-container-mount-home container-remap-root no-container-remap-root
    container-entrypoint no-container-entrypoint container-entrypoint-log container-writable
    container-readonly container-env: environment: image: volume: module:
"""
_ALIASES = dict(alias.split("=") for alias in declared.ALIASES.split())
#: Options that count for one component of a heterogeneous job only (``reset_each_pass``);
#: the others, ``--exclude`` among them, go on to the components that follow.
PER_COMPONENT = frozenset(declared.PER_COMPONENT.split())


def find_long(program: str, written: str) -> Spec | None:
    """The option that ``--written`` means: its name, or a beginning that no other has."""
    names = options(program)
    if written in names:
        return names[written]
    own = {spec for name, spec in names.items() if name.startswith(written)}
    own -= _plugin_specs()
    return own.pop() if len(own) == 1 else None


#: What options of Slurm's are called by other batch systems and launchers.
_ELSEWHERE_CALLED = {
    "memory": "mem",
    "name": "job-name",
    "ngpus": "gpus",
    "num-gpus": "gpus",
    "num-nodes": "nodes",
    "num-tasks": "ntasks",
    "queue": "partition",
    "stderr": "error",
    "stdout": "output",
    "walltime": "time",
}


def is_ambiguous(program: str, written: str) -> bool:
    """Whether ``--written`` is the beginning of several options, and none itself."""
    names = options(program)
    begun = {spec for name, spec in names.items() if name.startswith(written)}
    return written not in names and len(begun) > 1


def nearest(program: str, written: str) -> str | None:
    """The option that ``--written`` was surely meant to be: one misspelt, or by another name."""
    called = _ELSEWHERE_CALLED.get(written)
    return called or closest(written, tuple(options(program)), 0.85)


def find_letter(program: str, letter: str) -> Spec | None:
    """The option that ``-letter`` means."""
    return _by_letter(program).get(letter)


def _read(table: str) -> dict[str, Spec]:
    specs = {}
    for entry in table.split():
        option = entry.rstrip(":")
        name, _, letter = option.partition("|")
        specs[name] = Spec(_ALIASES.get(name, name), letter, Takes(entry[len(option) :]))
    return specs


@cache
def options(program: str) -> Mapping[str, Spec]:
    """The options of sbatch, salloc or srun by their long names, a plugin's among them."""
    return _read(declared.EVERY) | _read(_PLUGINS) | _read(declared.OWN[program])


@cache
def _by_letter(program: str) -> Mapping[str, Spec]:
    return {spec.letter: spec for spec in options(program).values() if spec.letter}


@cache
def _plugin_specs() -> frozenset[Spec]:
    return frozenset(_read(_PLUGINS).values())
