"""Numbers as Slurm writes them: counts, ranges of nodes, spans of time."""

from __future__ import annotations

import re
from math import ceil

from doctor.base.regex import regex
from doctor.base.unknown import UNKNOWN, UnknownType

_COUNT = regex(r"\s*(\d{1,9})([kKmM]?)\s*")
_SCALE = {"": 1, "k": 1024, "m": 1024 * 1024}
_MEMORY = regex(r"\s*(\d{1,12})([kKmMgGtT]?)[bB]?\s*")
_MEBIBYTES = {"": 1.0, "k": 1 / 1024, "m": 1.0, "g": 1024.0, "t": 1024.0 * 1024}
_TIME = regex(
    r"(?:(?P<days>\d{1,9})-(?P<dh>\d{1,9})(?::(?P<dm>\d{1,9}))?(?::(?P<ds>\d{1,9}))?"
    r"|(?P<h>\d{1,9}):(?P<hm>\d{1,9}):(?P<hs>\d{1,9})"
    r"|(?P<m>\d{1,9})(?::(?P<s>\d{1,9}))?)"
)
_UNLIMITED = ("-1", "infinite", "unlimited")


def number(text: str) -> int | UnknownType:
    """A count such as ``4`` or ``1k``."""
    match = _COUNT.fullmatch(text)
    return int(match[1]) * _SCALE[match[2].lower()] if match else UNKNOWN


def mebibytes(text: str) -> int | UnknownType:
    """An amount of memory such as ``512``, ``64G`` or ``1T`` in MiB, rounded up."""
    match = _MEMORY.fullmatch(text)
    return ceil(int(match[1]) * _MEBIBYTES[match[2].lower()]) if match else UNKNOWN


def node_range(text: str) -> tuple[int | UnknownType, int | UnknownType]:
    """The least and the greatest number of ``--nodes``: ``4``, ``2-4`` or ``1,2,4``."""
    first, *others = re.split(r"[-,]", text)
    if ":" in text:
        return number(re.split(r"[-,:]", text)[0]), UNKNOWN
    return number(first), number(others[-1]) if others else number(first)


def minutes(text: str) -> int | UnknownType | None:
    """A span of time in minutes, rounded up; None if it is without limit."""
    if text.lower() in _UNLIMITED:
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        return UNKNOWN
    part = {name: int(digits or 0) for name, digits in match.groupdict().items()}
    seconds = part["ds"] + part["hs"] + part["s"]
    hours = part["days"] * 24 + part["dh"] + part["h"]
    return hours * 60 + part["dm"] + part["hm"] + part["m"] + -(-seconds // 60)
