"""Configuration files: the options of a server that stand in the file of its ``--config``.

vLLM puts them before those of the command line, which so outrank them (``FlexibleArgumentParser``,
``_pull_args_from_config``): `true` is the bare flag, `false` is left out, a list is several values.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from doctor.base.document import Item, parse
from doctor.base.errors import DoctorError
from doctor.base.regex import regex
from doctor.trace.machine.journal import Load
from doctor.trace.machine.shells import relative
from doctor.trace.programs.invocation import Invocation
from doctor.values.value import Origin, Value, known
from doctor.vllm.program import recognise

#: Programs that may write over a file that they are given.
_CHANGES = regex(r"sed|perl|yq|jq|ed|ex|patch|python[\d.]*|envsubst|cp|mv|rsync|sponge|truncate|rm")
#: How many options of a file are read.
_MOST_OPTIONS = 200


#: What a script writes to files, by their paths; None where that isn't known.
Files: TypeAlias = Mapping[str, Value | None]


def unchanged(files: Files, invocations: Sequence[Invocation]) -> Files:
    """The files, without the texts of those that a program may change afterwards."""
    changed = {
        word.display.removeprefix("./")
        for each in invocations
        if _CHANGES.fullmatch(each.program)
        for word in each.arguments[1:]
    }
    return {name: None if name in changed else text for name, text in files.items()}


def with_options(invocation: Invocation, load: Load, files: Files) -> Invocation:
    """The same with the options of its configuration file, if it is a server that has one.

    That is one of ``files``, or ``load`` reads it.
    """
    program = recognise(invocation.arguments)
    if program is None or program.kind == "demo":
        return invocation
    words = program.arguments
    for at, word in enumerate(words):
        name, equals, _ = word.display.partition("=")
        if name != "--config" or (not equals and at + 1 == len(words)):
            continue
        path = word.slice(len(name) + 1) if equals else words[at + 1]
        options = _read(path, invocation, load, files)
        if options is None:
            return invocation
        rest = [*words[:at], *words[at + (1 if equals else 2) :]]
        first = rest[0] if program.kind == "serve" and rest else None
        positional = int(first is not None and first.prefix[:1] != "-" and not first.many)
        joined = (*program.words, *rest[:positional], *options, *rest[positional:])
        return replace(invocation, arguments=joined)
    return invocation


def _read(path: Value, invocation: Invocation, load: Load, files: Files) -> Sequence[Value] | None:
    """The options of a file as words, each placed where the file is named; None if it can't be."""
    name = path.display.removeprefix("./")
    written = _written(files.get(name), invocation)
    text = written if name in files else _text_of(path, invocation, load)
    if text is None:
        return None
    try:
        options = parse(text, name).mapping
    except DoctorError:
        return None
    if options is None or len(options) > _MOST_OPTIONS or _is_unfilled(options):
        return None
    origin = path.origin or invocation.origin
    return [word for key, item in options.items() for word in _words(key, item, origin)]


def _text_of(path: Value, invocation: Invocation, load: Load) -> str | None:
    name = relative(path)
    source = load(name, invocation.origin.source) if name is not None else None
    return None if source is None else source.text


def _written(content: Value | None, invocation: Invocation) -> str | None:
    """What the script writes, if all of it is known, and written wherever the server starts."""
    sure = content is not None and content.assumes <= invocation.assumes
    return content.text if content is not None and sure else None


def _is_unfilled(options: Mapping[str, Item]) -> bool:
    """Whether an option has no value, so that nobody can say what it comes to."""
    return any(item.plain is None for item in options.values())


def _words(key: str, item: Item, origin: Origin) -> Iterator[Value]:
    value = item.plain
    if value is False:
        return
    yield known(f"--{key}", origin)
    if value is True:
        return
    if isinstance(value, dict):
        yield known(json.dumps(value), origin)
        return
    for each in item.list if item.list is not None else (item,):
        yield known(each.text or str(each.plain), origin)
