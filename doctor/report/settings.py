"""The settings that are in force, each with the file and line that says so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from doctor.config.inforce import Setting
from doctor.report.style import visible

#: From where on the places stand in a column, as far as the settings allow.
_COLUMN = 40


def render(files: Sequence[str], settings: Sequence[Setting], format_name: str) -> Iterator[str]:
    """The lines of ``text`` or ``json``."""
    if format_name == "json":
        told = {"files": list(files), "settings": [asdict(each) for each in settings]}
        yield from json.dumps(told, indent=2).splitlines()
        return
    yield "In force, each over those before it:" if len(files) > 1 else "In force:"
    yield from (visible(f"  {name}") for name in files)
    yield ""
    for each in settings:
        said = f"{each.key} = {json.dumps(each.value, ensure_ascii=False)}"
        line = f":{each.line}" if each.line else ""
        yield visible(f"{said:<{_COLUMN}}  # {each.filename}{line}")
