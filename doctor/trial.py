"""A rule tried on its examples, as a user would run it."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from doctor.config import Config, from_mapping
from doctor.diagnostic import Diagnostic
from doctor.rulebook.examples import Example
from doctor.scan import scan


def failure(code: str, example: Example, site: Config | None = None) -> str | None:
    """What an example expects of its rule and doesn't get, or None.

    ``site`` has the knowledge and the rules of the site for which the example was written.
    """
    everything = _found(example, site or Config())
    found = [each for each in everything if each.code == code]
    if not example.bad:
        return f"{code} speaks on this good example: {found[0].message}" if found else None
    if not found:
        unread = "".join(f": {each.message}" for each in everything if each.code == "VD001")
        return f"{code} is silent on this bad example{unread}"
    return next(_differences(example, found), None)


def _found(example: Example, site: Config) -> tuple[Diagnostic, ...]:
    script = example.script
    content = script.encode() if isinstance(script, str) else script
    config = from_mapping(example.config or {}, Path.cwd())
    with tempfile.TemporaryDirectory() as folder:
        kb = config.kb + site.kb
        if example.kb is not None:
            document = Path(folder, "lessons.md")
            document.write_text(example.kb, "utf-8")
            kb = (*kb, document)
        config = replace(config, kb=kb, rules=config.rules + site.rules)
        return scan(["-"], config, io.BytesIO(content), example.filename).diagnostics


def _differences(example: Example, found: list[Diagnostic]) -> Iterator[str]:
    for each in found:
        if example.severity not in (None, each.severity):
            yield f"{each.code} is {each.severity.value} here, and not what the example expects"
        if example.message is not None and example.message not in each.message:
            yield f"{each.code} does not say {example.message!r} here, but {each.message!r}"
