"""Types of GPUs: the names by which Slurm's users ask for them, and what each has."""

from __future__ import annotations

from collections.abc import Iterable

from doctor.base.regex import regex
from doctor.knowledge.rows import GpuType

_MAKER = regex(r"(?:nvidia|amd|tesla|quadro|geforce|instinct)+")
_BETWEEN = regex(r"[-_. ]")


def plain(name: str) -> str:
    """A name as it is compared: ``nvidia_a100-sxm4-80gb`` is ``A100-SXM4-80GB``."""
    letters = _BETWEEN.sub("", name.lower())
    maker = _MAKER.match(letters)
    return letters[maker.end() :] if maker else letters


def memory(rows: Iterable[GpuType]) -> dict[str, int]:
    """The most GiB that each type has, by its plain name; the first row that names it counts."""
    found: dict[str, int] = {}
    for row in rows:
        for name in row.names:
            found.setdefault(plain(name), row.memory)
    return found
