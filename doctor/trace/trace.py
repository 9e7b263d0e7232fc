"""From a parsed script to facts: walk it, then read every program that it would start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from doctor.base.failure import Failure
from doctor.base.record import Record
from doctor.diagnostic import Source
from doctor.facts.base import Fact
from doctor.facts.inputs import InputFile, UnparsedStatement
from doctor.shell.tree import Script
from doctor.trace.domain.frame import FileFrame
from doctor.trace.domain.results import Flow
from doctor.trace.domain.state import Content, State
from doctor.trace.machine import traps
from doctor.trace.machine.interpreter import Interpreter
from doctor.trace.machine.journal import Beside, Holds, Load, Walk, holds_nothing, nothing_beside
from doctor.trace.programs.invocation import Container, Context
from doctor.trace.readers import (
    allocations,
    commands,
    continuations,
    deletions,
    directives,
    jobs,
    kills,
    logfiles,
    own_folder,
    refused,
    secrets,
    steps,
    waits,
    written,
)
from doctor.trace.readers.concurrency import JobShape
from doctor.trace.readers.scene import Reader, Scene, Settings

if TYPE_CHECKING:
    from doctor.trace.readers.servers import Started


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
    source: Source,
    script: Script,
    settings: Settings,
    load: Load,
    beside: Beside = nothing_beside,
    has_folder: Holds = holds_nothing,
) -> Traced:
    """Walk one script and read what it starts; for ``load`` and its like see ``Walk``."""
    own = jobs.own_job(FileFrame(source), script)
    around = (jobs.container_of(own), jobs.variables(own), jobs.set_by_slurm(own))
    walk = walked(source, script, load, beside, has_folder, *around)
    scene = Scene.of(source, script, settings, walk, own)
    facts = [*_unparsed(scene), *_read(scene, READERS)]
    if scene.may_serve:
        from doctor.trace.readers import on_servers

        facts += _read(scene, on_servers.READERS)
    facts += _cut_off(scene)
    return Traced(
        source,
        script,
        walk,
        scene.shape,
        scene.requests,
        scene.started,
        tuple(replace(fact, in_slurm=scene.for_slurm) for fact in facts),
        tuple(walk.failures),
    )


#: What reads facts off any script, each with what it reads, in words.
READERS: tuple[tuple[str, Reader], ...] = (
    ("the directives", directives.read),
    ("what sbatch refuses", refused.read),
    ("its own folder", own_folder.read),
    ("the allocations", allocations.read),
    ("what is written", written.read),
    ("the deletions", deletions.read),
    ("what is killed", kills.read),
    ("the steps", steps.read),
    ("the secrets", secrets.read),
    ("the waits", waits.read),
    ("the logs", logfiles.read),
    ("the broken lines", continuations.read),
    ("the commands", commands.read),
)


def _read(scene: Scene, readers: Sequence[tuple[str, Reader]]) -> Iterator[Fact]:
    """The facts of all readers; one that fails costs only those it had not yet yielded."""
    for what, read in readers:
        yield from scene.spared(what, partial(read, scene))


def _unparsed(scene: Scene) -> Iterator[Fact]:
    """The statements that can't be read."""
    for region in scene.script.unparsed:
        place = scene.source.location(*region.span)
        yield UnparsedStatement(location=place, reason=region.reason)


def _cut_off(scene: Scene) -> Iterator[Fact]:
    """What was left out of a script that is too much, if anything was."""
    if reason := " and ".join(scene.walk.not_followed):
        yield InputFile(location=scene.source.location(0, 0), problem="too-much", reason=reason)


def walked(
    source: Source,
    script: Script,
    load: Load,
    beside: Beside = nothing_beside,
    has_folder: Holds = holds_nothing,
    container: Container | None = None,
    variables: Mapping[str, Content] = MappingProxyType({}),
    exported: Iterable[str] = (),
) -> Walk:
    """A walk over the script from its first line, then over the functions that nobody called.

    ``container`` is the one in which all of it runs, ``variables`` are those that it finds set,
    ``exported`` those of which only the names are known.
    """
    walk = Walk(load=load, beside=beside, has_folder=has_folder, scripts={source.filename: source})
    frame = FileFrame(source)
    shell = Interpreter(walk, frame, Context(container=container))
    state = State()
    for name, value in variables.items():
        state.set(name, (value,), export=True)
    for name in exported:
        state.export(name)
    results = shell.block(script.body, state)
    traps.run(shell, results)
    states = [r.state for r in results if r.flow is Flow.NEXT] or [r.state for r in results]
    _walk_uncalled(shell, states or [state])
    return walk


def _walk_uncalled(shell: Interpreter, states: Sequence[State]) -> None:
    """Functions that nothing calls in sight may be called by a script that includes this one.

    Those of a file that this one includes are none of its own: they are walked for that file.
    """
    last, own = states[0], shell.frame.file.filename
    for name in list(last.functions):
        if name not in shell.walk.called:
            state = last.copy()
            state.positional = None
            for defined in state.functions[name]:
                frame, function = defined.frame, defined.function
                if function is not None and frame is not None and frame.file.filename == own:
                    context = replace(shell.context, uncalled=True)
                    inner = Interpreter(shell.walk, frame, context)
                    traps.run(inner, inner.execute(function.body, state.fork()))
