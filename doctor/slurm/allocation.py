"""What a job or an allocation asks for, from the options that it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from doctor.base.record import Record
from doctor.base.unknown import UNKNOWN, UnknownType
from doctor.slurm.array import read_array
from doctor.slurm.gpus import GPU_OPTIONS, asks_gpus, gpu_type, gpus_in_all, gpus_per_node
from doctor.slurm.hostlist import expand, is_file, meant, misread
from doctor.slurm.numbers import mebibytes, minutes, node_range, number
from doctor.slurm.options import Given, Option

if TYPE_CHECKING:
    from doctor.values.value import Value


class AllocationRequest(Record, kw_only=True):
    """One request for nodes; an attribute is None where nothing is said about it.

    Attributes mean what those of the same name in the `allocation` fact mean. ``evidence``
    has, for each attribute, the options that decide it.
    """

    by: str
    asks_gpus: bool | UnknownType
    nodes: int | UnknownType | None
    tasks: int | UnknownType | None
    gpus_per_node: int | UnknownType | None
    gpus: int | UnknownType | None
    gpu_type: str | UnknownType | None
    partition: str | UnknownType | None
    account: str | UnknownType | None
    qos: str | UnknownType | None
    constraint: str | UnknownType | None
    memory_per_node: int | UnknownType | None
    cpus_per_task: int | UnknownType | None
    excluded: frozenset[str] | UnknownType
    requested: frozenset[str] | UnknownType
    nodes_pinned: bool | UnknownType
    misread: str | None
    misread_because: str | None
    meant: frozenset[str]
    exclusive: bool | UnknownType
    array_tasks: int | UnknownType | None
    array_at_once: int | UnknownType | None
    time_minutes: int | UnknownType | None
    output: str | UnknownType | None
    error: str | UnknownType | None
    export: str | UnknownType | None
    container_image: str | UnknownType | None
    evidence: Mapping[str, tuple[Option, ...]] = field(repr=False)


def is_step(given: Given, inside_job: bool) -> bool:
    """Whether an srun starts a step of a job that is there already, and asks for no nodes."""
    return given.program == "srun" and (inside_job or given.last("jobid") is not None)


def read_allocation(given: Given, by: str) -> AllocationRequest:
    """What ``given`` asks for. ``by`` is `header`, `sbatch`, `salloc` or `srun`."""
    requested = _node_names(given, ("nodelist", "nodefile"))
    least, most = _nodes(given, requested)
    gpus = gpus_in_all(given, most)
    tasks = _tasks(given, least, gpus)
    array = read_array(given)
    unread = _misread(given)
    return AllocationRequest(
        by=by,
        asks_gpus=asks_gpus(given),
        nodes=least,
        tasks=tasks,
        gpus_per_node=gpus_per_node(given, least if least == most else UNKNOWN),
        gpus=gpus,
        gpu_type=gpu_type(given),
        partition=_text(given, "partition"),
        account=_text(given, "account"),
        qos=_text(given, "qos"),
        constraint=_text(given, "constraint"),
        memory_per_node=_memory(given),
        cpus_per_task=_count(given, "cpus-per-task"),
        excluded=_node_names(given, ("exclude",)) if unread is None else frozenset(),
        requested=requested,
        nodes_pinned=_pinned(requested, most),
        misread=unread,
        misread_because=misread(unread) if unread is not None else None,
        meant=(meant(unread) if unread is not None else None) or frozenset(),
        exclusive=_flag(given, "exclusive"),
        array_tasks=array.tasks,
        array_at_once=array.at_once,
        time_minutes=_time(given),
        output=_text(given, "output"),
        error=_text(given, "error"),
        export=_text(given, "export"),
        container_image=_text(given, "container-image"),
        evidence=_evidence(given),
    )


_DECIDED_BY: Mapping[str, tuple[str, ...]] = {
    "asks_gpus": GPU_OPTIONS,
    "nodes": ("nodes",),
    "tasks": ("ntasks", "ntasks-per-node", "ntasks-per-gpu"),
    "gpus_per_node": GPU_OPTIONS,
    "gpus": GPU_OPTIONS,
    "gpu_type": GPU_OPTIONS,
    "partition": ("partition",),
    "account": ("account",),
    "qos": ("qos",),
    "constraint": ("constraint",),
    "memory_per_node": ("mem",),
    "cpus_per_task": ("cpus-per-task",),
    "excluded": ("exclude",),
    "requested": ("nodelist", "nodefile"),
    "nodes_pinned": ("nodelist", "nodefile", "nodes"),
    "misread": ("exclude",),
    "exclusive": ("exclusive",),
    "array_tasks": ("array",),
    "array_at_once": ("array",),
    "time_minutes": ("time",),
    "output": ("output",),
    "error": ("error",),
    "export": ("export",),
    "container_image": ("container-image",),
}


def _evidence(given: Given) -> dict[str, tuple[Option, ...]]:
    evidence = {}
    for attribute, names in _DECIDED_BY.items():
        options = tuple(option for name in names if (option := given.last(name)) is not None)
        if options:
            evidence[attribute] = options
    return evidence


def _text(given: Given, name: str) -> str | UnknownType | None:
    option = given.last(name)
    if option is None:
        return UNKNOWN if given.open else None
    return _known_text(option.value)


def _known_text(value: Value | None) -> str | UnknownType:
    text = value.text if value is not None else ""
    return UNKNOWN if text is None else text


def _flag(given: Given, name: str) -> bool | UnknownType:
    if given.last(name) is not None:
        return True
    return UNKNOWN if given.open else False


def _time(given: Given) -> int | UnknownType | None:
    text = _text(given, "time")
    return minutes(text) if isinstance(text, str) else text


def _memory(given: Given) -> int | UnknownType | None:
    text = _text(given, "mem")
    return mebibytes(text) if isinstance(text, str) else text


def _node_names(given: Given, names: tuple[str, ...]) -> frozenset[str] | UnknownType:
    option = given.last(*names)
    if option is None:
        return UNKNOWN if given.open else frozenset()
    text = _known_text(option.value)
    if not isinstance(text, str):
        return UNKNOWN
    if option.name == "nodefile" or is_file(text):
        return UNKNOWN
    found = expand(text)
    return UNKNOWN if found is None else found


def _nodes(
    given: Given, requested: frozenset[str] | UnknownType
) -> tuple[int | UnknownType | None, int | UnknownType | None]:
    """The least and the greatest number of nodes; as many as are named if none is said."""
    text = _text(given, "nodes")
    if isinstance(text, str):
        return node_range(text)
    if text is UNKNOWN or requested is UNKNOWN:
        return UNKNOWN, UNKNOWN
    implied = len(requested) or _nodes_for_tasks(given)
    return implied, implied


def _nodes_for_tasks(given: Given) -> int | UnknownType | None:
    tasks, per_node = _count(given, "ntasks"), _count(given, "ntasks-per-node")
    if tasks == 1:
        return 1
    if tasks is None or per_node is None:
        return None
    if tasks is UNKNOWN or per_node is UNKNOWN:
        return UNKNOWN
    return -(-tasks // per_node) if per_node else UNKNOWN


def _tasks(
    given: Given, nodes: int | UnknownType | None, gpus: int | UnknownType | None
) -> int | UnknownType | None:
    tasks, per_node = _count(given, "ntasks"), _count(given, "ntasks-per-node")
    per_gpu = _count(given, "ntasks-per-gpu")
    if tasks is None and per_gpu is not None and gpus is not None:
        return UNKNOWN if per_gpu is UNKNOWN or gpus is UNKNOWN else per_gpu * gpus
    if tasks is not None or per_node is None:
        return tasks
    if per_node is UNKNOWN or nodes is UNKNOWN:
        return UNKNOWN
    return per_node * (nodes or 1)


def _count(given: Given, name: str) -> int | UnknownType | None:
    text = _text(given, name)
    return number(text) if isinstance(text, str) else text


def _pinned(
    requested: frozenset[str] | UnknownType, most: int | UnknownType | None
) -> bool | UnknownType:
    if requested is UNKNOWN:
        return UNKNOWN
    if not requested:
        return False
    if most is UNKNOWN:
        return UNKNOWN
    return most is not None and len(requested) >= most


def _misread(given: Given) -> str | None:
    """The value of ``--exclude`` if Slurm reads other names in it: ``-x=gpu01``."""
    option = given.last("exclude")
    if option is None or option.value is None:
        return None
    value = option.value
    wrong = misread(value.text if value.text is not None else value.prefix[:1])
    return value.display if wrong is not None else None
