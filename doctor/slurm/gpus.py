"""GPUs: whether a request asks for them, for how many on each node, and in all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from doctor.base.numbers import is_digits
from doctor.base.regex import regex
from doctor.base.unknown import UNKNOWN, UnknownType
from doctor.slurm.numbers import number
from doctor.slurm.options import Given, Option

#: Options that may ask for GPUs.
GPU_OPTIONS = (
    "gpus-per-node",
    "gres",
    "gpus",
    "gpus-per-task",
    "tres-per-task",
    "gpus-per-socket",
)
#: Those of them whose value may also name other resources.
_ANY_RESOURCE = ("gres", "tres-per-task")
#: Options with which a task of a step gets GPUs of its own.
BOUND_TO_TASK = ("gpus-per-task", "tres-per-task", "ntasks-per-gpu")
#: Options by which a job may come to GPUs that it doesn't ask for by name.
_MAY_MEAN_GPUS = ("partition", "constraint", "exclusive", "nodelist", "nodefile", "reservation")

_GPU = regex(r"(?:gres[/:])?gpu(?=$|[:=])")
_IN_BRACKETS = regex(r"\([^()]*\)")


def asks_gpus(given: Given) -> bool | UnknownType:
    """Whether GPUs are asked for; a partition or a node may bring them unasked."""
    options = [option for name in GPU_OPTIONS if (option := given.last(name)) is not None]
    answers = [_asks(option) for option in options]
    if any(answer is True for answer in answers):
        return True
    if given.open or UNKNOWN in answers or given.last(*_MAY_MEAN_GPUS) is not None:
        return UNKNOWN
    return False


def gpus_per_node(given: Given, nodes: int | UnknownType | None) -> int | UnknownType | None:
    """How many GPUs each node must have; ``nodes`` is how many nodes there will be."""
    asked = asks_gpus(given)
    if asked is not True:
        return None if asked is False else UNKNOWN
    for name in ("gpus-per-node", "gres"):
        option = given.last(name)
        if option is not None and _asks(option) is True:
            return _count(option)
    total = given.last("gpus")
    if total is not None:
        return _share(_count(total), nodes)
    per_task = given.last("gpus-per-task", "tres-per-task")
    if per_task is not None:
        return _times(_count(per_task), _tasks_per_node(given, nodes))
    return UNKNOWN


def gpus_in_all(given: Given, nodes: int | UnknownType | None) -> int | UnknownType | None:
    """How many GPUs there may be at most; ``nodes`` is how many nodes there may be."""
    asked = asks_gpus(given)
    if asked is not True:
        return None if asked is False else UNKNOWN
    total = given.last("gpus")
    if total is not None:
        return _count(total)
    if given.last("gpus-per-socket") is not None:
        return UNKNOWN
    if nodes is None:
        nodes = 1 if _is_one_task(given) else UNKNOWN
    each = gpus_per_node(given, nodes)
    return UNKNOWN if each is None else _times(each, nodes)


def gpus_of_task(given: Given) -> int | UnknownType | None:
    """How many GPUs a task of a step may use at most; None if the step doesn't say."""
    if given.last(*BOUND_TO_TASK) is not None:
        bound = gpus_bound_to_task(given)
        return UNKNOWN if bound is None else bound
    for name in ("gpus-per-node", "gres", "gpus"):
        option = given.last(name)
        if option is not None and _asks(option) is True:
            return _count(option)
    return None


def gpus_bound_to_task(given: Given) -> int | UnknownType | None:
    """How many GPUs Slurm binds to each task of a step; None where a task sees all of them.

    sbatch(1): ``--gpus-per-task`` and ``--ntasks-per-gpu`` bind, unless ``--gpu-bind`` says how.
    """
    if given.last("gpu-bind", "tres-bind") is not None:
        return None
    if given.last("ntasks-per-gpu") is not None:
        return 1
    per_task = given.last("gpus-per-task", "tres-per-task")
    if per_task is None or _asks(per_task) is False:
        return None
    return _count(per_task) if _asks(per_task) is True else UNKNOWN


def gpu_type(given: Given) -> str | UnknownType | None:
    """The type of GPU that is asked for, ``a100`` of ``gpu:a100:8``; None where none is named."""
    options = [option for name in GPU_OPTIONS if (option := given.last(name)) is not None]
    types = {each for option in options for each in _types(option)}
    named = types - {None}
    if not named:
        return UNKNOWN if given.open else None
    return named.pop() if len(named) == 1 else UNKNOWN


def _types(option: Option) -> Iterator[str | UnknownType | None]:
    """The type of each kind of GPU that an option names; its count may be unknown."""
    value = option.value
    if value is None:
        return
    items, whole = _items(option, value.prefix), value.text is not None
    for item in items:
        first, *count = re.split(r"[:=]", item.lstrip(":="))
        if count:
            yield first
        elif not whole:
            yield UNKNOWN
        else:
            yield first if first and not is_digits(first[:1]) else None
    if not items and not whole:
        yield UNKNOWN


def _is_one_task(given: Given) -> bool:
    """Whether there is one task only, which is what Slurm takes where nothing is said."""
    tasks = given.last("ntasks")
    named = given.last("ntasks-per-node", "nodelist", "nodefile")
    return not given.open and named is None and (tasks is None or _number(tasks) == 1)


def _asks(option: Option) -> bool | UnknownType:
    value = option.value
    if value is not None and value.text is None:
        if option.name not in _ANY_RESOURCE:
            return True
        known = value.prefix.split(",")
        return True if any(_GPU.match(item) for item in known) else UNKNOWN
    count = _count(option)
    return True if count is UNKNOWN else count > 0


def _count(option: Option) -> int | UnknownType:
    """The number in ``8``, ``a100:8``, ``gpu``, ``gpu:8``, ``gpu:a100:8``, ``gres/gpu=8``."""
    text = option.value.text if option.value is not None else ""
    if text is None:
        return UNKNOWN
    total = 0
    for item in _items(option, text):
        last = re.split(r"[:=]", item)[-1]
        count = number(last) if is_digits(last[:1]) else 1
        if count is UNKNOWN:
            return UNKNOWN
        total += count
    return total


def _items(option: Option, text: str) -> list[str]:
    """What a value asks for of each kind of GPU, as in ``8``, ``:8``, ``a100:8``, ``:a100:8``."""
    items = _IN_BRACKETS.sub("", text).split(",")
    if option.name in _ANY_RESOURCE:
        return [_GPU.sub("", item, count=1) for item in items if _GPU.match(item)]
    return items


def _share(total: int | UnknownType, nodes: int | UnknownType | None) -> int | UnknownType:
    """A node's part of ``--gpus``, which Slurm deals out unevenly: 3 and 1 of 4 on two nodes."""
    if total is UNKNOWN or nodes is UNKNOWN:
        return UNKNOWN
    if nodes == 1:
        return total
    return 1 if total == (nodes or 1) else UNKNOWN


def _tasks_per_node(given: Given, nodes: int | UnknownType | None) -> int | UnknownType:
    per_node, tasks = given.last("ntasks-per-node"), given.last("ntasks")
    if per_node is not None:
        return _number(per_node)
    if tasks is None:
        return UNKNOWN if given.open else 1
    count = _number(tasks)
    if count is UNKNOWN or nodes is UNKNOWN or nodes is None:
        return UNKNOWN
    return count // nodes if nodes in (1, count) else UNKNOWN


def _number(option: Option) -> int | UnknownType:
    text = option.value.text if option.value is not None else None
    return UNKNOWN if text is None else number(text)


def _times(one: int | UnknownType, other: int | UnknownType) -> int | UnknownType:
    return UNKNOWN if one is UNKNOWN or other is UNKNOWN else one * other
