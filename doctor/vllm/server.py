"""A vLLM server: what its command line and environment make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from doctor.base.record import Record
from doctor.facts.base import Evidence
from doctor.values.value import UNKNOWN, UnknownType, Value
from doctor.vllm.arguments import Arguments, read_arguments
from doctor.vllm.lookup import LookUp
from doctor.vllm.models import ModelName, model_name
from doctor.vllm.program import Program
from doctor.vllm.speculation import Speculation
from doctor.vllm.tables import Tables


class Server(Record, kw_only=True):
    """A server. None: known not to be given; UNKNOWN: it may be given, or its value is unknown.

    ``sources`` has for each attribute that is given the words that give it.
    """

    kind: str
    arguments: Arguments
    model: str | UnknownType | None
    model_name: str | UnknownType | None
    model_is_local: bool | UnknownType
    served_model_names: tuple[str, ...] | UnknownType | None
    tensor_parallel_size: int | UnknownType
    pipeline_parallel_size: int | UnknownType
    data_parallel_size: int | UnknownType
    data_parallel_size_local: int | UnknownType | None
    data_parallel_rank: int | UnknownType | None
    nnodes: int | UnknownType
    node_rank: int | UnknownType | None
    headless: bool | UnknownType
    distributed_executor_backend: str | UnknownType | None
    host: str | UnknownType | None
    port: int | UnknownType
    uds: str | UnknownType | None
    gpu_memory_utilization: float | UnknownType | None
    kv_cache_memory_bytes: str | UnknownType | None
    enforce_eager: bool | UnknownType
    cuda_graphs: bool | UnknownType
    compilation_off: bool | UnknownType
    compilation_asked: bool | UnknownType
    compile_cache_off: str | UnknownType | None
    engine_version: str | UnknownType | None
    speculation: Speculation
    tool_call_parser: str | UnknownType | None
    enable_auto_tool_choice: bool | UnknownType
    enable_expert_parallel: bool | UnknownType
    tool_parser_plugin: str | UnknownType | None
    reasoning_parser: str | UnknownType | None
    reasoning_parser_plugin: str | UnknownType | None
    chat_template: str | UnknownType | None
    max_model_len: str | UnknownType | None
    quantization: str | UnknownType | None
    dtype: str | UnknownType | None
    trust_remote_code: bool | UnknownType
    uvicorn_log_level: str | UnknownType | None
    disable_log_requests: bool | UnknownType
    disable_log_stats: bool | UnknownType
    disable_uvicorn_access_log: bool | UnknownType
    api_key_given: bool | UnknownType
    config_file: str | UnknownType | None
    sources: Mapping[str, tuple[Value, ...]] = field(default_factory=dict, repr=False)

    @property
    def open(self) -> bool:
        """Whether it may have flags that can't be seen."""
        return self.arguments.open

    def value(self, attribute: str) -> Value | None:
        """The word that gives an attribute."""
        words = self.sources.get(attribute)
        return words[0] if words else None

    @property
    def evidence(self) -> dict[str, Evidence]:
        """For each attribute that is given its places, and what it rests on."""
        return {
            attribute: Evidence(
                tuple(place for value in values if (place := value.location)),
                frozenset().union(*(value.assumes for value in values)),
            )
            for attribute, values in self.sources.items()
        }


#: Attributes that are a flag's text, number or presence, by the flag; with their default.
_TEXTS = {
    "host": "--host",
    "uds": "--uds",
    "distributed_executor_backend": "--distributed-executor-backend",
    "kv_cache_memory_bytes": "--kv-cache-memory-bytes",
    "tool_call_parser": "--tool-call-parser",
    "tool_parser_plugin": "--tool-parser-plugin",
    "reasoning_parser": "--reasoning-parser",
    "reasoning_parser_plugin": "--reasoning-parser-plugin",
    "chat_template": "--chat-template",
    "max_model_len": "--max-model-len",
    "quantization": "--quantization",
    "dtype": "--dtype",
    "uvicorn_log_level": "--uvicorn-log-level",
    "config_file": "--config",
}
_NUMBERS: Mapping[str, tuple[str, int | None]] = {
    "tensor_parallel_size": ("--tensor-parallel-size", 1),
    "pipeline_parallel_size": ("--pipeline-parallel-size", 1),
    "data_parallel_size": ("--data-parallel-size", 1),
    "data_parallel_size_local": ("--data-parallel-size-local", None),
    "data_parallel_rank": ("--data-parallel-rank", None),
    "nnodes": ("--nnodes", 1),
    "node_rank": ("--node-rank", None),
    "port": ("--port", 8000),
}
_SWITCHES = {
    "headless": "--headless",
    "enforce_eager": "--enforce-eager",
    "enable_auto_tool_choice": "--enable-auto-tool-choice",
    "enable_expert_parallel": "--enable-expert-parallel",
    "trust_remote_code": "--trust-remote-code",
    "disable_log_requests": "--disable-log-requests",
    "disable_log_stats": "--disable-log-stats",
    "disable_uvicorn_access_log": "--disable-uvicorn-access-log",
}
_MEMORY = ("--gpu-memory-utilization", "--device-memory-utilization")


def read_server(program: Program, environment: Mapping[str, Value], tables: Tables) -> Server:
    """The server that a program's words start in an environment."""
    positional = program.kind == "serve"
    arguments = read_arguments(program.arguments, tables, positional=positional)
    look_up = LookUp(arguments, environment)
    found: dict[str, Any] = {}
    for attribute, name in _TEXTS.items():
        found[attribute] = look_up.text(attribute, name)
    for attribute, (name, default) in _NUMBERS.items():
        found[attribute] = look_up.number(attribute, name, default)
    for attribute, name in _SWITCHES.items():
        found[attribute] = look_up.switch(attribute, name)
    model = look_up.model(positional)
    named = model_name(model) if isinstance(model, Value) else ModelName(model, UNKNOWN)
    return Server(
        kind=program.kind,
        arguments=arguments,
        model=(model.text or UNKNOWN) if isinstance(model, Value) else model,
        model_name=named.name,
        model_is_local=named.local,
        served_model_names=look_up.texts("served_model_names", "--served-model-name"),
        gpu_memory_utilization=look_up.fraction("gpu_memory_utilization", *_MEMORY),
        compilation_off=look_up.compilation_off("compilation_off", found["enforce_eager"]),
        cuda_graphs=look_up.cuda_graphs(found["enforce_eager"]),
        compilation_asked=look_up.compilation_asked(),
        compile_cache_off=look_up.variable("compile_cache_off", "VLLM_DISABLE_COMPILE_CACHE"),
        engine_version=look_up.variable("engine_version", "VLLM_USE_V1"),
        speculation=look_up.speculation(model_name=named.name),
        api_key_given=look_up.given("api_key_given", "--api-key", "VLLM_API_KEY"),
        sources=look_up.sources,
        **found,
    )
