"""A YAML file as plain items that remember their lines: a small, bounded subset of safe YAML.

Aliases, tags other than the common ones and deep nesting are refused, so that the time and the
memory that a file costs are linear in its size, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doctor.base.errors import DoctorError
from doctor.base.record import Record

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 1 << 20
MAX_DEPTH = 20
_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str", "binary")
)


class Item(Record):
    """A scalar, a tuple of items or a mapping of items, and where it stands.

    ``text`` is how a scalar is written, before YAML gave it a type.
    """

    value: Any
    filename: str
    line: int
    text: str = ""

    def error(self, message: str) -> DoctorError:
        """The error that refuses this item."""
        return DoctorError(message, self.filename, self.line)

    @property
    def mapping(self) -> Mapping[str, Item] | None:
        """Its items by key, or None if it is no mapping."""
        return self.value if isinstance(self.value, dict) else None

    @property
    def list(self) -> tuple[Item, ...] | None:
        """Its items, or None if it is no list."""
        return self.value if isinstance(self.value, tuple) else None

    @property
    def packed(self) -> Sequence[Any]:
        """Its value and all inside it as plain data, from which ``unpacked`` makes it again."""
        value = self.value
        if self.mapping is not None:
            value = {key: item.packed for key, item in self.mapping.items()}
        elif self.list is not None:
            value = [item.packed for item in self.list]
        return value, self.line, self.text

    @property
    def plain(self) -> Any:
        """Its value and all inside it without lines."""
        if self.mapping is not None:
            return {key: item.plain for key, item in self.mapping.items()}
        if self.list is not None:
            return [item.plain for item in self.list]
        return self.value


def read(path: Path) -> Item:
    """The one YAML document in a file."""
    filename = str(path)
    try:
        content = path.read_bytes()
        text = content.decode()
    except OSError as problem:
        raise DoctorError(f"cannot be read: {problem.strerror}", filename) from None
    except UnicodeDecodeError:
        raise DoctorError("is not UTF-8 text", filename) from None
    return parse(text, filename)


def unpacked(packed: Sequence[Any], filename: str) -> Item:
    """The item that was ``packed``, from this file."""
    value, line, text = packed
    if isinstance(value, dict):
        value = {key: unpacked(each, filename) for key, each in value.items()}
    elif isinstance(value, list):
        value = tuple(unpacked(each, filename) for each in value)
    return Item(value, filename, line, text)


def parse(text: str, filename: str) -> Item:
    """The one YAML document in a text."""
    import yaml

    if len(text.encode()) > MAX_BYTES:
        raise DoctorError(f"is larger than {MAX_BYTES >> 20} MiB", filename)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(loader(text), filename).document()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark is not None else None
        if "nesting" in (problem.problem or ""):  # libyaml, and PyYAML since 6.0.4, give up first
            raise DoctorError(f"is nested more than {MAX_DEPTH} deep", filename, line) from None
        raise DoctorError(f"is not YAML: {problem.problem}", filename, line) from None
    except yaml.YAMLError:
        raise DoctorError("is not YAML: it holds characters that YAML forbids", filename) from None


class _Builder:
    """Makes items of a loader's events."""

    def __init__(self, loader: Any, filename: str) -> None:
        self._loader = loader
        self._filename = filename

    def document(self) -> Item:
        import yaml

        self._loader.get_event()  # the start of the stream
        if isinstance(self._loader.get_event(), yaml.StreamEndEvent):
            raise DoctorError("is empty", self._filename)
        root = self._item(self._loader.get_event(), depth=0)
        self._loader.get_event()  # the end of the document
        after = self._loader.get_event()
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._refusal(after, "a second document (`---`) begins; one file holds one")
        return root

    def _item(self, event: yaml.Event, depth: int) -> Item:
        import yaml

        if isinstance(event, yaml.AliasEvent):
            raise self._refusal(event, f"`*{event.anchor}` is an alias; write the value out")
        if depth > MAX_DEPTH:
            raise self._refusal(event, f"is nested more than {MAX_DEPTH} deep")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if event.tag is not None:  # type: ignore[attr-defined]
            raise self._refusal(event, "tags (`!…`) have no place here; put it in quotes")
        build = self._mapping if isinstance(event, yaml.MappingStartEvent) else self._list
        return Item(build(depth + 1), self._filename, _line(event))

    def _scalar(self, event: yaml.ScalarEvent) -> Item:
        import yaml

        if event.tag is not None and event.tag not in _TAGS:
            raise self._refusal(event, "tags (`!…`) have no place here; put it in quotes")
        tag = event.tag or self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag not in _TAGS:
            kind = tag.rpartition(":")[2]
            raise self._refusal(event, f"{event.value!r} is a YAML {kind}; put it in quotes")
        try:
            value = self._loader.construct_object(yaml.ScalarNode(tag, event.value))
        except (ValueError, KeyError, yaml.YAMLError):
            kind = tag.rpartition(":")[2]
            raise self._refusal(event, f"{event.value!r} is not a YAML {kind}") from None
        return Item(value, self._filename, _line(event), event.value)

    def _list(self, depth: int) -> tuple[Item, ...]:
        import yaml

        items = []
        while not isinstance(event := self._loader.get_event(), yaml.SequenceEndEvent):
            items.append(self._item(event, depth))
        return tuple(items)

    def _mapping(self, depth: int) -> dict[str, Item]:
        import yaml

        items: dict[str, Item] = {}
        while not isinstance(event := self._loader.get_event(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._refusal(event, "a key must be a word")
            if event.value in items:
                raise self._refusal(event, f"the key {event.value!r} stands here twice")
            item = self._item(self._loader.get_event(), depth)
            items[event.value] = Item(item.value, item.filename, _line(event), item.text)
        return items

    def _refusal(self, event: yaml.Event, message: str) -> DoctorError:
        return DoctorError(message, self._filename, _line(event))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1
