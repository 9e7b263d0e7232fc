"""Facts about vLLM servers: the servers, their flags and variables, and their releases."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from doctor.base.unknown import UNKNOWN, UnknownType
from doctor.facts.base import Fact, attribute

Lack: TypeAlias = Literal["architecture", "tool-parser"]
Goes: TypeAlias = Literal["file", "tee", "pipe", "null", "job", "window", "container", "caller"]
Meets: TypeAlias = Literal["jobs", "array-tasks"]


class Launch(Fact, kw_only=True):
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
    pinned_release: str | None = attribute("the release that is pinned, null if several are", None)
    newer_than_known: bool = attribute(
        "whether that is newer than all releases that vllm-doctor knows; it is then judged as the "
        "newest of these, and what that one lacks counts as unknown",
        False,
    )
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
    with_plugin: bool = attribute(
        "whether variables of the script show an accelerator for which vLLM needs a plug-in", False
    )
    speculative: bool | UnknownType = attribute("whether it decodes speculatively")
    cuda_graphs: bool | UnknownType = attribute(
        "whether it captures CUDA graphs: not with `--enforce-eager`", True
    )
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
    method_refused: str | None = attribute(
        "why the release that is pinned does not run the method, in a few words", None
    )
    speculation_fault: str | None = attribute(
        "why vLLM refuses what the line says about speculation, in a few words", None
    )
    unknown_method: str | None = attribute(
        "the method as it is written, where no release knows it", None
    )
    likely_method: str | None = attribute("a method of much the same name", None)
    pipeline_parallel_size: int | UnknownType = attribute(
        "the stages of the pipeline that the model is split into", 1
    )
    pipeline_refused: str | None = attribute(
        "why some releases refuse its speculation for a model in a pipeline, in a few words", None
    )
    pipeline_refused_in: str = attribute("those releases, in words", "no release")
    pipeline_counts: bool | UnknownType = attribute(
        "whether the candidate releases are among them; unknown where some are", False
    )
    tensor_parallel_size: int | UnknownType | None = attribute("the value of the flag")
    attention_heads: int | None = attribute(
        "the model's attention heads, by the `config.json` of its folder; null if none can be read",
        None,
    )
    heads_shared: bool | UnknownType = attribute(
        "whether the tensor parallel size divides them", UNKNOWN
    )
    expert_parallel: bool | UnknownType = attribute(
        "whether `--enable-expert-parallel` is given", UNKNOWN
    )
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
    lacks: Lack | None = attribute(
        "what a release that is too old lacks: `architecture` or `tool-parser`", None
    )
    stdout_goes: Goes | UnknownType = attribute(
        "where its standard output goes: `file`, `tee`, `pipe`, `null`, `job` (the job's own "
        "output), `window` (tmux, screen), `container` (its log), `caller` (whatever the script's "
        "own output is)"
    )
    stderr_goes: Goes | UnknownType = attribute("where its standard error goes, told likewise")
    log_kept: bool | UnknownType = attribute(
        "whether its output can be read later: false where all of it goes to a window of tmux or "
        "screen, or is thrown away"
    )
    log: str | None = attribute("the file of its standard output, unknowns by their names", None)
    errors_joined_late: bool = attribute(
        "whether it says `2>&1 > FILE`, the wrong way round", False
    )
    gpus_needed: int | UnknownType = attribute(
        "the GPUs that it needs on a node: by its tensor, pipeline and data parallel sizes"
    )
    gpus_given: int | UnknownType | None = attribute(
        "the GPUs that it may use at most; null where nothing is known to limit it", None
    )
    gpus_given_by: str = attribute(
        "what limits it, in words: `the job`, `CUDA_VISIBLE_DEVICES`, …", "nothing"
    )
    gpus_lacking: int | UnknownType = attribute("how many more it needs than it is given")
    weights: float | None = attribute(
        "the least GiB that the model's weights take on the server's own node, by its recipe; null "
        "where none tells, where the line may change that, or other nodes may hold a part",
        None,
    )
    gpu_type: str | None = attribute(
        "the type of its GPUs, as the step, the job, a feature that it asks for or the site's "
        "configuration names it; null where that is not known",
        None,
    )
    gpu_memory: int | None = attribute("the most GiB that a GPU of this type has", None)
    most_memory_share: float | UnknownType = attribute(
        "the share asked for, or the greatest default of the candidate releases"
    )
    weights_room: float | None = attribute(
        "the GiB that there are for the weights at most: its GPUs' memory by the share", None
    )
    weights_fit: bool | UnknownType = attribute("whether the weights have room there")
    gpu_uuid: str | None = attribute(
        "the first GPU that `CUDA_VISIBLE_DEVICES` names by its UUID, null for none", None
    )
    reads_gpu_uuids: bool | UnknownType = attribute(
        "whether the candidate releases read such UUIDs; unknown where some do"
    )
    port_meets: Meets | None = attribute(
        "whose servers on the node may want its port, which is always the same: other `jobs`', or "
        "those of the job's own `array-tasks`; null where none may",
        None,
    )
    gpus_looked_at: bool | UnknownType = attribute(
        "whether the job that it runs in looks at its GPUs before the server starts"
    )
    on_amd: bool = attribute("whether the script shows that its GPUs are AMD's", False)
    on_submit_host: bool = attribute(
        "whether `salloc` starts it, which runs its command on the host where it is called", False
    )
    ends_with_job: bool | UnknownType = attribute(
        "whether it runs in the background of a batch script that ends while it runs"
    )


class GivenFlag(Fact, kw_only=True):
    """A flag of a vLLM server, judged by the releases that all else on the line allows."""

    kind: ClassVar[str] = "flag"

    name: str = attribute("the flag's full name: `--tensor-parallel-size` for `-tp`")
    spelling: str = attribute("the flag as written, without its value")
    line_open: bool = attribute("whether the line may hold flags that can't be seen", False)
    foreign: bool = attribute(
        "whether a flag on the line belongs to a program that extends vLLM, such as `--omni`", False
    )
    known: bool | UnknownType = attribute("whether any release knows it", True)
    suggestion: str | None = attribute("a flag of much the same name", None)
    of_program: str | None = attribute(
        "the program around the server whose option it is, where no release knows it", None
    )
    pinned: bool = attribute("whether the script or the configuration says which release", False)
    of_newest: bool = attribute(
        "whether the server runs in an image of vLLM's whose tag names no release, but whatever "
        "is the newest: `latest`, `nightly`, or none",
        False,
    )
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
    replacement: str | None = attribute("what to do instead, in words: `Use --x`", None)
    rewrite: str | None = attribute(
        "what to write instead, `VALUE` standing for its value, where all candidate releases "
        "accept that; empty if it can go",
        None,
    )
    rewrite_in_words: str | None = attribute(
        "what to do, in words: write a flag, or delete it", None
    )
    rewrite_same: bool = attribute("whether that then means the same", False)
    fault: str | None = attribute("what is wrong with its value", None)
    fault_in: str = attribute("the releases that mind, in words", "no release")
    fault_counts: bool | UnknownType = attribute(
        "whether the candidate releases mind that; unknown where some do", False
    )


class GivenVariable(Fact, kw_only=True):
    """A variable named `VLLM_…` that the script gives to a vLLM server."""

    kind: ClassVar[str] = "variable"

    name: str = attribute("the variable's name")
    is_on: bool = attribute("whether it holds `1` or `true`", False)
    known: bool | UnknownType = attribute("whether any release reads it", True)
    used_by_script: bool = attribute(
        "whether the script, or another one or a Python program that it starts, does something "
        "with it",
        False,
    )
    suggestion: str | None = attribute("a variable of much the same name that vLLM reads", None)
    flag: str | None = attribute("the flag of the same name, where no release reads it", None)
    pinned: bool = attribute("whether the script or the configuration says which release", False)
    read: bool | UnknownType = attribute(
        "whether the candidate releases read it; unknown where some do"
    )
    newest_reads: bool = attribute("whether the newest release reads it", False)
    too_new: bool = attribute("whether it only came after the candidate releases", False)
    added: str | None = attribute("the first release that reads it", None)
    removed: str | None = attribute("the first release that does not read it any more", None)
    replacement: str | None = attribute("what to do instead, in words: `Use --x`", None)
    rewrite: str | None = attribute(
        "the flag to give instead, `VALUE` standing for the variable's value, where all candidate "
        "releases accept it; empty if the variable can go",
        None,
    )
    rewrite_in_words: str | None = attribute(
        "what to do, in words: write a flag, or delete it", None
    )
    rewrite_same: bool = attribute("whether that then means the same", False)


class KeptVariable(Fact, kw_only=True):
    """A variable for a vLLM server that the script sets without exporting it."""

    kind: ClassVar[str] = "kept-variable"

    name: str = attribute("the variable's name")


class Requirement(Fact, kw_only=True):
    """A place that says which release of a package is used."""

    kind: ClassVar[str] = "requirement"

    package: str = attribute("the package's name, normalised: `vllm`")
    version: str | UnknownType | None = attribute("the one release it pins, or null")
    via: str = attribute("`pip`, `uv`, `uvx`, `conda`, `image`, `module`")
    written: str = attribute("the requirement as written: `vllm==0.12.0`")
    better: str | UnknownType | None = attribute(
        "of the releases that aren't listed as broken and run all servers of the script, the one "
        "next to the pinned one; null if there is none"
    )
    concerns: bool | UnknownType = attribute(
        "whether what is broken in that release concerns a server of the script; unknown where "
        "the script starts none, or nothing tells whom it concerns",
        UNKNOWN,
    )


FACTS: tuple[type[Fact], ...] = (Launch, GivenFlag, GivenVariable, KeptVariable, Requirement)
