"""Which words start a vLLM server."""

from __future__ import annotations

import re
from collections.abc import Sequence

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.values.value import Value

_PYTHON = regex(r"(?:.*/)?python(?:\d(?:\.\d+)?)?")
_PYTHON_VALUE = frozenset({"-X", "-W", "--check-hash-based-pycs"})

#: The server's module had several homes: ``openai``, later ``launchers``.
_SERVER = regex(r"vllm\.entrypoints\.(?:\w+\.)+api_server(?:\.__main__)?")
_DEMO = "vllm.entrypoints.api_server"
_COMMAND = frozenset({"vllm", "vllm.entrypoints.cli.main", "vllm.scripts"})
_HELP = regex(r"-h|--help(?:=.*)?|--version")


class Program(Record):
    """A server: how it is started, the words that say so, and its arguments.

    ``kind`` is ``serve`` (the model may be a positional argument), ``api_server`` (the module)
    or ``demo`` (``vllm.entrypoints.api_server``, which has no OpenAI flags).
    """

    kind: str
    words: tuple[Value, ...]
    arguments: tuple[Value, ...]


def recognise(words: Sequence[Value]) -> Program | None:
    """The vLLM server that a command's words start, or None if they start something else."""
    if not words:
        return None
    found = _command(words, 0) or _module(words)
    if found is None:
        return None
    kind, begin = found
    arguments = tuple(words[begin:])
    if any(_HELP.fullmatch(word.text or "") for word in arguments):
        return None
    return Program(kind, tuple(words[:begin]), arguments)


def _command(words: Sequence[Value], at: int) -> tuple[str, int] | None:
    """``vllm serve``, where ``vllm`` may be a path that is known in part, or a variable."""
    if at + 1 >= len(words) or words[at + 1].text != "serve":
        return None
    name = words[at].shadow.rpartition("/")[2]
    if "\0" in name:
        name = words[at].display.rpartition("/")[2]
        return ("serve", at + 2) if "vllm" in name.lower() else None
    return ("serve", at + 2) if name == "vllm" else None


def _module(words: Sequence[Value]) -> tuple[str, int] | None:
    """``python -m MODULE`` or ``python PATH``; the interpreter may be a variable."""
    unknown = "\0" in words[0].shadow.rpartition("/")[2]
    if not unknown and not _PYTHON.fullmatch(words[0].shadow):
        return None
    at = 1
    while at < len(words) and words[at].prefix.startswith("-"):
        option = words[at].text or ""
        if module := re.fullmatch(r"-[bBdEiIOPqsSuvx]*m(.*)", option):
            joined = module[1]
            name = joined or (words[at + 1].text or "" if at + 1 < len(words) else "")
            return _named(words, name, at if joined else at + 1)
        if option == "-c":
            return None
        at += 2 if option in _PYTHON_VALUE else 1
    if unknown or at >= len(words):
        return None
    return _script(words, at)


def _script(words: Sequence[Value], at: int) -> tuple[str, int] | None:
    path = words[at].shadow
    if not path.endswith(".py"):
        return _command(words, at)
    inside = path.removesuffix(".py").rpartition("vllm/entrypoints/")
    if not inside[1]:
        return None
    return _named(words, f"vllm.entrypoints.{inside[2].replace('/', '.')}", at)


def _named(words: Sequence[Value], module: str, at: int) -> tuple[str, int] | None:
    if module == _DEMO:
        return "demo", at + 1
    if _SERVER.fullmatch(module):
        return "api_server", at + 1
    serves = at + 1 < len(words) and words[at + 1].text == "serve"
    return ("serve", at + 2) if module in _COMMAND and serves else None
