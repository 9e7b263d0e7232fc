"""Mentions: the release of vLLM that a project's own words name, though nothing installs it.

A comment, the name of an environment, a lock file or the script nearby that sets the environment
up do not pin what a server runs on; yet where they name a release nobody should be told what is
true of others only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from doctor.base.regex import regex
from doctor.diagnostic import Source
from doctor.trace.machine.journal import Walk
from doctor.values.value import UNKNOWN, UnknownType
from doctor.vllm.rows import release_key

#: ``vLLM 0.19``, ``vllm==0.19.1``, ``vllm-openai:v0.19.0``, ``name = "vllm" version = "0.19.1"``.
_MENTION = regex(
    r"(?:\b|_)vllm(?:-openai)?(?:\[[\w,-]*\])?[\"'`]?"
    r"(?:\s*(?:===?|~=|>?=|[:@/(])\s*|[ _-](?:(?:version|release|pin)[ :=_-]*)?"
    r"|\s+version\s*=\s*)[\"'`]?"
    r"v?(0\.\d+(?:\.\d+)?)(?!\.?\d)",
    re.IGNORECASE,
)
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


def newest(walk: Walk, scripts: Iterable[Source]) -> str | UnknownType:
    """The newest release that these scripts, those near them or their project's files name."""
    texts: dict[str, str] = {}
    for script in scripts:
        for each in (script, *walk.beside(script)):
            texts[each.filename] = each.text
        for above in _ABOVE:
            for name in _PROJECT:
                found = walk.load(above + name, script)
                if found is not None and _is_above(found, script):
                    texts[found.filename] = found.text
    named = (mention[1] for text in texts.values() for mention in _MENTION.finditer(text))
    return max(named, key=release_key, default=UNKNOWN)


def _is_above(file: Source, script: Source) -> bool:
    """Whether a file lies in a script's folder or above it, and not just where one is."""
    return Path(file.filename).resolve().parent in Path(script.filename).resolve().parents
