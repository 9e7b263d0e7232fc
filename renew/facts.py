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


def kept(release: str, archive: Path | None, folder: Path) -> Facts | None:
    """What an earlier run read with the same code, None if there is nothing.

    A release doesn't change, so its archive isn't needed again; one that is there is compared.
    """
    with suppress(OSError, ValueError, KeyError):
        data = json.loads(_place(release, folder).read_text(encoding="utf-8"))
        same = archive is None or archive.stat().st_size == data["size"]
        if same and data["code"] == _code():
            found: Facts = data["facts"]
            return found
    return None


def keep(release: str, archive: Path, folder: Path, facts: Facts) -> None:
    """Keep what was read."""
    place = _place(release, folder)
    place.parent.mkdir(parents=True, exist_ok=True)
    data = {"code": _code(), "size": archive.stat().st_size, "facts": facts}
    text = json.dumps(data, separators=(",", ":"))
    scratch = place.with_suffix(".part")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(place)


def _place(release: str, folder: Path) -> Path:
    return folder / "facts" / f"{release}.json"


def _code() -> str:
    """A hash of the code that reads archives."""
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
