"""From a parsed script to facts: walk it, then read every program that it would start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from doctor.diagnostic import Source
from doctor.shell.tree import Script
from doctor.trace import deletions, jobs
from doctor.trace.facts import Fact, UnparsedStatement
from doctor.trace.frame import FileFrame
from doctor.trace.interpreter import Interpreter, Walk
from doctor.trace.results import Flow
from doctor.trace.state import State


def _nothing(path: str) -> Source | None:
    return None


@dataclass(frozen=True)
class Settings:
    """What the trace is told about the site and the scan.

    ``shared_folders`` are writable by all users; ``slurm`` says that every script is for
    Slurm; ``load`` gives the source of a script at a path, or None.
    """

    shared_folders: tuple[str, ...] = ("/tmp", "/var/tmp", "/dev/shm")
    vllm_version: str | None = None
    slurm: bool = False
    load: Callable[[str], Source | None] = field(default=_nothing)


def trace(source: Source, script: Script, settings: Settings) -> list[Fact]:
    """The facts of one script."""
    walk = walked(source, script, settings)
    invocations = [invocation for invocation in walk.invocations if invocation.arguments]
    own = jobs.own_job(FileFrame(source), script)
    all_jobs = [own, *jobs.written_jobs(invocations)]
    facts: list[Fact] = [
        UnparsedStatement(location=source.location(*region.span), reason=region.reason)
        for region in script.unparsed
    ]
    for job in all_jobs:
        facts += jobs.directives(job)
    facts += jobs.allocations(all_jobs, invocations, settings.load)
    for invocation in invocations:
        facts += deletions.read(invocation, settings.shared_folders)
    in_slurm = settings.slurm or jobs.shows_slurm(source.text, own.header)
    return [replace(fact, in_slurm=in_slurm) for fact in facts]


def walked(source: Source, script: Script, settings: Settings) -> Walk:
    """A walk over the script from its first line, then over the functions that nobody called."""
    walk = Walk(settings.load)
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
