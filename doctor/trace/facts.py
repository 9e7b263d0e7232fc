"""Facts: what an examination of a script yields, and all that a rule may speak of.

A fact is a frozen dataclass. Its fields are the attributes of the rule language, with ``-`` for
``_``. An attribute holds its value, ``None`` where it is known to be absent, or ``UNKNOWN``.
``evidence`` tells for an attribute where it was written and on what assumptions it rests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from doctor.diagnostic import Location
from doctor.trace.values import UNKNOWN, Assumption, UnknownType


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where an attribute was written (first the place to point at), and what it rests on."""

    locations: tuple[Location, ...] = ()
    assumes: frozenset[Assumption] = frozenset()


def attribute(doc: str, default: Any = UNKNOWN) -> Any:
    """A field of a fact; ``doc`` is what the rule language's reference says of it."""
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What every fact has: the command or line it comes from, and where its attributes stand."""

    kind: ClassVar[str] = ""

    location: Location
    evidence: Mapping[str, Evidence] = field(default_factory=dict, compare=False, repr=False)
    in_slurm: bool | UnknownType = attribute(
        "true where the script shows that Slurm is in play, or the configuration says so", False
    )


@dataclass(frozen=True, kw_only=True)
class InputFile(Fact):
    """A file that was to be examined."""

    kind: ClassVar[str] = "file"

    problem: str | None = attribute("`unreadable`, `too-large` or null", None)
    reason: str = attribute("why it could not be examined, in a few words", "")


@dataclass(frozen=True, kw_only=True)
class Conflict(Fact):
    """Two sources of knowledge that disagree, one of them the site's."""

    kind: ClassVar[str] = "conflict"

    topic: str = attribute(
        "`tool-parser`, `reasoning-parser`, `first-release`, `method`, `drafter` or "
        "`broken-release`"
    )
    subject: str = attribute("what they disagree on, in a few words")
    says: str = attribute("what the source that wins says")
    other_says: str = attribute("what the other source says")
    other_place: str = attribute("where the other source says so: file and line")


@dataclass(frozen=True, kw_only=True)
class UnparsedStatement(Fact):
    """A statement that could not be read."""

    kind: ClassVar[str] = "unparsed"

    reason: str = attribute("why it could not be read, in a few words", "")


@dataclass(frozen=True, kw_only=True)
class Suppression(Fact):
    """A comment that suppresses diagnostics."""

    kind: ClassVar[str] = "suppression"

    unused: str | None = attribute("the codes that it names and that suppressed nothing", None)


@dataclass(frozen=True, kw_only=True)
class Directive(Fact):
    """A line that sbatch reads as options, or that looks as if it did."""

    kind: ClassVar[str] = "directive"

    text: str = attribute("the line", "")
    effect: str = attribute(
        "`effective`, or why sbatch ignores the line: `after-first-command`, `misspelt`, "
        "`indented`, `commented-out`, `in-here-document`"
    )
    read_until: int | None = attribute("the row at which sbatch stops reading options", None)
    variable: str | None = attribute("a shell variable in it, which sbatch takes literally", None)
    meant: str | None = attribute("the line as sbatch would read it, where it is misspelt", None)


@dataclass(frozen=True, kw_only=True)
class Allocation(Fact):
    """A request for nodes: the `#SBATCH` header, sbatch, salloc, or an srun that allocates."""

    kind: ClassVar[str] = "allocation"

    by: str = attribute("`header`, `sbatch`, `salloc` or `srun`")
    asks_gpus: bool | UnknownType = attribute("whether it asks for GPUs")
    nodes: int | UnknownType | None = attribute("how many nodes it asks for (the least)", None)
    tasks: int | UnknownType | None = attribute("how many tasks it asks for", None)
    gpus_per_node: int | UnknownType | None = attribute("GPUs asked for on each node", None)
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
        "an `--exclude` value that Slurm reads as another node's name (`-x=NODE`)", None
    )
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


@dataclass(frozen=True, kw_only=True)
class Deletion(Fact):
    """One path or pattern that a command deletes."""

    kind: ClassVar[str] = "deletion"

    path: str = attribute("the path or pattern, unknowns by their names")
    folder: str | UnknownType = attribute("the shared folder that it lies in")
    folder_sharing: str | UnknownType = attribute("`all-users` or `private`")
    reaches_others: bool | UnknownType = attribute("whether it matches paths that other users own")
    program: str = attribute("the command that deletes: `rm`, `find`, `rsync`, …")


@dataclass(frozen=True, kw_only=True)
class Requirement(Fact):
    """A place that says which release of a package is used."""

    kind: ClassVar[str] = "requirement"

    package: str = attribute("the package's name, normalised: `vllm`")
    version: str | UnknownType | None = attribute("the one release it pins, or null")
    via: str = attribute("`pip`, `uv`, `uvx`, `conda`, `image`, `module`")
    written: str = attribute("the requirement as written: `vllm==0.12.0`")


@dataclass(frozen=True, kw_only=True)
class WrittenPath(Fact):
    """A path below a shared folder that the script writes."""

    kind: ClassVar[str] = "path"

    path: str = attribute("the path, unknowns by their names")
    folder: str = attribute("the shared folder that it lies in")
    owned: bool | UnknownType = attribute(
        "whether its name holds the user, the job, the process or something random"
    )
    how: str = attribute("`redirection`, `tee`, `mkdir`, `variable` or `option`")


@dataclass(frozen=True, kw_only=True)
class Launch(Fact):
    """A vLLM server that the script would start."""

    kind: ClassVar[str] = "launch"

    model: str | UnknownType | None = attribute("the model as given: a hub name or a path")
    model_is_path: bool | UnknownType = attribute(
        "whether the model is a path, whose name is only a hint of what lies there"
    )
    releases: frozenset[str] | UnknownType = attribute(
        "the releases of vLLM that could run this line"
    )
    pinned: bool = attribute("whether the script or the configuration says which release", False)
    conflict: str | None = attribute("why no release accepts this line, if none does", None)
    tool_call_parser: str | UnknownType | None = attribute("the value of `--tool-call-parser`")
    auto_tool_choice: bool | UnknownType = attribute("whether `--enable-auto-tool-choice` is given")
    parser_plugin: bool | UnknownType = attribute("whether `--tool-parser-plugin` is given")
    reasoning_parser: str | UnknownType | None = attribute("the value of `--reasoning-parser`")
    chat_template: bool | UnknownType = attribute("whether `--chat-template` is given")
    gpu_memory_utilization: float | UnknownType | None = attribute(
        "the share of the GPU's memory that is asked for; null where the default counts"
    )
    memory_share: float | UnknownType = attribute(
        "the share in force: the one asked for, or the least default of the candidate releases"
    )
    speculative: bool | UnknownType = attribute("whether it decodes speculatively")
    speculation_method: str | UnknownType | None = attribute(
        "the speculation method, as given or as vLLM infers it"
    )
    draft_model: str | UnknownType | None = attribute("the drafter, if one is given")
    drafter_on_gpu: bool | UnknownType = attribute(
        "whether the method keeps a drafter's weights in GPU memory (not `ngram`, `suffix`)"
    )
    drafter_fits: bool | UnknownType = attribute(
        "whether the drafter was trained for the model, as far as both are known"
    )
    method_fits: bool | UnknownType = attribute(
        "whether the method is one that the drafter, or the model without one, is made for"
    )
    speculation_fault: str | None = attribute(
        "why vLLM refuses what the line says about speculation, in a few words", None
    )
    tensor_parallel_size: int | UnknownType | None = attribute("the value of the flag")
    draft_tensor_parallel_size: int | UnknownType | None = attribute(
        "over how many GPUs the drafter is to be split; null where it follows the model"
    )
    draft_tensor_parallel_fits: bool | UnknownType = attribute(
        "whether that is 1 or the model's, as vLLM demands"
    )
    reasoning_plugin: bool | UnknownType = attribute("whether `--reasoning-parser-plugin` is given")
    needs_release: str | None = attribute(
        "the first release that knows the model's architecture or, where that is old enough, has "
        "the parser for the tool calls that are asked for; null where that is not known",
        None,
    )
    too_old: bool | UnknownType = attribute(
        "whether the release that is pinned is older than that", False
    )
    lacks: str | None = attribute(
        "what a release that is too old lacks: `architecture` or `tool-parser`", None
    )
    stdout_goes: str | UnknownType = attribute(
        "where its standard output goes: `file`, `tee`, `pipe`, `null`, `job` (the job's own "
        "output), `window` (tmux, screen), `container` (its log), `caller` (whatever the script's "
        "own output is)"
    )
    stderr_goes: str | UnknownType = attribute("where its standard error goes, told likewise")
    log: str | None = attribute("the file of its standard output, unknowns by their names", None)
    errors_joined_late: bool = attribute(
        "whether it says `2>&1 > FILE`, the wrong way round", False
    )
    ends_with_job: bool | UnknownType = attribute(
        "whether it runs in the background of a batch script that ends while it runs"
    )


@dataclass(frozen=True, kw_only=True)
class GivenFlag(Fact):
    """A flag of a vLLM server, judged by the releases that all else on the line allows."""

    kind: ClassVar[str] = "flag"

    name: str = attribute("the flag's full name: `--tensor-parallel-size` for `-tp`")
    spelling: str = attribute("the flag as written, without its value")
    line_open: bool = attribute("whether the line may hold flags that can't be seen", False)
    foreign: bool = attribute(
        "whether a flag on the line belongs to a program that extends vLLM, such as `--omni`", False
    )
    known: bool = attribute("whether any release knows it", True)
    suggestion: str | None = attribute("a flag of much the same name", None)
    pinned: bool = attribute("whether the script or the configuration says which release", False)
    accepted: bool | UnknownType = attribute(
        "whether the candidate releases accept it so; unknown where some do"
    )
    newest_accepts: bool = attribute("whether the newest release accepts it so", False)
    too_new: bool = attribute("whether it only came after the candidate releases", False)
    accepted_by: str = attribute("the releases that accept it so, in words", "no release")
    added: str | None = attribute("the release that brought it", None)
    removed: str | None = attribute("the first release without it", None)
    deprecated: bool | UnknownType = attribute(
        "whether it is deprecated in the candidate releases; unknown where it is in some"
    )
    deprecated_in: str | None = attribute("the release that deprecated it", None)
    replacement: str | None = attribute("what to write instead", None)
    fault: str | None = attribute("what is wrong with its value", None)
    fault_counts: bool | UnknownType = attribute(
        "whether the candidate releases mind that; unknown where some do", False
    )


@dataclass(frozen=True, kw_only=True)
class GivenVariable(Fact):
    """A variable named `VLLM_…` that the script gives to a vLLM server."""

    kind: ClassVar[str] = "variable"

    name: str = attribute("the variable's name")
    is_on: bool = attribute("whether it holds `1` or `true`", False)
    known: bool = attribute("whether any release reads it", True)
    used_by_script: bool = attribute("whether the script itself does something with it", False)
    suggestion: str | None = attribute("a variable of much the same name that vLLM reads", None)
    pinned: bool = attribute("whether the script or the configuration says which release", False)
    read: bool | UnknownType = attribute(
        "whether the candidate releases read it; unknown where some do"
    )
    newest_reads: bool = attribute("whether the newest release reads it", False)
    too_new: bool = attribute("whether it only came after the candidate releases", False)
    added: str | None = attribute("the first release that reads it", None)
    removed: str | None = attribute("the first release that does not read it any more", None)
    replacement: str | None = attribute("what to use instead", None)


@dataclass(frozen=True, kw_only=True)
class CacheFolder(Fact):
    """A variable that says where a server keeps what it compiled."""

    kind: ClassVar[str] = "cache"

    variable: str = attribute("the variable: `VLLM_CACHE_ROOT`, …")
    path: str = attribute("the folder, unknowns by their names")
    lost: str | UnknownType | None = attribute(
        "why the folder does not last: `node-local`, `memory`, `job`, or null where it does"
    )
    decides: bool | UnknownType = attribute(
        "whether the server's compiled code lies there in all candidate releases"
    )
    compiles: bool = attribute("false where the server surely compiles nothing", True)


@dataclass(frozen=True, kw_only=True)
class SharedCache(Fact):
    """Servers of one engine that run at the same time and write one compile cache."""

    kind: ClassVar[str] = "shared-cache"

    count: int | UnknownType = attribute("how many servers there are")
    servers: str = attribute("the servers in a few words: `4 servers`, `all tasks of the step`")
    cache: str = attribute("the folder, unknowns by their names")
    set_by: str | None = attribute("the variable that puts it there, null for the default", None)
    isolated_by: str | None = attribute(
        "a variable that differs between the servers and yet does not keep their caches apart",
        None,
    )
    isolation_fault: str | None = attribute("why it does not, in a few words", None)
    compiles: bool | UnknownType = attribute("whether the servers compile at all")
    releases: frozenset[str] | UnknownType = attribute("the releases that could run them")


@dataclass(frozen=True, kw_only=True)
class SharedPort(Fact):
    """Servers on one machine that run at the same time and listen on one port."""

    kind: ClassVar[str] = "shared-port"

    count: int | UnknownType = attribute("how many servers there are")
    servers: str = attribute("the servers in a few words: `4 servers`, `all tasks of the step`")
    port: str = attribute("the port, unknowns by their names")
    is_default: bool = attribute("whether it is the default, no port being given", False)


@dataclass(frozen=True, kw_only=True)
class Secret(Fact):
    """A password or token that is written into a script; the fact itself doesn't hold it."""

    kind: ClassVar[str] = "secret"

    what: str = attribute("what it is, in a few words: `a Hugging Face token`")


@dataclass(frozen=True, kw_only=True)
class Step(Fact):
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
        "a server that holds all of the job in a step of its own at the same time", None
    )
    timeout: str | None = attribute("the limit of the `timeout` around it", None)
    kills_after: bool = attribute("whether that `timeout` kills what does not end", False)
    container_image: str | UnknownType | None = attribute(
        "the image that `--container-image` names", None
    )


@dataclass(frozen=True, kw_only=True)
class NamedKill(Fact):
    """A command that ends processes by their name."""

    kind: ClassVar[str] = "kill"

    program: str = attribute("`pkill` or `killall`")
    pattern: str = attribute("the name or pattern, unknowns by their names")
    selective: bool = attribute(
        "whether a user, parent, session, terminal or something of the job's own narrows it", False
    )
    node_shared: bool | UnknownType = attribute(
        "whether other jobs may run on the node: false in a job with whole nodes"
    )


@dataclass(frozen=True, kw_only=True)
class PaneCapture(Fact):
    """A `tmux capture-pane`."""

    kind: ClassVar[str] = "pane-capture"

    prints: bool = attribute("whether it prints what it captures", False)
    history: bool = attribute("whether it is asked for more than the visible pane", False)


#: Every kind of fact that a rule may name.
FACTS: Mapping[str, type[Fact]] = {
    fact.kind: fact
    for fact in (
        InputFile,
        Conflict,
        UnparsedStatement,
        Suppression,
        Directive,
        Allocation,
        Deletion,
        Requirement,
        WrittenPath,
        Launch,
        GivenFlag,
        GivenVariable,
        CacheFolder,
        SharedCache,
        SharedPort,
        Secret,
        Step,
        NamedKill,
        PaneCapture,
    )
}
