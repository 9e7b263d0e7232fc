"""Everything that one release tells, as plain data, kept so that each is read once."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from renew import (
    architectures,
    flags,
    parsers,
    recipes,
    requirements,
    sources,
    speculation,
    variables,
)
from renew.syntax import Program

Facts = dict[str, Any]


def of_archive(archive: Path) -> Facts:
    """Read a release's archive."""
    read = sources.read(archive)
    program = Program(read.files)
    found_flags = flags.read(program)
    facts = {
        "requirements": requirements.read(program, read.metadata, read.date),
        "flags": found_flags,
        "inverted": flags.are_inverted(program),
        "variables": variables.read(program),
        "tool-parsers": parsers.tool_parsers(program, found_flags),
        "reasoning-parsers": parsers.reasoning_parsers(program),
        "methods": speculation.methods(program),
        "keys": speculation.keys(program),
        "architectures": architectures.read(program),
        "recipes": recipes.read(read.files, program.missing),
    }
    return {**facts, "unread": sorted(program.missing | _empty(facts))}


def _empty(facts: Facts) -> set[str]:
    """The tables of which nothing was found: each release has some of these."""
    needed = ("flags", "variables", "tool-parsers", "architectures")
    return {f"no {name.replace('-', ' ')}" for name in needed if not facts[name]}


def kept(release: str, archive: Path, folder: Path) -> Facts | None:
    """What an earlier run read of an archive with the same code, None if there is nothing."""
    with suppress(OSError, ValueError):
        data = json.loads(_place(release, folder).read_text(encoding="utf-8"))
        if data["digest"] == _digest(archive):
            found: Facts = data["facts"]
            return found
    return None


def keep(release: str, archive: Path, folder: Path, facts: Facts) -> None:
    """Keep what was read."""
    place = _place(release, folder)
    place.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"digest": _digest(archive), "facts": facts}, separators=(",", ":"))
    scratch = place.with_suffix(".part")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(place)


def _place(release: str, folder: Path) -> Path:
    return folder / "facts" / f"{release}.json"


def _digest(archive: Path) -> str:
    """Of the archive's name and size, and of the code that read it."""
    digest = hashlib.blake2b(f"{archive.name} {archive.stat().st_size}".encode(), digest_size=16)
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
