"""A rule file's examples, which are the rule's tests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from doctor.base import document
from doctor.base.document import Item
from doctor.base.record import Record
from doctor.diagnostic import Severity
from doctor.facts import find
from doctor.rulebook import grammar
from doctor.rulebook.reader import read_severity
from doctor.rulebook.vocabulary import Attribute, Type, about, describe

if TYPE_CHECKING:
    from doctor.facts.node.base import NodeFact

KEYS = (
    *("bad", "fixed", "good", "filename", "config", "kb", "slurm-conf", "register"),
    *("severity", "message", "without", "at", "related", "times", "why"),
)
#: Those of an example for a rule about nodes, which holds attributes of a fact.
NODE_KEYS = (
    *("bad", "good", "unknown", "kb"),
    *("severity", "message", "without", "evidence", "remedy", "why"),
)
MAX_SCRIPT = 16 << 20
_NO_FIX = "none"


class Example(Record):
    """A script on which its rule must speak (``bad``) or be silent.

    ``kb`` is the text of a document that the site is to have given as its knowledge,
    ``slurm_conf`` the configuration of the cluster that one is on, ``register`` why nodes were
    recorded. Where they are given, the diagnostic has this ``severity`` and stands ``at`` this
    text; its message holds ``message`` and not ``without``, that of a ``related`` place holds this;
    the rule speaks so many ``times``; and its fixes make ``fixed`` of the script: `fixed: none`
    says that it offers none.

    For a rule about nodes it is a ``fact`` in place of a script, with ``evidence`` and ``remedy``
    in what is said of it; attributes that are not given are unknown, and of an ``unknown`` one the
    rule can't say.
    """

    bad: bool
    script: str | bytes
    path: Path
    line: int
    filename: str = "script.sh"
    config: Mapping[str, Any] | None = None
    kb: str | None = None
    slurm_conf: str | None = None
    register: Mapping[str, str] = field(default_factory=dict)
    severity: Severity | None = None
    message: str | None = None
    without: str | None = None
    at: str | None = None
    related: str | None = None
    times: int | None = None
    fixed: str | None = None
    fact: NodeFact | None = None
    unknown: bool = False
    evidence: str | None = None
    remedy: str | None = None

    @property
    def text(self) -> str:
        """What people see of it."""
        if self.fact is not None:
            return "\n".join(_shown(self.fact))
        return (
            self.script.decode(errors="replace") if isinstance(self.script, bytes) else self.script
        )


def _shown(fact: NodeFact) -> Iterator[str]:
    """The attributes that were given."""
    defaults = type(fact)()
    for name in describe(type(fact)):
        value = getattr(fact, name.replace("-", "_"))
        if value != getattr(defaults, name.replace("-", "_")):
            yield f"{name}: {json.dumps(sorted(value) if isinstance(value, frozenset) else value)}"


def examples(path: Path) -> tuple[Example, ...]:
    """The examples of a rule file: at least one bad and one good."""
    root = document.read(path)
    listed = root.mapping and root.mapping.get("examples")
    if not listed or not listed.list:
        raise (listed or root).error("a rule needs a list of examples")
    kind = root.value["fact"].text if "fact" in root.value else ""
    node = about(kind) == "node"
    read = tuple(
        _node_example(item, path, kind) if node else _example(item, path) for item in listed.list
    )
    for bad, word in ((True, "bad"), (False, "good")):
        if not any(example.bad is bad and not example.unknown for example in read):
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
    fixed = _text(parts.get("fixed"))
    return Example(
        bad="bad" in parts,
        script=_script(parts["bad" if "bad" in parts else "good"]),
        path=path,
        line=item.line,
        filename=_text(parts.get("filename")) or "script.sh",
        config=None if config is None else config.plain,
        kb=_text(parts.get("kb")),
        slurm_conf=_text(parts.get("slurm-conf")),
        register=_texts(parts.get("register")),
        severity=read_severity(parts["severity"]) if "severity" in parts else None,
        message=_text(parts.get("message")),
        without=_text(parts.get("without")),
        at=_text(parts.get("at")),
        related=_text(parts.get("related")),
        times=_number(parts.get("times")),
        fixed=_text(parts["bad"]) if fixed == _NO_FIX else fixed,
    )


def _node_example(item: Item, path: Path, kind: str) -> Example:
    parts = grammar.known_keys(item, NODE_KEYS, "an example")
    expected = [word for word in ("bad", "good", "unknown") if word in parts]
    if len(expected) != 1:
        raise item.error("an example holds either `bad`, `good` or `unknown`")
    return Example(
        bad=expected[0] == "bad",
        script="",
        path=path,
        line=item.line,
        kb=_text(parts.get("kb")),
        severity=read_severity(parts["severity"]) if "severity" in parts else None,
        message=_text(parts.get("message")),
        fact=_fact(parts[expected[0]], kind),
        unknown=expected[0] == "unknown",
        without=_text(parts.get("without")),
        evidence=_text(parts.get("evidence")),
        remedy=_text(parts.get("remedy")),
    )


def _fact(item: Item, name: str) -> NodeFact:
    """The fact that has these attributes; what is not given keeps its default."""
    fact = cast("type[NodeFact]", find(name))
    attributes = describe(fact)
    given = grammar.known_keys(item, list(attributes), f"a fact of kind {name!r}")
    values = {key: _value(attributes[key], value) for key, value in given.items()}
    return fact(**{key.replace("-", "_"): value for key, value in values.items()})


def _value(attribute: Attribute, item: Item) -> Any:
    if item.list is not None and attribute.type is Type.NAMES:
        return frozenset(str(each.value) for each in item.list)
    value = item.value
    fits = {
        Type.TEXT: isinstance(value, str) and value in (attribute.words or (value,)),
        Type.NUMBER: isinstance(value, (int, float)) and not isinstance(value, bool),
        Type.TRUTH: isinstance(value, bool),
        Type.NAMES: False,
    }
    if not (fits[attribute.type] or (value is None and attribute.nullable)):
        raise item.error(f"{attribute.name!r} is {attribute.type.value}, and never {item.text!r}")
    return value


def _script(item: Item) -> str | bytes:
    if isinstance(item.value, (str, bytes)):
        return item.value
    parts = grammar.known_keys(item, ("repeat", "times"), "a script that is not a string")
    line, times = (parts[key].value if key in parts else None for key in ("repeat", "times"))
    if not isinstance(line, str) or not isinstance(times, int) or len(line) * times > MAX_SCRIPT:
        raise item.error("`repeat` takes a string and `times` a number, 16 MiB together at most")
    return line * times


def _text(item: Item | None) -> str | None:
    if item is None:
        return None
    if not isinstance(item.value, str):
        raise item.error("a string belongs here")
    return item.value


def _texts(item: Item | None) -> Mapping[str, str]:
    if item is None:
        return {}
    if item.mapping is None:
        raise item.error("a mapping of nodes and why they are recorded belongs here")
    return {name: _text(each) or "" for name, each in item.mapping.items()}


def _number(item: Item | None) -> int | None:
    if item is None:
        return None
    if type(item.value) is not int or item.value < 1:
        raise item.error("a number belongs here")
    return item.value
