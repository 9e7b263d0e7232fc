"""Fixes that keep servers apart which run at the same time: their caches and their ports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from doctor.base.numbers import is_digits
from doctor.base.regex import regex
from doctor.diagnostic import Edit
from doctor.facts.base import Evidence
from doctor.fix.lines import statements_around
from doctor.fix.work import How, NoFixError, Work
from doctor.shell.tree import ArithmeticFor, Command, For, Function, Simple, While, Word
from doctor.trace.readers.caches import root_of
from doctor.trace.readers.servers import Started
from doctor.values.value import Value

_VARIABLE = "VLLM_CACHE_ROOT"
_DEFAULT_ROOT = "$HOME/.cache/vllm"
#: The root that a server has already, by the variable that puts it there.
_ROOTS: Mapping[str | None, str] = {
    _VARIABLE: "${VLLM_CACHE_ROOT}",
    "XDG_CACHE_HOME": "${XDG_CACHE_HOME}/vllm",
}
_NAME = regex(r"\"?\$\{?([A-Za-z_]\w*)\}?\"?")
_COUNTER = regex(r"\s*([A-Za-z_]\w*)\s*=")
_EXPANSION = regex(r"[\"']?\$\{?[A-Za-z_]\w*\}?[\"']?|[\"']?\d*\$\{?[A-Za-z_]\w*\}?[\"']?")


def separate_caches(work: Work) -> Iterator[Edit]:
    """`separate-caches`: a cache root of its own for each server, named by what varies.

    It is written before the command that starts the server, so nothing else gets it, or into the
    value that the script gives each server already.
    """
    groups = _commands(work)
    if any(_has_own_environment(server) for _, servers in groups for server in servers):
        raise NoFixError("the script's variables don't come into the servers' container")
    for number, (command, servers) in enumerate(groups):
        own = _own_name(groups, number)
        name = "_".join(filter(None, [own, _what_differs(work, command, servers)]))
        if not name:
            raise NoFixError("nothing that the script's own shell sees tells the servers apart")
        end = _end_of_value(work, command, servers[0])
        if end is not None:
            yield Edit(work.stretch(end, end), f"_{name}")
        else:
            start = work.stretch(command.span.start, command.span.start)
            yield Edit(start, f'VLLM_CACHE_ROOT="{_root(servers[0])}_{name}" ')


def _has_own_environment(server: Started) -> bool:
    container = server.invocation.context.container
    return container is not None and container.own_environment


def _own_name(groups: Sequence[tuple[Simple, Sequence[Started]]], number: int) -> str:
    """What tells the servers of one command from those of others: their port, else a number."""
    if len(groups) == 1:
        return ""
    ports = [{server.server.port for server in servers} for _, servers in groups]
    known = [port for each in ports if len(each) == 1 for port in each if isinstance(port, int)]
    return str(known[number]) if len(set(known)) == len(groups) else f"server{number}"


def _end_of_value(work: Work, command: Simple, server: Started) -> int | None:
    """Where the value of a root ends that is assigned for each server anew; None if none is."""
    root = root_of(server)
    content = server.pick(_VARIABLE) if root is not None and root.lost is None else None
    place = content.location if isinstance(content, Value) else None
    if place is None or place.filename != work.source.filename or place.within:
        return None
    around = [
        each
        for each in statements_around(work.traced.script.body, command)
        if isinstance(each, (For, ArithmeticFor, While, Function))
    ]
    begin = around[-1].span.start if around else command.span.start
    for _, assignment in work.assignments():
        span = assignment.span
        if span.start <= place.start.offset < span.end and begin <= span.start < command.span.end:
            return span.end - (work.source.text[span.end - 1] in "\"'")
    return None


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
    command = work.index.simple_at.get((origin.start, origin.end))
    if command is not None:
        return command
    raise NoFixError("the server's command stands in a text that another shell reads")


def _root(server: Started) -> str:
    """The root that the script chose, if it lasts; else vLLM's own."""
    root = root_of(server)
    chosen = root.set_by if root is not None and root.lost is None else None
    return _ROOTS.get(chosen, _DEFAULT_ROOT)


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
    """`separate-ports`: the port plus the number of the iteration, for servers of a loop."""
    groups = _commands(work)
    if len(groups) != 1:
        raise NoFixError("the servers are started by several commands")
    command, servers = groups[0]
    port = servers[0].server.port
    variables = _loop_variables(work, command)
    if not isinstance(port, int) or len(variables) != 1:
        raise NoFixError("nothing numbers the servers")
    turns = {_value(server, variables[0]) for server in servers}
    if len(turns) != len(servers) or not all(is_digits(turn) for turn in turns):
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


HOW: Mapping[str, How] = {
    "separate-caches": How(separate_caches),
    "separate-ports": How(separate_ports),
}
