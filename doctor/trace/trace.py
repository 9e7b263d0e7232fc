"""From a parsed script to facts: walk it, then read every program that it would start."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from doctor.base.record import Record
from doctor.diagnostic import Source
from doctor.facts.base import Fact
from doctor.facts.inputs import UnparsedStatement
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
from doctor.trace.readers import deletions, directives, jobs, logfiles, secrets, steps, written
from doctor.trace.readers import kills as programs
from doctor.trace.readers.concurrency import JobShape
from doctor.trace.readers.leftovers import Cleared
from doctor.trace.readers.surroundings import Surroundings, runs_elsewhere

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

    ``job`` is what the script's own header makes of it.
    """

    source: Source
    script: Script
    walk: Walk
    job: JobShape
    requests: tuple[jobs.Request, ...] = ()
    servers: tuple[Started, ...] = ()
    facts: tuple[Fact, ...] = ()


def trace(
    source: Source, script: Script, settings: Settings, load: Load, beside: Beside = nothing_beside
) -> Traced:
    """Walk one script and read what it starts; for ``load`` and ``beside`` see ``Walk``."""
    own = jobs.own_job(FileFrame(source), script)
    walk = walked(source, script, load, beside, jobs.container_of(own))
    invocations = [invocation for invocation in walk.invocations if invocation.arguments]
    all_jobs = [own, *jobs.written_jobs(invocations)]
    requests = jobs.requests(all_jobs, invocations, load)
    facts: list[Fact] = [
        UnparsedStatement(location=source.location(*region.span), reason=region.reason)
        for region in script.unparsed
    ]
    facts += [fact for job in all_jobs for fact in directives.read(job)]
    facts += jobs.allocations(requests, "vllm" in source.text.lower())
    folders = tuple(folder.path for folder in settings.knowledge.shared_folders)
    elsewhere = runs_elsewhere(own, invocations)
    at_slurm = [each for each in invocations if each.context.remote or not elsewhere]
    facts += written.read(at_slurm, folders, Cleared.of(walk, requests))
    shared = programs.node_shared(requests)
    for invocation in invocations:
        facts += deletions.read(invocation, folders, shared)
        facts += programs.read(invocation, shared)
    facts += secrets.read(source)
    facts += steps.read(invocations, in_batch_job=bool(own.header.effective))
    around = Surroundings.of(own, walk, requests)
    job = around.shape
    started: list[Started] = []
    if "vllm" in source.text.lower() or any(_names_vllm(i) for i in invocations):
        started, more = _servers(walk, invocations, job, settings)
        facts += _in_place(more, started, around)
        facts = list(_with_idle_gpus(facts, started, around))
    facts += logfiles.read(requests, [each.invocation for each in started], around)
    in_slurm = settings.slurm or jobs.shows_slurm(source.text, own.header)
    facts = [replace(fact, in_slurm=in_slurm) for fact in facts]
    return Traced(source, script, walk, job, tuple(requests), tuple(started), tuple(facts))


def _in_place(
    facts: Sequence[Fact], started: Sequence[Started], around: Surroundings
) -> Iterator[Fact]:
    """The facts, those about servers with their outputs, their GPUs, and what ends them."""
    from doctor.trace.readers import devices, endings, gpu_checks
    from doctor.trace.readers import outputs as logs

    servers = iter(started)
    on_amd = gpu_checks.on_amd(around.walk)
    for fact in facts:
        if isinstance(fact, Launch):
            server = next(servers)
            where = server.invocation
            fact = devices.told(fact, server, around.request)
            fact = logs.told(fact, where, around)
            yield replace(
                fact,
                ends_with_job=endings.ends_with_job(where, around.walk, around.is_batch),
                gpus_looked_at=gpu_checks.looked(where, around),
                on_amd=on_amd,
            )
        else:
            yield fact


def _with_idle_gpus(
    facts: Sequence[Fact], started: Sequence[Started], around: Surroundings
) -> Iterator[Fact]:
    """The facts, that about the script's own job with the GPUs that nothing in it takes."""
    from doctor.trace.readers import idle

    own = around.request
    for fact in facts:
        if isinstance(fact, Allocation) and own is not None and fact.location == own.location:
            yield idle.told(fact, started, around)
        else:
            yield fact


def _names_vllm(invocation: Invocation) -> bool:
    return any("vllm" in word.display.lower() for word in invocation.arguments[:4])


def _servers(
    walk: Walk, invocations: Sequence[Invocation], job: JobShape, settings: Settings
) -> tuple[list[Started], list[Fact]]:
    """The servers, and the facts about them."""
    from doctor.trace.readers import caches, flags, ports, requirements, servers, variables

    found = requirements.asked(invocations)
    pins = requirements.Pins(settings.tables, found, settings.vllm_version)
    started = list(servers.servers(invocations, settings.tables, settings.knowledge, pins))
    candidates = [each.candidates for each in started]
    facts: list[Fact] = [*requirements.facts(found, candidates, settings.knowledge)]
    facts += [servers.launch(each, settings.knowledge) for each in started]
    facts += [fact for each in started for fact in flags.given(each)]
    facts += variables.given(started, walk)
    facts += [fact for each in started for fact in caches.folders(each, walk, job)]
    if not walk.truncated:
        facts += caches.shared(started, walk, job)
        facts += ports.shared(started, walk, job)
    return started, facts


def walked(
    source: Source,
    script: Script,
    load: Load,
    beside: Beside = nothing_beside,
    container: Container | None = None,
) -> Walk:
    """A walk over the script from its first line, then over the functions that nobody called.

    ``container`` is the one in which all of it runs.
    """
    walk = Walk(load, beside, scripts={source.filename: source})
    frame = FileFrame(source)
    shell = Interpreter(walk, frame, Context(container=container))
    state = State()
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
                if defined.function is not None:
                    inner = shell.inside(uncalled=True)
                    inner.frame = defined.frame  # type: ignore[assignment]
                    traps.run(inner, inner.execute(defined.function.body, state.fork()))
