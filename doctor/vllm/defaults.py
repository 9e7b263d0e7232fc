"""What a server does where its line says nothing, which depends on the release.

Where the candidates differ, the share of memory is the lesser one, and the server compiles, as
it does in every release of the last years.
"""

from __future__ import annotations

from doctor.values.value import UNKNOWN, UnknownType
from doctor.vllm import memory_share
from doctor.vllm.releases import Candidates
from doctor.vllm.server import Server

#: From here on the engine that compiles by default is the default engine.
_COMPILING = "0.8.0"
#: From here on there is no other engine.
_ONLY_ENGINE = "0.11.0"


def gpu_memory_utilization(server: Server, candidates: Candidates) -> float | UnknownType:
    """The share of a GPU's memory that the server takes, given or by default."""
    if server.gpu_memory_utilization is not None:
        return server.gpu_memory_utilization
    if server.kv_cache_memory_bytes is not None:  # then the share doesn't count
        return UNKNOWN
    older = candidates.likely & candidates.tables.before(memory_share.CHANGED_IN)
    return memory_share.BEFORE if older else memory_share.SINCE


def compiles(server: Server, candidates: Candidates) -> bool | UnknownType:
    """Whether the server compiles its model, and so fills a compile cache."""
    if server.compilation_off is not False:
        return UNKNOWN if server.compilation_off is UNKNOWN else False
    if server.compilation_asked is True:
        return True
    tables = candidates.tables
    compiling = tables.since(_COMPILING)
    if server.engine_version == "0":
        compiling = tables.since(_ONLY_ENGINE)
    elif server.engine_version == "1":
        compiling = tables.every
    return bool(candidates.likely & compiling)


def writes_compile_cache(server: Server, candidates: Candidates) -> bool | UnknownType:
    """Whether the server writes what it compiles to the compile cache."""
    if server.compile_cache_off is UNKNOWN:
        return UNKNOWN
    if server.compile_cache_off == "1":
        return False
    return compiles(server, candidates)
