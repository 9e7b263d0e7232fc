"""Missing GPUs: those that a variable names for a program and that its job does not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from doctor.base.numbers import whole_number
from doctor.facts.base import Evidence
from doctor.facts.relations import MissingGpus
from doctor.trace.programs.invocation import Invocation
from doctor.trace.programs.program import Trait
from doctor.trace.programs.table import is_a
from doctor.trace.readers.devices import is_left_to_slurm, on_node
from doctor.trace.readers.scene import Scene, is_light
from doctor.trace.readers.servers import chosen
from doctor.trace.readers.visible import Listed, in_variables
from doctor.values.value import Value

#: What starts programs of Python on GPUs, beside Python itself.
_LAUNCHERS = frozenset({"accelerate", "deepspeed", "torchrun"})


def read(scene: Scene) -> Iterator[MissingGpus]:
    """A fact for each server of a job, and for each place that names GPUs for other programs."""
    servers = {each.invocation.order for each in scene.started}
    for started in scene.started:
        yield from _missing(started.invocation, in_variables(started.pick), scene)
    told = set()
    for each in scene.invocations:
        if each.order in servers or not _computes(each):
            continue
        held = partial(_held, each)
        for fact in _missing(each, in_variables(held), scene):
            if (places := fact.evidence["gpus"].locations) not in told:
                told.add(places)
                yield fact


def _held(invocation: Invocation, name: str) -> Value | None:
    """What a variable surely holds for a program."""
    contents = invocation.environment.get(name, ())
    content = chosen(contents, invocation.assumes) if len(contents) == 1 else None
    return content if isinstance(content, Value) else None


def _computes(invocation: Invocation) -> bool:
    """Whether a program may take GPUs: one of Python that is no client."""
    python = invocation.program.startswith("python") or invocation.program in _LAUNCHERS
    return python and not is_light(invocation)


def _missing(
    invocation: Invocation, lists: Iterable[Listed], scene: Scene
) -> Iterator[MissingGpus]:
    """The numbers in a list that the job's node has no GPU for: a job's GPUs count from 0."""
    job, context = scene.request_of(invocation), invocation.context
    count = on_node(job)
    if count is None or context.uncalled:
        return
    if context.container is not None and is_a(context.container.engine, Trait.DAEMON):
        return
    for each in lists:
        gpus = [gpu for gpu in each.gpus if (whole_number(gpu) or 0) >= count]
        if gpus and not is_left_to_slurm(each, job):
            place = each.value.location
            yield MissingGpus(
                location=invocation.origin.location,
                evidence={"gpus": Evidence((place,) if place else (), each.value.assumes)},
                gpus=", ".join(gpus),
                program=invocation.program,
            )
            return
