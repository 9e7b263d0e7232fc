"""From a parsed script to facts: walk it, then read every program that it would start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from doctor.diagnostic import Source
from doctor.knowledge import Knowledge
from doctor.shell.tree import Script
from doctor.trace import deletions, jobs, written
from doctor.trace.concurrency import JobShape
from doctor.trace.context import Invocation
from doctor.trace.facts import Fact, UnparsedStatement
from doctor.trace.frame import FileFrame
from doctor.trace.interpreter import Interpreter, Walk
from doctor.trace.results import Flow
from doctor.trace.state import State

if TYPE_CHECKING:
    from doctor.vllm.tables import Tables

#: Finds the source of a script that another script, the second argument, names; or None.
Load = Callable[[str, Source], Source | None]


@dataclass(frozen=True)
class Settings:
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

        return Tables(self.knowledge.releases)


def trace(source: Source, script: Script, settings: Settings, load: Load) -> list[Fact]:
    """The facts of one script; ``load`` finds the scripts that it runs."""
    walk = walked(source, script, load)
    invocations = [invocation for invocation in walk.invocations if invocation.arguments]
    own = jobs.own_job(FileFrame(source), script)
    facts: list[Fact] = [
        UnparsedStatement(location=source.location(*region.span), reason=region.reason)
        for region in script.unparsed
    ]
    all_jobs = [own, *jobs.written_jobs(invocations)]
    for job in all_jobs:
        facts += jobs.directives(job)
    facts += jobs.allocations(all_jobs, invocations, load)
    folders = [folder.path for folder in settings.knowledge.shared_folders]
    for invocation in invocations:
        facts += deletions.read(invocation, folders)
        facts += written.read(invocation, folders)
    if "vllm" in source.text.lower() or any(_names_vllm(i) for i in invocations):
        facts += _about_vllm(walk, invocations, own, settings)
    in_slurm = settings.slurm or jobs.shows_slurm(source.text, own.header)
    return [replace(fact, in_slurm=in_slurm) for fact in facts]


def _names_vllm(invocation: Invocation) -> bool:
    return any("vllm" in word.display.lower() for word in invocation.arguments[:4])


def _about_vllm(
    walk: Walk, invocations: Sequence[Invocation], own: jobs.Job, settings: Settings
) -> list[Fact]:
    """The facts about servers."""
    from doctor.trace import caches, ports, requirements, servers

    found = requirements.asked(invocations)
    pins = requirements.Pins(settings.tables, found, settings.vllm_version)
    started = list(servers.servers(invocations, settings.tables, settings.knowledge, pins))
    request = jobs.request_of(own)
    job = JobShape.of(request)
    facts: list[Fact] = [*requirements.facts(found)]
    facts += [servers.launch(each, settings.knowledge) for each in started]
    facts += [fact for each in started for fact in caches.folders(each)]
    if not walk.truncated:
        facts += caches.shared(started, walk, job)
        facts += ports.shared(started, walk, job)
    return facts


def walked(source: Source, script: Script, load: Load) -> Walk:
    """A walk over the script from its first line, then over the functions that nobody called."""
    walk = Walk(load)
    frame = FileFrame(source)
    shell = Interpreter(walk, frame)
    state = State()
    results = shell.block(script.body, state)
    states = [r.state for r in results if r.flow is Flow.NEXT] or [r.state for r in results]
    _walk_uncalled(shell, states or [state])
    return walk


def _walk_uncalled(shell: Interpreter, states: Sequence[State]) -> None:
    """Functions that nothing calls in sight may be called by a script that includes this one."""
    last = states[0]
    for name in list(last.functions):
        if name not in shell.walk.called:
            state = last.copy()
            outer = shell.inside(uncalled=True)
            state.positional = None
            outer.execute(state.functions[name].function.body, state)
