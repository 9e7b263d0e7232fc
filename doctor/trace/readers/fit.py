"""Fit: whether a model's weights have room in the GPUs that the job names.

What a model takes on top of its weights can't be seen from its line, and what is known of the
weights is the least. So a server that fits by this sum may yet be too large; one that doesn't is.
"""

from __future__ import annotations

from doctor.base.record import Record
from doctor.base.regex import regex
from doctor.facts.base import Evidence
from doctor.knowledge import Knowledge
from doctor.slurm.gpus import GPU_OPTIONS, gpu_type
from doctor.slurm.options import Given, Option
from doctor.trace.readers.devices import gathers_nodes, needed, of_option, options_of
from doctor.trace.readers.scene import Scene, Settings
from doctor.trace.readers.servers import Started
from doctor.values.value import UNKNOWN, UnknownType
from doctor.vllm import defaults

#: Flags that may change what the weights take on the GPUs, whatever they say.
_CHANGE_WEIGHTS = (
    "--quantization",
    "--quantization-config",
    "--load-format",
    "--hf-overrides",
    "--revision",
    "--cpu-offload-gb",
    "--cpu-offload-params",
    "--offload-backend",
    "--offload-group-size",
    "--offload-params",
    "--engram-config",
    "--additional-config",
    "--kernel-config",
    "--mm-encoder-only",
    "--task",
    "--runner",
    "--convert",
)
#: Variables that may do so.
_VARIABLES = regex(r"OFFLOAD|QUANT")
_JOINED = regex(r"[&,]")


class GpuType(Record):
    """The type of the GPUs that a server runs on, and the option that names it."""

    name: str
    memory: int
    evidence: Evidence


class Fit(Record):
    """The sum; what isn't known is None. Memory is in GiB.

    ``weights`` is the least that they take, ``share`` the most of a GPU's memory that the server
    takes, ``room`` what that makes on all of its GPUs.
    """

    weights: float | None
    gpu_type: GpuType | None
    share: float | UnknownType
    room: float | None

    @property
    def fits(self) -> bool | UnknownType:
        """Whether the weights have room."""
        if self.weights is None or self.room is None:
            return UNKNOWN
        return self.weights <= self.room


def fit(started: Started, scene: Scene) -> Fit:
    """The sum for a server of a script."""
    knowledge = scene.settings.knowledge
    weights = _weights(started, knowledge) if _is_whole(started, scene) else None
    kind, gpus = _gpu_type(started, scene), needed(started)
    share = defaults.most_gpu_memory_utilization(started.server, started.candidates)
    room = None
    if kind is not None and isinstance(gpus, int) and isinstance(share, float):
        room = gpus * kind.memory * share
    return Fit(weights, kind, share, room)


def _weights(started: Started, knowledge: Knowledge) -> float | None:
    """The least that the model's weights take; None where the line may change that."""
    server = started.server
    model, flags = server.model_name, server.arguments.flags
    if not isinstance(model, str) or server.model_is_local is not False or server.open:
        return None
    if any(flag.row is None or flag.name in _CHANGE_WEIGHTS for flag in flags):
        return None
    if any(_VARIABLES.search(name) for name in started.environment):
        return None
    return knowledge.weights(model)


def _is_whole(started: Started, scene: Scene) -> bool:
    """Whether all that holds the weights is on one node and given by the line's sizes."""
    local = started.server.data_parallel_size_local
    job = scene.request_of(started.invocation)
    return not started.is_part and local is None and not gathers_nodes(started, scene, job)


def _gpu_type(started: Started, scene: Scene) -> GpuType | None:
    """The type that the step names, else the job; else that of a feature, or of the partition."""
    knowledge, context = scene.settings.knowledge, started.invocation.context
    if context.uncalled:
        return None
    job = scene.request_of(started.invocation)
    steps = [w for w in reversed(context.wrappers) if w.words[0] in ("srun", "salloc")]
    givens = [Given(step.words[0], tuple(options_of(step))) for step in steps]
    for given in (*givens, *((job.given,) if job is not None else ())):
        named = gpu_type(given)
        if named is not None:
            return _of_gpus(given, named, knowledge) if isinstance(named, str) else None
    if job is None:
        return None
    feature = _of_feature(job.given.last("constraint"), knowledge)
    return feature or _of_partition(job.given.last("partition"), scene.settings)


def _of_gpus(given: Given, name: str, knowledge: Knowledge) -> GpuType | None:
    options = (option for each in GPU_OPTIONS if (option := given.last(each)) is not None)
    named = (option for option in options if option.value and name in option.value.prefix)
    return next((_named(name, option, knowledge) for option in named), None)


def _of_feature(option: Option | None, knowledge: Knowledge) -> GpuType | None:
    """The feature of a node that is a type, if exactly one is."""
    found = [kind for name in _words(option) if (kind := _named(name, option, knowledge))]
    return found[0] if len(found) == 1 else None


def _of_partition(option: Option | None, settings: Settings) -> GpuType | None:
    """The type that the site names for a partition; of several, whichever has the most memory."""
    types = [settings.gpu_types.get(name, "") for name in _words(option)]
    found = [kind for name in types if (kind := _named(name, option, settings.knowledge))]
    return max(found, key=lambda kind: kind.memory) if found and len(found) == len(types) else None


def _words(option: Option | None) -> list[str]:
    text = option.value.text if option is not None and option.value is not None else None
    return _JOINED.split(text) if text else []


def _named(name: str, option: Option | None, knowledge: Knowledge) -> GpuType | None:
    memory = knowledge.gpu_memory(name)
    if memory is None or option is None:
        return None
    return GpuType(name, memory, of_option(option))
