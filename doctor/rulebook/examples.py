"""A rule file's examples, which are the rule's tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doctor import document
from doctor.diagnostic import Severity
from doctor.document import Item
from doctor.rulebook import grammar
from doctor.rulebook.reader import read_severity

KEYS = ("bad", "fixed", "good", "filename", "config", "kb", "severity", "message", "why")
MAX_SCRIPT = 16 << 20


@dataclass(frozen=True)
class Example:
    """A script on which its rule must speak (``bad``) or be silent.

    ``kb`` is the text of a document that the site is to have given as its knowledge. Where they
    are given, the diagnostic has this ``severity``, its message holds ``message``, and the rule's
    fixes make ``fixed`` of the script.
    """

    bad: bool
    script: str | bytes
    path: Path
    line: int
    filename: str = "script.sh"
    config: Mapping[str, Any] | None = None
    kb: str | None = None
    severity: Severity | None = None
    message: str | None = None
    fixed: str | None = None


def examples(path: Path) -> tuple[Example, ...]:
    """The examples of a rule file: at least one bad and one good."""
    root = document.read(path)
    listed = root.mapping and root.mapping.get("examples")
    if not listed or not listed.list:
        raise (listed or root).error("a rule needs a list of examples")
    read = tuple(_example(item, path) for item in listed.list)
    for bad, word in ((True, "bad"), (False, "good")):
        if not any(example.bad is bad for example in read):
            raise listed.error(f"a rule needs at least one {word} example")
    return read


def _example(item: Item, path: Path) -> Example:
    parts = grammar.known_keys(item, KEYS, "an example")
    if ("bad" in parts) == ("good" in parts):
        raise item.error("an example holds either `bad` or `good`")
    if "fixed" in parts and "bad" not in parts:
        raise parts["fixed"].error("only a bad example is fixed")
    config = parts.get("config")
    if config is not None and config.mapping is None:
        raise config.error("`config` must be a mapping of settings")
    return Example(
        bad="bad" in parts,
        script=_script(parts["bad" if "bad" in parts else "good"]),
        path=path,
        line=item.line,
        filename=_text(parts.get("filename")) or "script.sh",
        config=None if config is None else config.plain,
        kb=_text(parts.get("kb")),
        severity=read_severity(parts["severity"]) if "severity" in parts else None,
        message=_text(parts.get("message")),
        fixed=_text(parts.get("fixed")),
    )


def _script(item: Item) -> str | bytes:
    if isinstance(item.value, (str, bytes)):
        return item.value
    parts = grammar.known_keys(item, ("repeat", "times"), "a script that is no text")
    line, times = (parts[key].value if key in parts else None for key in ("repeat", "times"))
    if not isinstance(line, str) or not isinstance(times, int) or len(line) * times > MAX_SCRIPT:
        raise item.error("`repeat` takes a text and `times` a number, 16 MiB together at most")
    return line * times


def _text(item: Item | None) -> str | None:
    if item is None:
        return None
    if not isinstance(item.value, str):
        raise item.error("a text belongs here")
    return item.value
