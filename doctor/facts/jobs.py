"""Facts about jobs: their directives, the nodes that they ask for, and their steps."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from doctor.base.unknown import UnknownType
from doctor.facts.base import Fact, attribute

Effect: TypeAlias = Literal[
    "effective",
    "after-first-command",
    "misspelt",
    "indented",
    "commented-out",
    "in-here-document",
]
AskedBy: TypeAlias = Literal["header", "sbatch", "salloc", "srun"]


class Directive(Fact, kw_only=True):
    """A line that sbatch reads as options, or that looks as if it did."""

    kind: ClassVar[str] = "directive"

    text: str = attribute("the line", "")
    effect: Effect = attribute(
        "`effective`, or why sbatch ignores the line: `after-first-command`, `misspelt`, "
        "`indented`, `commented-out`, `in-here-document`"
    )
    read_until: int | None = attribute("the row at which sbatch stops reading options", None)
    variable: str | None = attribute(
        "a shell variable or command in it, which sbatch takes literally", None
    )
    in_file_name: bool = attribute(
        "whether that stands in the name of a file (`--output`, `--error`, `--input`)", False
    )
    meant: str | None = attribute("the line as sbatch would read it, where it is misspelt", None)


RefusedPart: TypeAlias = Literal["first-line", "byte-order-mark", "dos-line-ends", "option", "word"]


class Refused(Fact, kw_only=True):
    """Something for which sbatch refuses a batch script or a command line."""

    kind: ClassVar[str] = "refused"

    what: RefusedPart = attribute(
        "`first-line` (no `#!`), `byte-order-mark`, `dos-line-ends`, `option` (unknown, ambiguous, "
        "without the value that it needs) or `word` (what is neither option nor value)"
    )
    why: str = attribute("what sbatch finds wrong, in words")
    meant: str | None = attribute("the option that is meant, where one is misspelt", None)


class Allocation(Fact, kw_only=True):
    """A request for nodes: the `#SBATCH` header, sbatch, salloc, or an srun that allocates."""

    kind: ClassVar[str] = "allocation"

    by: AskedBy = attribute("`header`, `sbatch`, `salloc` or `srun`")
    asks_gpus: bool | UnknownType = attribute("whether it asks for GPUs")
    nodes: int | UnknownType | None = attribute("how many nodes it asks for (the least)", None)
    tasks: int | UnknownType | None = attribute("how many tasks it asks for", None)
    gpus_per_node: int | UnknownType | None = attribute("GPUs asked for on each node", None)
    gpus: int | UnknownType | None = attribute("GPUs asked for in all, at most", None)
    gpu_type: str | UnknownType | None = attribute(
        "the type of GPU that is named: `h100` in `--gres=gpu:h100:4`; null where none is", None
    )
    partition: str | UnknownType | None = attribute("the value of `--partition`", None)
    account: str | UnknownType | None = attribute("the value of `--account`", None)
    qos: str | UnknownType | None = attribute("the value of `--qos`", None)
    constraint: str | UnknownType | None = attribute("the value of `--constraint`", None)
    memory_per_node: int | UnknownType | None = attribute(
        "the memory of `--mem` on each node in MiB; 0 stands for all of it", None
    )
    cpus_per_task: int | UnknownType | None = attribute("the value of `--cpus-per-task`", None)
    gpus_used: int | UnknownType = attribute("how many of them the script's servers take")
    gpus_unused: int | UnknownType = attribute(
        "how many of them nothing in the script takes; unknown where a program might"
    )
    excluded: frozenset[str] | UnknownType = attribute(
        "the nodes of `--exclude`, one name each", frozenset()
    )
    requested: frozenset[str] | UnknownType = attribute(
        "the nodes of `--nodelist`, one name each", frozenset()
    )
    nodes_pinned: bool | UnknownType = attribute(
        "whether `--nodelist` names as many nodes as are asked for", False
    )
    named_families: frozenset[str] = attribute(
        "nodes that the script names anywhere, without the number at the end: `gpu-a` for "
        "`gpu-a07`; they show whose cluster it is for",
        frozenset(),
    )
    names_vllm: bool = attribute("whether the script speaks of vLLM", False)
    names_nodes: bool = attribute("whether the script names any node at all", False)
    misread: str | None = attribute(
        "an `--exclude` value in which Slurm reads the names of no nodes (`-x=NODE`)", None
    )
    misread_because: str | None = attribute("what is wrong with it, in words", None)
    meant: frozenset[str] = attribute("the nodes that are meant by it, one name each", frozenset())
    exclusive: bool | UnknownType = attribute("whether it asks for whole nodes", False)
    array_tasks: int | UnknownType | None = attribute("how many tasks a job array has", None)
    array_at_once: int | UnknownType | None = attribute(
        "how many tasks of a job array run at once at most; null without a limit", None
    )
    time_minutes: int | UnknownType | None = attribute(
        "the limit of `--time` in minutes; null without one", None
    )
    output: str | UnknownType | None = attribute("the pattern of `--output`", None)
    error: str | UnknownType | None = attribute("the pattern of `--error`", None)
    export: str | UnknownType | None = attribute("the value of `--export`", None)
    container_image: str | UnknownType | None = attribute(
        "the image that `--container-image` names", None
    )


class OwnFolder(Fact, kw_only=True):
    """A place where a batch script goes by the folder that it lies in, which a job's copy is not.

    There is one where the script does so on every way, and asks Slurm for no other folder.
    """

    kind: ClassVar[str] = "own-folder"

    written: str = attribute('how the folder is found: `$(dirname "$0")`')


class Step(Fact, kw_only=True):
    """An srun command, and what it finds where it starts."""

    kind: ClassVar[str] = "step"

    program: str = attribute("the program that starts it", "srun")
    in_job: bool = attribute("whether it starts a step of a job that is there already", False)
    job: str | None = attribute("the value of `--jobid`", None)
    into_running_job: bool | UnknownType = attribute(
        "whether it joins a job, by `--jobid`, that the script itself did not start"
    )
    overlap: bool | UnknownType = attribute("whether it shares what other steps hold")
    immediate: bool | UnknownType = attribute("whether it gives up instead of waiting")
    exact: bool | UnknownType = attribute("whether it takes no more than it asks for")
    beside: str | None = attribute(
        "what never ends and holds all of the job, or all its GPUs, in a step of its own at the "
        "same time: a server, or Ray with `--block`",
        None,
    )
    timeout: str | None = attribute("the limit of the `timeout` around it", None)
    kills_after: bool = attribute("whether that `timeout` kills what does not end", False)
    container_image: str | UnknownType | None = attribute(
        "the image that `--container-image` names", None
    )


FACTS: tuple[type[Fact], ...] = (Directive, Refused, Allocation, OwnFolder, Step)
