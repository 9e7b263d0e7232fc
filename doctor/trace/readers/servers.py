"""Servers: the vLLM servers among the programs of a script, and what is known of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from doctor.base.record import Record
from doctor.diagnostic import Location
from doctor.knowledge import Knowledge
from doctor.trace.domain.state import Content
from doctor.trace.programs.invocation import Invocation
from doctor.trace.readers.requirements import Pins
from doctor.values.assumption import NO_GUARD, Guard, consistent
from doctor.values.value import ARRAY_TASK, JOB, USER, Origin, UnknownType, Value
from doctor.vllm import defaults, plugins
from doctor.vllm.arguments import Flag, may_be_several
from doctor.vllm.program import recognise
from doctor.vllm.releases import Candidates, Claim, candidates, since
from doctor.vllm.server import Server, read_server
from doctor.vllm.tables import Tables

#: Flags that change nothing about what a server compiles.
_NOT_OF_THE_ENGINE = frozenset(
    [
        "--port",
        "--host",
        "--uds",
        "--device-ids",
        "--served-model-name",
        "--api-key",
        "--uvicorn-log-level",
        "--root-path",
        "--disable-log-requests",
        "--enable-log-requests",
        "--disable-log-stats",
        "--middleware",
        "--disable-uvicorn-access-log",
        "--allowed-origins",
        "--ssl-keyfile",
        "--ssl-certfile",
        "--tool-call-parser",
        "--enable-auto-tool-choice",
        "--reasoning-parser",
        "--chat-template",
        "--tool-parser-plugin",
        "--response-role",
        "--max-log-len",
        "--otlp-traces-endpoint",
    ]
)
#: Flags of a server that is a part of an engine on several nodes or in several processes.
_PARTS = frozenset(
    [
        "--headless",
        "--node-rank",
        "--nnodes",
        "--master-addr",
        "--data-parallel-rank",
        "--data-parallel-start-rank",
        "--data-parallel-address",
    ]
)


#: What is the same for all servers of one script.
_SAME = frozenset({USER, JOB, ARRAY_TASK})


class Engine(Record):
    """What the compiled code depends on, in words, and since when it is so in the walk."""

    words: tuple[str, ...]
    since: int


class Started(Record):
    """A server that the script would start, on one path through it.

    ``named`` are the words that say that it is one. ``engine`` is the same for servers that
    compile the same code, None where that can't be known; ``compiles`` tells whether it compiles
    at all.
    """

    invocation: Invocation
    named: tuple[Value, ...]
    server: Server
    candidates: Candidates
    environment: Mapping[str, Value]
    engine: Engine | None
    compiles: bool | UnknownType

    @property
    def releases(self) -> frozenset[str]:
        return frozenset(self.candidates.releases)

    @property
    def place(self) -> Location:
        """Where the word stands that names the program.

        Where a variable holds the interpreter, that is the module's name.
        """
        command = self.invocation.origin
        first, last = self.named[0], self.named[-1]
        word = last if _is_within(last, command) and not _is_within(first, command) else first
        return word.location or command.location

    @property
    def is_part(self) -> bool:
        """Whether it is one part of an engine that has several."""
        return any(flag.name in _PARTS for flag in self.server.arguments.flags)

    @property
    def has_plugin(self) -> bool:
        """Whether it runs on an accelerator for which vLLM needs a plug-in."""
        return plugins.show(self.environment)

    @property
    def pin_rests_on(self) -> Guard:
        """What the pin rests on: that the image is the one of several which names the release."""
        container = self.invocation.context.container
        image = container.image if container is not None else None
        return image.assumes if image is not None and self.candidates.pin else NO_GUARD

    def pick(self, name: str, outside: bool = False) -> Content | None:
        """What a variable holds for the server; None if the script doesn't set it."""
        invocation = self.invocation
        environment = invocation.outer_environment if outside else invocation.environment
        return chosen(environment.get(name, ()), invocation.assumes)


def _is_within(word: Value, command: Origin) -> bool:
    """Whether a word is written in the command itself, rather than in a variable of it."""
    origin = word.pieces[0].origin if word.pieces else None
    if origin is None or origin.source is not command.source:
        return False
    return command.start <= origin.start < command.end


def chosen(alternatives: Sequence[Content], assumes: Guard) -> Content | None:
    """The first of the alternatives that fits what is assumed."""
    for content in alternatives:
        if consistent(content.assumes, assumes):
            return content
    return None


def servers(
    invocations: Sequence[Invocation],
    tables: Tables,
    knowledge: Knowledge,
    pins: Pins,
) -> Iterator[Started]:
    """Every server among the programs; ``pins`` tell which release it runs on."""
    for invocation in invocations:
        program = recognise(invocation.arguments)
        if program is None:
            continue
        environment = _values(invocation)
        server = read_server(program, environment, tables)
        more = list(_claims_of_models(server, knowledge, tables))
        found = candidates(server, tables, pins.of(invocation), more)
        writes = defaults.writes_compile_cache(server, found)
        engine = _engine(server, program.arguments)
        yield Started(invocation, program.words, server, found, environment, engine, writes)


def _values(invocation: Invocation) -> dict[str, Value]:
    """The variables that the script gives the server, as they are on its path."""
    found: dict[str, Value] = {}
    for name, alternatives in invocation.environment.items():
        content = chosen(alternatives, invocation.assumes)
        if isinstance(content, Value):
            found[name] = content
    return found


def _claims_of_models(server: Server, knowledge: Knowledge, tables: Tables) -> Iterator[Claim]:
    """The first releases that know the model's architecture, and its drafter."""
    drafter = server.speculation.drafter
    drafter_word = next(iter(server.speculation.given.get("drafter", ())), None)
    for table, name, word in (
        ("families", server.model_name, server.value("model")),
        ("drafters", drafter, drafter_word),
    ):
        row = knowledge.row(table, name) if isinstance(name, str) else None
        first = row.get("first-release") if row else None
        if isinstance(first, str):
            yield since(tables, first, str(name), word)


def _engine(server: Server, words: Sequence[Value]) -> Engine | None:
    """What the compiled code depends on, of all that the line says.

    Unknown words, ``"$@"``, are the same for all servers of a script unless they vary.
    """
    model = server.value("model")
    everything = server.arguments.flags
    said = [v for flag in everything for v in flag.values if not may_be_several(v)]
    hidden = [word for word in words if word.many and word not in said]
    flags = [flag for flag in everything if flag.name not in _NOT_OF_THE_ENGINE]
    values = [*hidden, *(value for flag in flags for value in flag.values)]
    if model is not None:
        values.append(model)
    elif not hidden:
        return None
    if any(value.varies - _SAME for value in values):
        return None
    shown = [_shown(flag) for flag in flags if flag.name != "--model"]
    unseen = [word.identity for word in hidden]
    named = model.identity if model is not None else ""
    said_since = max((value.since for value in values), default=0)
    return Engine((named, *sorted(shown), *unseen), said_since)


def _shown(flag: Flag) -> str:
    values = " ".join(value.identity for value in flag.values)
    return f"{'no ' if flag.negated else ''}{flag.name}{'.'.join(flag.keys)} {values}"
