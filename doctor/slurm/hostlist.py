"""Node lists: ``gpu[01-04,07],cpu1`` and the names that it stands for.

ClusterShell's NodeSet does the work, and is imported only where brackets are. Groups
(``@gpu``) are never looked up, since that would run programs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from doctor.base.regex import regex

#: A list that stands for more names than this is taken for unknown.
MAX_NODES = 65_536

_MEMBER = regex(r"(?:[^,\[\]]|\[[^\[\]]*\])+")
_BRACKETS = regex(r"\[([^\[\]]*)\]")
_RANGE = regex(r"(\d{1,18})(?:-(\d{1,18}))?")
#: What is unfolded and folded: names whose numbers a 64-bit integer holds.
_PLAIN = regex(r"(?:(?![0-9]{19})[\w.,-])*", re.ASCII)


def expand(text: str) -> frozenset[str] | None:
    """The names that a node list stands for, or None if that can't be known.

    It can't for a group, for the path of a file, for brackets that Slurm wouldn't read, and
    for a list of more than ``MAX_NODES`` names.
    """
    members = re.sub(r"[\s,]+", ",", text).strip(",")
    if "/" in members or "@" in members:
        return None
    if "[" not in members and "]" not in members:
        return frozenset(filter(None, members.split(",")))
    if not _PLAIN.fullmatch(members.replace("[", "").replace("]", "")):
        return None
    size = _size(members)
    if size is None or size > MAX_NODES:
        return None
    return _expand_brackets(members)


def misread(text: str) -> str | None:
    """What is wrong, in words, with a list whose names Slurm takes for those of other nodes.

    None for a list that it reads as people do, and for one whose names can't be known.
    """
    if text.startswith("="):
        return "Slurm takes the `=` for a part of the name"
    if "{" in text:
        return "Slurm expands no braces"
    if text.count("[") != text.count("]"):
        return "a bracket is missing"
    return None


def meant(text: str) -> frozenset[str] | None:
    """The names that people mean by a list that Slurm misreads, None if that can't be known."""
    brackets = text.lstrip("=").replace("{", "[").replace("}", "]")
    missing = brackets.count("[") - brackets.count("]")
    return expand(brackets + "]" * missing)


def is_file(text: str) -> bool:
    """Whether Slurm takes a node list for the path of a file that holds one."""
    return "/" in text


def fold(names: Iterable[str]) -> str:
    """The names as one short node list, in order."""
    ordered = sorted(set(names))
    if len(ordered) < 2 or not all(_PLAIN.fullmatch(name) for name in ordered):
        return ",".join(ordered)
    from ClusterShell.NodeSet import RESOLVER_NOGROUP, NodeSet

    return str(NodeSet.fromlist(ordered, resolver=RESOLVER_NOGROUP))


def _size(members: str) -> int | None:
    """How many names a list stands for at most, counted without making them."""
    total = 0
    for member in _MEMBER.findall(members):
        names = 1
        for brackets in _BRACKETS.findall(member):
            ranges = [_RANGE.fullmatch(part) for part in brackets.split(",")]
            widths = [_width(match) if match else 0 for match in ranges]
            if min(widths) < 1:
                return None
            names *= sum(widths)
        total += names
    return total


def _width(match: re.Match[str]) -> int:
    low, high = match.groups()
    return int(high) - int(low) + 1 if high else 1


def _expand_brackets(members: str) -> frozenset[str] | None:
    from ClusterShell.NodeSet import RESOLVER_NOGROUP, NodeSet, NodeSetException

    try:
        return frozenset(NodeSet(members, resolver=RESOLVER_NOGROUP))
    except NodeSetException:
        return None
