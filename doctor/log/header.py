"""What a log says at its start: the release, the arguments, the compile cache."""

from __future__ import annotations

import ast
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.log.line import Line

#: Texts that the start of a run is known by: the first stands before all else that a server says.
BANNER = b"vLLM API server version "
ENGINE = b"LLM engine (v"
ARGUMENTS = b"non-default args: "
CACHE = b"Using cache directory: "
TEXTS = (BANNER, ENGINE, ARGUMENTS, CACHE)
_RELEASE = regex(
    r"(?:API server version|LLM engine \() ?v?(\d{1,3}\.\d{1,3}\.\d{1,3}(?:\.post\d{1,2})?)"
)
_CACHE = regex(r"Using cache directory: (\S+)")


class Header(Record):
    """The facts of a run; ``arguments`` are those that the server calls non-default."""

    release: str | None = None
    arguments: Mapping[str, object] | None = None
    told: Line | None = None
    cache: str | None = None

    @property
    def command(self) -> str | None:
        """A command line that starts such a server; None if the log doesn't tell."""
        if self.arguments is None:
            return None
        return shlex.join(["vllm", "serve", *_words(self.arguments)])


def extended(known: Header, held: Sequence[bytes], told: Line) -> Header:
    """The header with what a line adds to it that holds some of the texts."""
    if known.release is None and (BANNER in held or ENGINE in held):
        known = replace(known, release=_release(told.text))
    if known.arguments is None and ARGUMENTS in held:
        known = replace(known, arguments=_arguments(told.text), told=told)
    if known.cache is None and CACHE in held and (found := _CACHE.search(told.text)):
        known = replace(known, cache=found[1])
    return known


def _release(text: str) -> str | None:
    """The release that a banner names; a development build is none."""
    found = _RELEASE.search(text)
    return found[1] if found and ".dev" not in text[found.end() : found.end() + 8] else None


def _arguments(text: str) -> Mapping[str, object] | None:
    """The arguments that a line lists, if it can be read: what isn't plain data can't."""
    with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
        read = ast.literal_eval(text.partition(ARGUMENTS.decode())[2])
        if isinstance(read, dict) and all(isinstance(key, str) for key in read):
            return read
    return None


def _words(arguments: Mapping[str, object]) -> Iterator[str]:
    model = arguments.get("model_tag", arguments.get("model"))
    if isinstance(model, str):
        yield model
    for name, value in arguments.items():
        flag = name.replace("_", "-")
        if name in ("model", "model_tag") or value is None:
            continue
        if isinstance(value, bool):
            yield f"--{flag}" if value else f"--no-{flag}"
        elif isinstance(value, (list, tuple)):
            yield from (f"--{flag}", *map(str, value))
        else:
            yield from (f"--{flag}", json.dumps(value) if isinstance(value, dict) else str(value))
