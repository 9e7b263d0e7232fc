"""From a parsed script to facts: walk it, then read every program that it would start."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING

from doctor.base.bounds import MAX_SERVER_WORDS, WORDS_A_SERVER
from doctor.base.failure import Failure, Sparing, spared
from doctor.base.record import Record
from doctor.diagnostic import Source
from doctor.facts.base import Fact
from doctor.facts.inputs import InputFile, UnparsedStatement
from doctor.facts.jobs import Allocation
from doctor.facts.servers import Launch
from doctor.knowledge import Knowledge
from doctor.shell.tree import Script
from doctor.trace.domain.frame import FileFrame
from doctor.trace.domain.results import Flow
from doctor.trace.domain.state import State
from doctor.trace.machine import traps
from doctor.trace.machine.interpreter import Interpreter
from doctor.trace.machine.journal import Walk, nothing_beside
from doctor.trace.programs.invocation import Container, Context, Invocation
from doctor.trace.readers import (
    deletions,
    directives,
    jobs,
    logfiles,
    refused,
    secrets,
    steps,
    waits,
    written,
)
from doctor.trace.readers import kills as programs
from doctor.trace.readers.concurrency import JobShape
from doctor.trace.readers.leftovers import Cleared
from doctor.trace.readers.listings import Listings
from doctor.trace.readers.surroundings import Surroundings, runs_elsewhere
from doctor.values.value import Value

if TYPE_CHECKING:
    from doctor.trace.readers.servers import Started
    from doctor.vllm.tables import Tables

#: Finds the source of a script that another script, the second argument, names; or None.
Load = Callable[[str, Source], Source | None]
#: Reads the scripts that lie near another one.
Beside = Callable[[Source], Iterable[Source]]


class Settings(Record):
    """What the trace is told about the site; one for all scripts of a scan.

    ``slurm`` says that every script is for Slurm, ``vllm_version`` which release they run on.
    """

    knowledge: Knowledge
    vllm_version: str | None = None
    slurm: bool = False

    @cached_property
    def tables(self) -> Tables:
        """The tables of vLLM's releases, read only for scripts that name vLLM."""
        from doctor.vllm.tables import Tables

        return Tables(self.knowledge.releases, self.knowledge.migrations)


class Traced(Record):
    """What a script would do: the programs that it starts, the servers and requests among them.

    ``job`` is what the script's own header makes of it, ``failures`` are faults of ours on the way.
    """

    source: Source
    script: Script
    walk: Walk
    job: JobShape
    requests: tuple[jobs.Request, ...] = ()
    servers: tuple[Started, ...] = ()
    facts: tuple[Fact, ...] = ()
    failures: tuple[Failure, ...] = ()


def trace(
    source: Source, script: Script, settings: Settings, load: Load, beside: Beside = nothing_beside
) -> Traced:
    """Walk one script and read what it starts; for ``load`` and ``beside`` see ``Walk``."""
    own = jobs.own_job(FileFrame(source), script)
    walk = walked(source, script, load, beside, jobs.container_of(own), jobs.variables(own))
    read = partial(spared, walk.failures)
    invocations = [invocation for invocation in walk.invocations if invocation.arguments]
    all_jobs = [own, *read("the jobs", lambda: jobs.written_jobs(invocations))]
    requests = read("the requests", lambda: jobs.requests(all_jobs, invocations, load))
    around = Surroundings.of(own, walk, requests)
    facts: list[Fact] = [
        UnparsedStatement(location=source.location(*region.span), reason=region.reason)
        for region in script.unparsed
    ]
    names_vllm = "vllm" in source.text.lower()
    facts += read("the directives", lambda: chain.from_iterable(map(directives.read, all_jobs)))
    facts += read("what sbatch refuses", lambda: _refused(all_jobs, invocations))
    facts += read("the allocations", lambda: jobs.allocations(requests, names_vllm))
    facts += _of_commands(invocations, requests, own, around, settings)
    facts += read("the secrets", lambda: secrets.read(source))
    started: list[Started] = []
    if names_vllm or any(_names_vllm(i) for i in invocations):
        started, more = _servers(walk, invocations, around.shape, settings)
        facts += _in_place(more, started, around)
        facts = list(_with_idle_gpus(facts, started, around))
    servers = [each.invocation for each in started]
    facts += read("the waits", lambda: waits.read(walk, servers))
    facts += read("the logs", lambda: logfiles.read(requests, servers, around))
    if cut_off := " and ".join(walk.not_followed):
        place = source.location(0, 0)
        facts.append(InputFile(location=place, problem="too-much", reason=cut_off))
    in_slurm = settings.slurm or jobs.shows_slurm(source.text, own.header)
    return Traced(
        source,
        script,
        walk,
        around.shape,
        tuple(requests),
        tuple(started),
        tuple(replace(fact, in_slurm=in_slurm) for fact in facts),
        tuple(walk.failures),
    )


def _refused(all_jobs: Sequence[jobs.Job], invocations: Sequence[Invocation]) -> Iterator[Fact]:
    yield from chain.from_iterable(map(refused.of_job, all_jobs))
    yield from refused.of_commands(invocations)


def _of_commands(
    invocations: Sequence[Invocation],
    requests: Sequence[jobs.Request],
    own: jobs.Job,
    around: Surroundings,
    settings: Settings,
) -> Iterator[Fact]:
    """The facts about commands of any kind."""
    walk = around.walk
    folders = tuple(folder.path for folder in settings.knowledge.shared_folders)
    elsewhere = runs_elsewhere(own, invocations)
    at_slurm = [each for each in invocations if each.context.remote or not elsewhere]
    shared = programs.node_shared(requests)
    in_batch_job = bool(own.header.effective)
    listings = Listings.of(invocations)
    lists = deletions.listing(invocations)
    read = partial(spared, walk.failures)
    yield from read(
        "what is written", lambda: written.read(at_slurm, folders, Cleared.of(walk, requests))
    )
    for each in invocations:
        yield from read("the deletions", partial(deletions.read, each, folders, shared, lists))
        yield from read("what is killed", partial(programs.read, each, shared, listings))
    yield from read("the steps", lambda: steps.read(invocations, in_batch_job, around.request))


def _in_place(
    facts: Sequence[Fact], started: Sequence[Started], around: Surroundings
) -> Iterator[Fact]:
    """The facts, those about servers with their outputs, their GPUs, and what ends them; and the
    GPUs that servers share.
    """
    from doctor.trace.readers import devices, endings, gpu_checks, ports, shared_gpus
    from doctor.trace.readers import outputs as logs

    servers = iter(started)
    on_amd, first_look = gpu_checks.on_amd(around.walk), gpu_checks.first_look(around.walk)
    rest = endings.Rest.of(around.walk)
    for fact in facts:
        if isinstance(fact, Launch):
            server = next(servers)
            where = server.invocation
            with Sparing(around.walk.failures, "the surroundings of a server"):
                fact = devices.told(fact, server, around)
                fact = logs.told(fact, where, around)
                fact = replace(
                    fact,
                    ends_with_job=endings.ends_with_job(where, around.walk, rest, around.is_batch),
                    gpus_looked_at=gpu_checks.looked(where, around, first_look),
                    on_amd=on_amd,
                    port_meets=ports.meets(server, around),
                )
        yield fact
    if not around.walk.truncated:
        failures = around.walk.failures
        yield from spared(failures, "the shared GPUs", lambda: shared_gpus.shared(started, around))


def _with_idle_gpus(
    facts: Sequence[Fact], started: Sequence[Started], around: Surroundings
) -> Iterator[Fact]:
    """The facts, that about the script's own job with the GPUs that nothing in it takes."""
    from doctor.trace.readers import idle

    own = around.request
    for fact in facts:
        if isinstance(fact, Allocation) and own is not None and fact.location == own.location:
            with Sparing(around.walk.failures, "the idle GPUs"):
                fact = idle.told(fact, started, around)
        yield fact


def _is_python(invocation: Invocation) -> bool:
    return invocation.program.startswith("python")


def _names_vllm(invocation: Invocation) -> bool:
    return any("vllm" in word.display.lower() for word in invocation.arguments[:4])


def _servers(
    walk: Walk, invocations: Sequence[Invocation], job: JobShape, settings: Settings
) -> tuple[list[Started], list[Fact]]:
    """The servers, and the facts about them."""
    from doctor.trace.readers import (
        caches,
        configured,
        flags,
        inner_ports,
        ports,
        requirements,
        restarts,
        servers,
        variables,
    )

    read = partial(spared, walk.failures)
    found = read("what is installed", lambda: requirements.asked(invocations))
    pins = requirements.Pins(settings.tables, found, settings.vllm_version)
    knowledge = settings.knowledge
    started: list[Started] = []
    launches: list[Fact] = []
    whole = read(
        "the configuration files",
        lambda: (configured.with_options(each, walk.load) for each in invocations),
    )
    found_servers = servers.servers(whole, settings.tables, knowledge, pins)
    for each in read("the servers", lambda: _within_bounds(found_servers, walk)):
        with Sparing(walk.failures, "what a server is"):
            launches.append(servers.launch(each, knowledge))
            started.append(each)
    candidates = [each.candidates for each in started]
    facts: list[Fact] = []
    facts += read("the releases", lambda: requirements.facts(found, candidates, knowledge))
    facts += launches
    facts += read("the flags", lambda: chain.from_iterable(map(flags.given, started)))
    facts += read("the variables", lambda: variables.given(started, walk))
    for each in started:
        facts += read("the caches", partial(caches.folders, each, walk, job))
    if not walk.truncated:
        facts += read("the shared caches", lambda: caches.shared(started, walk, job))
        facts += read("the shared ports", lambda: ports.shared(started, walk, job))
        ended = restarts.endings(walk)
        asked = [i.order for i in invocations if _is_python(i) and not i.context.threads]
        facts += read("the inner ports", lambda: inner_ports.read(started, job, ended, asked))
    return started, facts


def _within_bounds(found: Iterable[Started], walk: Walk) -> Iterator[Started]:
    """The first servers, as many as are judged."""
    left = MAX_SERVER_WORDS
    for each in found:
        left -= WORDS_A_SERVER + len(each.invocation.arguments) + len(each.environment)
        if left < 0:
            walk.leave_out("servers")
            break
        yield each


def walked(
    source: Source,
    script: Script,
    load: Load,
    beside: Beside = nothing_beside,
    container: Container | None = None,
    variables: Mapping[str, Value] = MappingProxyType({}),
) -> Walk:
    """A walk over the script from its first line, then over the functions that nobody called.

    ``container`` is the one in which all of it runs, ``variables`` are those that it finds set.
    """
    walk = Walk(load=load, beside=beside, scripts={source.filename: source})
    frame = FileFrame(source)
    shell = Interpreter(walk, frame, Context(container=container))
    state = State()
    for name, value in variables.items():
        state.set(name, (value,), export=True)
    results = shell.block(script.body, state)
    traps.run(shell, results)
    states = [r.state for r in results if r.flow is Flow.NEXT] or [r.state for r in results]
    _walk_uncalled(shell, states or [state])
    return walk


def _walk_uncalled(shell: Interpreter, states: Sequence[State]) -> None:
    """Functions that nothing calls in sight may be called by a script that includes this one."""
    last = states[0]
    for name in list(last.functions):
        if name not in shell.walk.called:
            state = last.copy()
            state.positional = None
            for defined in state.functions[name]:
                if defined.function is not None and defined.frame is not None:
                    context = replace(shell.context, uncalled=True)
                    inner = Interpreter(shell.walk, defined.frame, context)
                    traps.run(inner, inner.execute(defined.function.body, state.fork()))
