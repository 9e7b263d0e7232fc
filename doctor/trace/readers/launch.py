"""Launches: the fact about each server, from all that is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from doctor.base.record import Record
from doctor.facts.base import Evidence
from doctor.facts.servers import Launch
from doctor.knowledge import Knowledge
from doctor.trace.programs.invocation import Invocation
from doctor.trace.readers import devices, endings, gpu_checks, ports, speculation
from doctor.trace.readers.age import needed
from doctor.trace.readers.fit import Fit, fit
from doctor.trace.readers.outputs import Outputs, outputs
from doctor.trace.readers.scene import Scene
from doctor.trace.readers.servers import Started
from doctor.trace.readers.split import Split, split
from doctor.values.assumption import Assumption
from doctor.values.value import UNKNOWN, UnknownType, Value
from doctor.vllm import defaults
from doctor.vllm import speculation_faults as faults
from doctor.vllm.releases import Candidates
from doctor.vllm.server import Server

_SIZES = ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size")
#: Programs that may take a command to another node.
_TAKE_ELSEWHERE = frozenset({"mpirun", "mpiexec", "ray", "ssh", "srun"})


def read(scene: Scene) -> Iterator[Launch]:
    """A fact for each server that the script starts."""
    script = _Script.of(scene)
    for started in scene.started:
        yield from scene.spared("what a server is", partial(_launch, started, script))


class _Script(Record):
    """What is the same for all servers of a script."""

    scene: Scene
    rest: endings.Rest
    first_look: float
    on_amd: bool

    @classmethod
    def of(cls, scene: Scene) -> _Script:
        walk = scene.walk
        return cls(
            scene, endings.Rest.of(walk), gpu_checks.first_look(walk), gpu_checks.on_amd(walk)
        )


def _launch(started: Started, script: _Script) -> Iterator[Launch]:
    scene = script.scene
    launch = _of_line(started, scene.settings.knowledge)
    launch = _with_speculation(launch, started, scene.settings.knowledge)
    launch = _with_gpus(launch, devices.gpus(started, scene))
    launch = _with_fit(launch, fit(started, scene))
    launch = _with_split(launch, split(started, scene))
    launch = _with_outputs(launch, outputs(started.invocation, scene))
    server, walk = started.invocation, scene.walk
    yield replace(
        launch,
        ends_with_job=endings.ends_with_job(server, walk, script.rest, scene.is_batch),
        gpus_looked_at=gpu_checks.looked(server, scene, script.first_look),
        on_amd=script.on_amd,
        port_meets=ports.meets(started, scene),
    )


def _of_line(started: Started, knowledge: Knowledge) -> Launch:
    """The fact with what the server's line says."""
    server = started.server
    evidence = dict(server.evidence)
    found = started.candidates
    evidence["auto_tool_choice"] = evidence.get("enable_auto_tool_choice", Evidence())
    evidence["expert_parallel"] = evidence.get("enable_expert_parallel", Evidence())
    evidence["memory_share"] = evidence.get("gpu_memory_utilization", Evidence())
    model = server.model_name
    needs = needed(server, found, knowledge)
    evidence["on_submit_host"] = _of_values([started.invocation.named("salloc")])
    evidence["too_old"] = _of_values(server.sources.get("model", ()))
    return Launch(
        location=started.invocation.origin.location,
        evidence=evidence,
        model=model,
        model_is_path=server.model_is_local,
        releases=started.releases,
        pinned=found.pin is not None,
        pinned_release=(found.pin.beyond or found.pin.exact) if found.pin else None,
        newer_than_known=not found.complete,
        conflict=_conflict(server, found),
        tool_call_parser=server.tool_call_parser,
        auto_tool_choice=server.enable_auto_tool_choice,
        parser_plugin=_given(server.tool_parser_plugin),
        reasoning_parser=server.reasoning_parser,
        chat_template=_given(server.chat_template),
        gpu_memory_utilization=server.gpu_memory_utilization,
        memory_share=defaults.gpu_memory_utilization(server, found),
        with_plugin=started.has_plugin,
        cuda_graphs=server.cuda_graphs,
        pipeline_parallel_size=server.pipeline_parallel_size,
        tensor_parallel_size=server.tensor_parallel_size,
        expert_parallel=server.enable_expert_parallel,
        reasoning_plugin=_given(server.reasoning_parser_plugin),
        needs_release=needs.release if needs else None,
        too_old=needs is not None,
        lacks=needs.what if needs else None,
        on_submit_host=_on_submit_host(started.invocation),
    )


def _with_speculation(launch: Launch, started: Started, knowledge: Knowledge) -> Launch:
    """The fact with what the line says of speculative decoding, and whether vLLM takes it."""
    server, found = started.server, started.candidates
    spec = server.speculation
    fault = None if started.has_plugin and spec.invalid is None else faults.fault(spec, found)
    split = speculation.pipelined(server, found, knowledge)
    method = _of_values(spec.given.get("method", ()))
    evidence = {
        **launch.evidence,
        "speculative": _of_values(spec.given.get("on", ())),
        "speculation_method": method,
        "unknown_method": method,
        "draft_model": _of_values(spec.given.get("drafter", ())),
        "speculation_fault": _of_values(fault.at if fault else ()),
        "pipeline_refused": launch.evidence.get("pipeline_parallel_size", Evidence()),
    }
    return replace(
        launch,
        evidence=evidence,
        speculative=spec.on,
        speculation_method=spec.method,
        draft_model=spec.drafter,
        drafter_on_gpu=spec.needs_weights,
        drafter_fits=speculation.drafter_fits(server, knowledge),
        method_fits=speculation.method_fits(server, knowledge),
        method_refused=speculation.method_refused(server, found, knowledge),
        speculation_fault=fault.why if fault else None,
        unknown_method=fault.method if fault else None,
        likely_method=fault.meant if fault else None,
        pipeline_refused=split.why if split else None,
        pipeline_refused_in=split.releases if split else "no release",
        pipeline_counts=split.counts if split else False,
        draft_tensor_parallel_size=spec.draft_tensor_parallel_size,
        draft_tensor_parallel_fits=speculation.split_fits(server),
    )


def _with_gpus(launch: Launch, gpus: devices.Gpus) -> Launch:
    """The fact with the GPUs that it needs, and those that it may use."""
    needs = _joined(launch.evidence.get(name, Evidence()) for name in _SIZES)
    evidence = {**launch.evidence, "gpus_needed": needs, "gpus_lacking": needs}
    if gpus.limit is not None:
        evidence["gpus_given"] = gpus.limit.evidence
    if gpus.uuid is not None:
        evidence["gpu_uuid"] = _of_values([gpus.uuid])
    return replace(
        launch,
        evidence=evidence,
        gpus_needed=gpus.needed,
        gpus_given=gpus.limit.count if gpus.limit is not None else None,
        gpus_given_by=gpus.limit.words if gpus.limit is not None else "nothing",
        gpus_lacking=gpus.lacking,
        gpu_uuid=gpus.uuid.display.strip() if gpus.uuid is not None else None,
        reads_gpu_uuids=gpus.reads_uuids,
    )


def _with_fit(launch: Launch, found: Fit) -> Launch:
    """The fact with what its model's weights take, and the room that there is for them."""
    evidence = dict(launch.evidence)
    if found.gpu_type is not None:
        evidence["gpu_type"] = found.gpu_type.evidence
    terms = ("gpus_needed", "model", "memory_share", "gpu_type")
    evidence["weights_fit"] = _joined(evidence.get(name, Evidence()) for name in terms)
    return replace(
        launch,
        evidence=evidence,
        weights=found.weights and round(found.weights, 1),
        gpu_type=found.gpu_type.name if found.gpu_type else None,
        gpu_memory=found.gpu_type.memory if found.gpu_type else None,
        most_memory_share=found.share,
        weights_room=found.room and round(found.room, 1),
        weights_fit=found.fits,
    )


def _with_split(launch: Launch, found: Split) -> Launch:
    """The fact with the heads that its GPUs have to share."""
    terms = ("tensor_parallel_size", "model")
    rests_on = _joined(launch.evidence.get(name, Evidence()) for name in terms)
    return replace(
        launch,
        evidence={**launch.evidence, "heads_shared": rests_on},
        attention_heads=found.heads,
        heads_shared=found.even,
    )


def _with_outputs(launch: Launch, outputs: Outputs) -> Launch:
    """The fact with where its outputs go."""
    return replace(
        launch,
        evidence={**launch.evidence, "stdout_goes": Evidence((outputs.place,))},
        stdout_goes=outputs.stdout,
        stderr_goes=outputs.stderr,
        log_kept=outputs.kept,
        log=outputs.log,
        errors_joined_late=outputs.joined_late,
    )


def _on_submit_host(server: Invocation) -> bool:
    """Whether salloc starts it with nothing between them that takes it to a node.

    salloc(1), DESCRIPTION: the command runs where salloc was called.
    """
    context = server.context
    around = {wrapper.words[0] for wrapper in context.wrappers}
    elsewhere = context.in_step or context.remote or context.batch_job is not None
    return "salloc" in around and not elsewhere and not around & _TAKE_ELSEWHERE


def _of_values(values: Sequence[Value]) -> Evidence:
    return Evidence(
        tuple(place for value in values if (place := value.location)),
        frozenset().union(*(value.assumes for value in values)),
    )


def _joined(parts: Iterable[Evidence]) -> Evidence:
    """What stands on all of them, the places of the first before the others'."""
    every = tuple(parts)
    return Evidence(
        tuple(place for each in every for place in each.locations),
        frozenset[Assumption]().union(*(each.assumes for each in every)),
    )


def _given(value: str | UnknownType | None) -> bool | UnknownType:
    return UNKNOWN if value is UNKNOWN else value is not None


def _conflict(server: Server, found: Candidates) -> str | None:
    """What excludes one another, where no single flag or parser is to blame."""
    models = [server.value("model"), *server.speculation.given.get("drafter", ())]
    flags = [c for c in found.conflict if not any(c.value is model for model in models)]
    return " and ".join(claim.words for claim in found.conflict) if len(flags) > 1 else None
