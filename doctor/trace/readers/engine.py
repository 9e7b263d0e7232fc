"""The engine: what a server's compiled code depends on, and so which files of a cache it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doctor.base.record import Record
from doctor.values.value import ARRAY_TASK, JOB, USER, Value
from doctor.vllm.arguments import Flag, may_be_several
from doctor.vllm.server import Server
from doctor.vllm.tables import Tables

#: Flags that change nothing about what a server compiles.
_NOT_OF_THE_ENGINE = frozenset(
    [
        "--port",
        "--host",
        "--uds",
        "--device-ids",
        "--served-model-name",
        "--api-key",
        "--uvicorn-log-level",
        "--root-path",
        "--disable-log-requests",
        "--enable-log-requests",
        "--disable-log-stats",
        "--middleware",
        "--disable-uvicorn-access-log",
        "--allowed-origins",
        "--ssl-keyfile",
        "--ssl-certfile",
        "--tool-call-parser",
        "--enable-auto-tool-choice",
        "--reasoning-parser",
        "--chat-template",
        "--tool-parser-plugin",
        "--response-role",
        "--max-log-len",
        "--otlp-traces-endpoint",
    ]
)
#: Variables of vLLM that are no part of its cache's key, from 0.12.0 on: `vllm/envs.py`,
#: `compile_factors`, which takes all others. Older ones take fewer, so less is told of them.
_NOT_OF_THE_KEY = frozenset(
    "VLLM_ASSETS_CACHE VLLM_ASSETS_CACHE_MODEL_CLEAN VLLM_AUDIO_FETCH_TIMEOUT VLLM_CACHE_ROOT "
    "VLLM_CI_USE_S3 VLLM_CPU_KVCACHE_SPACE VLLM_CPU_MOE_PREPACK VLLM_CPU_NUM_OF_RESERVED_CPU "
    "VLLM_CPU_OMP_THREADS_BIND VLLM_CPU_SGL_KERNEL VLLM_DEBUG_DUMP_PATH "
    "VLLM_DEBUG_LOG_API_SERVER_RESPONSE VLLM_DO_NOT_TRACK VLLM_DP_MASTER_IP VLLM_DP_MASTER_PORT "
    "VLLM_ENABLE_V1_MULTIPROCESSING VLLM_ENGINE_ITERATION_TIMEOUT_S "
    "VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS VLLM_HOST_IP VLLM_HTTP_TIMEOUT_KEEP_ALIVE "
    "VLLM_IMAGE_FETCH_TIMEOUT VLLM_KEEP_ALIVE_ON_ENGINE_DEATH VLLM_LOGGING_COLOR "
    "VLLM_LOGGING_CONFIG_PATH VLLM_LOGGING_LEVEL VLLM_LOGGING_PREFIX VLLM_LOGGING_STREAM "
    "VLLM_LOG_STATS_INTERVAL VLLM_MAX_AUDIO_CLIP_FILESIZE_MB VLLM_MEDIA_CONNECTOR "
    "VLLM_MEDIA_LOADING_THREAD_COUNT VLLM_MEDIA_URL_ALLOW_REDIRECTS VLLM_MODEL_REDIRECT_PATH "
    "VLLM_NO_USAGE_STATS VLLM_PORT VLLM_RANDOMIZE_DP_DUMMY_INPUTS "
    "VLLM_RINGBUFFER_WARNING_INTERVAL VLLM_RPC_BASE_PATH VLLM_SERVER_DEV_MODE "
    "VLLM_SLEEP_WHEN_IDLE VLLM_TEST_FORCE_LOAD_FORMAT VLLM_TUNED_CONFIG_FOLDER "
    "VLLM_USAGE_STATS_SERVER VLLM_USE_MODELSCOPE VLLM_V1_OUTPUT_PROC_CHUNK_SIZE "
    "VLLM_VIDEO_FETCH_TIMEOUT VLLM_VIDEO_LOADER_BACKEND VLLM_WORKER_MULTIPROC_METHOD".split()
)
#: What is the same for all servers of one script.
_SAME = frozenset({USER, JOB, ARRAY_TASK})


class Engine(Record):
    """What the compiled code depends on, in words, and since when it is so in the walk."""

    words: tuple[str, ...]
    since: int


def engine(
    server: Server, words: Sequence[Value], environment: Mapping[str, Value], tables: Tables
) -> Engine | None:
    """What the compiled code depends on, of all that the line and the variables say.

    Unknown words, ``"$@"``, are the same for all servers of a script unless they vary.
    """
    model = server.value("model")
    everything = server.arguments.flags
    said = [v for flag in everything for v in flag.values if not may_be_several(v)]
    hidden = [word for word in words if word.many and word not in said]
    flags = [flag for flag in everything if flag.name not in _NOT_OF_THE_ENGINE]
    variables = {n: v for n, v in environment.items() if _counts(n) and n in tables.variables}
    values = [*hidden, *(value for flag in flags for value in flag.values), *variables.values()]
    if model is not None:
        values.append(model)
    elif not hidden:
        return None
    if any(value.varies - _SAME for value in values):
        return None
    shown = [_shown(flag) for flag in flags if flag.name != "--model"]
    shown += [f"{name}={value.identity}" for name, value in variables.items()]
    unseen = [word.identity for word in hidden]
    named = model.identity if model is not None else ""
    said_since = max((value.since for value in values), default=0)
    return Engine((named, *sorted(shown), *unseen), said_since)


def _shown(flag: Flag) -> str:
    values = " ".join(value.identity for value in flag.values)
    return f"{'no ' if flag.negated else ''}{flag.name}{'.'.join(flag.keys)} {values}"


def _counts(name: str) -> bool:
    """Whether a variable is one of vLLM's that may be a part of the cache's key."""
    return name.startswith("VLLM_") and name not in _NOT_OF_THE_KEY
