"""Mentions: the release of vLLM that a project's own words name, though nothing installs it.

A comment, the name of an environment, a lock file or the script nearby that sets the environment
up do not pin what a server runs on; yet where they name a release nobody should hear as a fact
what is true of others only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.diagnostic import Source
from doctor.trace.machine.journal import Walk
from doctor.vllm.rows import release_key

#: ``vLLM 0.19``, ``vllm==0.19.1``, ``vllm-openai:v0.19.0``, ``name = "vllm" version = "0.19.1"``.
_MENTION = regex(
    r"(?:\b|_)vllm(?:-openai)?(?:\[[\w,-]*\])?[\"'`]?"
    r"(?:\s*(?P<sign>===?|~=|>?=|[:@/(])\s*|[ _-](?:(?:version|release|pin)[ :=_-]*)?"
    r"|\s+version\s*=\s*)[\"'`]?"
    r"v?(?P<release>0\.\d+(?:\.\d+)?)(?!\.?\d)"
    r"(?P<later>\+(?!\w)|[ ]+(?:or|and)[ ](?:later|newer|above))?",
    re.IGNORECASE,
)
#: What stands before a release that is only the first of several.
_SINCE = regex(r"\b(?:since|from|requires?|needs?|in|as of)[ ]+$", re.IGNORECASE)
#: What a line says of a release that does not run here.
_WARNS = regex(
    r"n't\b|\b(?:not|never|no longer|avoid|break\w*|broken?|fail\w*|bugs?|buggy|crash\w*|hangs?|"
    r"wrong|unsupported|incompatible|before|until|older|below|prior|earlier|removed|dropped|"
    r"regress\w*|too (?:new|old)|instead of|once|wait for|todo|fixme|"
    r"some ?day|(?:move|switch|migrate|update|upgrade|bump)(?: it)? to)\b",
    re.IGNORECASE,
)
#: How much of a line counts that stands around a mention: a README has long ones.
_AROUND = 80
#: A script that starts servers installs for these.
_SERVES = regex(r"vllm[ ]+serve|vllm\.entrypoints|vllm/vllm-openai")
#: Files that say on which releases a project runs, and from how far above a script they count.
_PROJECT = (
    "requirements.txt",
    "pyproject.toml",
    "uv.lock",
    "environment.yml",
    "environment.yaml",
    "README.md",
)
_ABOVE = ("", "../", "../../")


class Mention(Record):
    """A release that is named: which one, and where in words.

    ``first`` is true where it is the first one of those that may run, ``>=0.19``.
    """

    release: str
    where: str
    first: bool = False


def mentioned(walk: Walk) -> Mention | None:
    """The release that the scripts, those near them or their project's files name.

    One outranks a bound, what the scripts themselves say what stands near them, the newest the
    others.
    """
    own = list(walk.scripts.values())
    found = [(True, each) for script in own for each in _in(script, own[0])]
    found += [(False, each) for file in _near(walk) for each in _in(file, own[0])]
    return max(found, key=_rank)[1] if found else None


def _rank(found: tuple[bool, Mention]) -> tuple[bool, bool, tuple[int, ...]]:
    own, mention = found
    return not mention.first, own, release_key(mention.release)


def _near(walk: Walk) -> Iterator[Source]:
    """The scripts near those that are walked that start no servers, and their project's files."""
    files: dict[str, Source] = {}
    for script in walk.scripts.values():
        for each in walk.beside(script):
            if each.filename not in walk.scripts and not _SERVES.search(each.text):
                files[each.filename] = each
        for above in _ABOVE:
            for name in _PROJECT:
                found = walk.load(above + name, script)
                if found is not None and _is_above(found, script):
                    files[found.filename] = found
    yield from files.values()


def _is_above(file: Source, script: Source) -> bool:
    """Whether a file lies in a script's folder or above it, and not just where one is."""
    return Path(file.filename).resolve().parent in Path(script.filename).resolve().parents


def _in(file: Source, script: Source) -> Iterator[Mention]:
    """The releases that a file names as one that runs; ``script`` is the one that is judged."""
    name = Path(file.filename).name
    switches_off = name in _PROJECT and name != "README.md"
    for found in _MENTION.finditer(file.text):
        before, after = _around(found)
        off = switches_off and before.lstrip().startswith("#")
        if off or _WARNS.search(before[-_AROUND:]) or _WARNS.search(after[:_AROUND]):
            continue
        row = f"line {file.position(found.start()).row}"
        if file is not script:
            row = f"{_seen_from(script, file)}, {row}"
        begins = found["sign"] in (">", ">=") or found["later"] is not None
        first = begins or _SINCE.search(before[-_AROUND:]) is not None
        yield Mention(found["release"], row, first)


def _around(found: re.Match[str]) -> tuple[str, str]:
    """What stands in a mention's line before it and after it."""
    text = found.string
    end = text.find("\n", found.end())
    before = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
    return before, text[found.end() : end if end >= 0 else len(text)]


def _seen_from(script: Source, file: Source) -> str:
    return os.path.relpath(file.filename, Path(script.filename).parent)
