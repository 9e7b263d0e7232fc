"""What a server does where its line says nothing, which depends on the release.

Where the candidates differ, the share of memory is the lesser one, and the server compiles, as
it does in every release of the last years.
"""

from __future__ import annotations

from collections.abc import Mapping

from doctor.values.value import UNKNOWN, UnknownType
from doctor.vllm import memory_share
from doctor.vllm.releases import Candidates
from doctor.vllm.server import Server

#: From here on the engine that compiles by default is the default engine.
_COMPILING = "0.8.0"
#: From here on there is no other engine.
_ONLY_ENGINE = "0.11.0"
#: Flags with which the releases before fall back to the engine that compiles nothing, each with
#: its default (``_is_v1_supported_oracle`` in engine/arg_utils.py of 0.8.0 to 0.10.2).
_FALL_BACK: Mapping[str, tuple[str, ...]] = {
    "--num-scheduler-steps": ("1",),
    "--scheduler-delay-factor": ("0", "0.0"),
    "--max-num-partial-prefills": ("1",),
    "--preemption-mode": (),
    "--disable-async-output-proc": (),
    "--logits-processor-pattern": (),
    "--enable-prompt-adapter": (),
    "--enable-prompt-embeds": (),
    "--otlp-traces-endpoint": (),
    "--collect-detailed-traces": (),
}


def gpu_memory_utilization(server: Server, candidates: Candidates) -> float | UnknownType:
    """The share of a GPU's memory that the server takes, given or by default."""
    if server.gpu_memory_utilization is not None:
        return server.gpu_memory_utilization
    if server.kv_cache_memory_bytes is not None:  # then the share doesn't count
        return UNKNOWN
    older = candidates.likely & candidates.tables.before(memory_share.CHANGED_IN)
    return memory_share.BEFORE if older else memory_share.SINCE


def most_gpu_memory_utilization(server: Server, candidates: Candidates) -> float | UnknownType:
    """The same, but by default the greatest that it may be."""
    if server.gpu_memory_utilization is not None or server.kv_cache_memory_bytes is not None:
        return gpu_memory_utilization(server, candidates)
    newer = candidates.likely & candidates.tables.since(memory_share.CHANGED_IN)
    return memory_share.SINCE if newer else memory_share.BEFORE


def compiles(server: Server, candidates: Candidates) -> bool | UnknownType:
    """Whether the server compiles its model, and so fills a compile cache."""
    if server.compilation_off is not False:
        return UNKNOWN if server.compilation_off is UNKNOWN else False
    if server.compilation_asked is True:
        return True
    tables = candidates.tables
    compiling = tables.since(_COMPILING)
    if server.engine_version == "0" or _falls_back(server):
        compiling = tables.since(_ONLY_ENGINE)
    elif server.engine_version == "1":
        compiling = tables.every
    return bool(candidates.likely & compiling)


def _falls_back(server: Server) -> bool:
    """Whether an older release takes its older engine for the sake of a flag."""
    return any(
        flag.name in _FALL_BACK
        and (flag.value.text if flag.value else "") not in _FALL_BACK[flag.name]
        for flag in server.arguments.flags
    )


def writes_compile_cache(server: Server, candidates: Candidates) -> bool | UnknownType:
    """Whether the server writes what it compiles to the compile cache."""
    if server.compile_cache_off is UNKNOWN:
        return UNKNOWN
    if server.compile_cache_off == "1":
        return False
    return compiles(server, candidates)
