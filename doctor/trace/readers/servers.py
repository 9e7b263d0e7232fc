"""Servers: the vLLM servers among the programs of a script, and what is known of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from doctor.base.record import Record
from doctor.diagnostic import Location
from doctor.knowledge import Knowledge
from doctor.trace.domain.state import Content
from doctor.trace.programs.invocation import Invocation
from doctor.trace.readers.engine import Engine, engine
from doctor.trace.readers.requirements import Pins
from doctor.values.assumption import NO_GUARD, Guard, consistent
from doctor.values.value import Origin, UnknownType, Value
from doctor.vllm import defaults, plugins
from doctor.vllm.program import recognise
from doctor.vllm.releases import Candidates, Claim, candidates, since
from doctor.vllm.server import Server, read_server
from doctor.vllm.tables import Tables

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

        Where a variable holds the interpreter, that is the module's name; where one holds the image
        that starts the server, it is the command.
        """
        command = self.invocation.origin
        first, last = self.named[0], self.named[-1]
        container = self.invocation.context.container
        image = container.image if container is not None else None
        if image is not None and first.origin == image.origin and not _is_within(first, command):
            return command.location
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
        compiled = engine(server, program.arguments, environment, tables)
        yield Started(invocation, program.words, server, found, environment, compiled, writes)


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
