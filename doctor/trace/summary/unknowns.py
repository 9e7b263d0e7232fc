"""Unknowns, as a person wants to read of them: what is not known, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from doctor.base.numbers import is_digits
from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.diagnostic import Location
from doctor.trace.domain.environment import is_always_set
from doctor.values.value import Unknown

_NAME = regex(r"\$\{?(\w+)(?:\[[^]]*\])?\}?")
_INSIDE = regex(r"\$\{?(\w+)")
_COMMENT = regex(r"^[ \t]*#.*$", re.MULTILINE)
_BARE = regex(r"[A-Za-z_]\w*")
#: What everyone knows, or Slurm says.
_FAMILIAR = regex(r"~|\$\{?(SLURM_\w*|TMPDIR|HOME|PWD|RANDOM|SHELL)\}?|\$\(whoami\)")


class Missing(Record):
    """Something that the script takes from elsewhere: its name, and where it comes from."""

    name: str
    source: str
    place: Location | None


def missing(unknowns: Iterable[Unknown], text: str) -> Iterator[Missing]:
    """What the unknowns of a script of this text are, each once, without the familiar ones."""
    seen: set[str] = set()
    text = _COMMENT.sub("", text)
    for unknown in unknowns:
        name = " ".join(unknown.name.split())
        variable = _NAME.fullmatch(name)
        shown = variable[1] if variable is not None and not is_digits(variable[1]) else name
        if shown in seen or is_always_set(shown) or _FAMILIAR.fullmatch(name):
            continue
        seen.add(shown)
        place = unknown.origin.location if unknown.origin is not None else None
        yield Missing(shown, _source(name, variable, text), place)


def _source(name: str, variable: re.Match[str] | None, text: str) -> str:
    if name in ("$@", "$*"):
        return "the arguments"
    if variable is not None:
        return _of_variable(variable[1], text)
    if name.startswith("$(("):
        return f"computed{_from(name)}"
    if name.startswith(("$(", "`")):
        return "what a command prints"
    if name.startswith(("$", "basename of ")):
        return f"computed{_from(name)}"
    return "a placeholder" if name[:1] in "{<" else "computed"


def _of_variable(name: str, text: str) -> str:
    if is_digits(name):
        return f"argument {name}"
    if re.search(rf"\bfor\s+{name}\b|\b(read|mapfile|readarray)\b[^\n]*\b{name}\b", text):
        return "a variable that the script reads or loops over"
    if re.search(rf"\b{name}=\"?\$(\d|OPTARG|\{{(\d|OPTARG))", text):
        return "an argument of the script"
    if re.search(rf"\b{name}=\"?\$\{{{name}\b", text):
        return "a variable of the environment"
    if re.search(rf"\b{name}(\[[^]\n]*\])?\+?=", text):
        return "a variable that the script computes"
    return "a variable of the environment"


def _from(name: str) -> str:
    names = _INSIDE.findall(name) or _BARE.findall(name)
    return f" from {', '.join(dict.fromkeys(names))}" if names else ""
