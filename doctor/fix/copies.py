"""Fixes that keep servers apart which run at the same time: their caches and their ports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from doctor.base.regex import regex
from doctor.diagnostic import Edit
from doctor.facts.base import Evidence
from doctor.fix.lines import line_before, statements_around
from doctor.fix.work import NoFixError, Work
from doctor.shell.tree import ArithmeticFor, Command, For, Simple, Word
from doctor.shell.walk import commands
from doctor.trace.readers.caches import root_of
from doctor.trace.readers.servers import Started
from doctor.values.value import Text, Value

_DEFAULT_ROOT = "$HOME/.cache/vllm"
_NAME = regex(r"\"?\$\{?([A-Za-z_]\w*)\}?\"?")
_VARIABLE = regex(r"~|\$\w+")
_COUNTER = regex(r"\s*([A-Za-z_]\w*)\s*=")
_EXPANSION = regex(r"[\"']?\$\{?[A-Za-z_]\w*\}?[\"']?|[\"']?\d*\$\{?[A-Za-z_]\w*\}?[\"']?")


def separate_caches(work: Work) -> Iterator[Edit]:
    """`separate-caches`: a cache root of its own for each server, named by what varies."""
    groups = _commands(work)
    for number, (command, servers) in enumerate(groups):
        differs = _what_differs(work, command, servers)
        name = "_".join(filter(None, [f"server{number}" if len(groups) > 1 else "", differs]))
        if not name:
            raise NoFixError("nothing that the script's own shell sees tells the servers apart")
        around = statements_around(work.traced.script.body, command)
        place, indent = line_before(work, around[-1])
        root = f"{_root(servers[0])}_{name}"
        lines = (
            f'export VLLM_CACHE_ROOT="{root}"',
            'export TORCHINDUCTOR_CACHE_DIR="$VLLM_CACHE_ROOT/inductor"',
            'mkdir -p "$VLLM_CACHE_ROOT" "$TORCHINDUCTOR_CACHE_DIR"',
        )
        yield Edit(place, "".join(indent + line + work.newline for line in lines))


def _commands(work: Work) -> list[tuple[Simple, list[Started]]]:
    """The commands that start the fact's servers, each with its servers."""
    places = work.fact.evidence.get("servers", Evidence()).locations
    groups: list[tuple[Simple, list[Started]]] = []
    for place in places:
        servers = [server for server in work.traced.servers if server.place == place]
        if servers:
            groups.append((_own_command(work, servers[0]), servers))
    if not groups:
        raise NoFixError("the servers are not started in this file")
    return groups


def _own_command(work: Work, server: Started) -> Simple:
    origin = server.invocation.origin
    work.own(origin.location)
    for command in commands(work.traced.script.body):
        if isinstance(command, Simple) and command.span == (origin.start, origin.end):
            return command
    raise NoFixError("the server's command stands in a text that another shell reads")


def _root(server: Started) -> str:
    """The folder that the script chose, if it lasts and can be written down; else vLLM's own."""
    root = root_of(server)
    if root is None or root.set_by in (None, "HOME") or root.lost is not None:
        return _DEFAULT_ROOT
    texts = []
    for piece in root.folder.pieces:
        if isinstance(piece, Text):
            texts.append(piece.text)
        elif _VARIABLE.fullmatch(piece.name):
            texts.append("$HOME" if piece.name == "~" else f"${{{piece.name[1:]}}}")
        else:
            return _DEFAULT_ROOT
    return "".join(texts).rstrip("/").replace("${HOME}/", "$HOME/")


def _what_differs(work: Work, command: Simple, servers: Sequence[Started]) -> str:
    """What the command's own shell can name that differs between the servers it starts."""
    names = [f"${{{name}}}" for name in _loop_variables(work, command)]
    if work.traced.job.array:
        names.insert(0, "${SLURM_ARRAY_TASK_ID}")
    if not names and len({server.server.port for server in servers}) > 1:
        names += _port(work, command)
    return "_".join(names)


def _loop_variables(work: Work, command: Simple) -> list[str]:
    """The variables of the loops around a command, the outermost first."""
    found = []
    for loop in statements_around(work.traced.script.body, command):
        if isinstance(loop, For):
            found.append(loop.name)
        elif isinstance(loop, ArithmeticFor):
            counter = _COUNTER.match(_text(work, loop.start))
            found += [counter[1]] if counter else []
    return found


def _port(work: Work, command: Simple) -> list[str]:
    """The port as the command writes it, if that is one expansion."""
    word = _after_flag(work, command, "--port")
    text = _text(work, word).strip("\"'") if word is not None else ""
    return [re.sub(r"\$\{?(\w+)\}?", r"${\1}", text)] if _EXPANSION.fullmatch(text) else []


def _after_flag(work: Work, command: Simple, flag: str) -> Word | None:
    words = command.words
    for word, following in pairwise(words):
        if word.literal == flag:
            return following
    return None


def _text(work: Work, part: Word | Command) -> str:
    return work.source.text[part.span.start : part.span.end]


# --- ports -----------------------------------------------------------------------------------


def separate_ports(work: Work) -> Iterator[Edit]:
    """`separate-ports`: the port and the number of the loop's turn, for servers of a loop."""
    groups = _commands(work)
    if len(groups) != 1:
        raise NoFixError("the servers are started by several commands")
    command, servers = groups[0]
    port = servers[0].server.port
    variables = _loop_variables(work, command)
    if not isinstance(port, int) or len(variables) != 1:
        raise NoFixError("nothing numbers the servers")
    turns = {_value(server, variables[0]) for server in servers}
    if len(turns) != len(servers) or not all(turn.isdigit() for turn in turns):
        raise NoFixError("nothing numbers the servers")
    word = _after_flag(work, command, "--port")
    named = _NAME.fullmatch(_text(work, word)) if word is not None else None
    text = f"$(({named[1] if named else port} + {variables[0]}))"
    if word is not None:
        yield Edit(work.stretch(word.span.start, word.span.end), text)
    elif any("--port" in _text(work, each) for each in command.words):
        raise NoFixError("the port is not written in a word of its own")
    else:
        end = work.stretch(command.words[-1].span.end, command.words[-1].span.end)
        yield Edit(end, f" --port {text}")


def _value(server: Started, variable: str) -> str:
    for turn in reversed(server.invocation.context.turns):
        if turn.index is not None:
            return str(turn.index)
    content = server.pick(variable)
    return (content.text or "") if isinstance(content, Value) else ""
