"""Values that vLLM refuses, by release."""

from __future__ import annotations

import pytest

from doctor.vllm.refused import refused
from doctor.vllm.releases import in_words
from doctor.vllm.tables import Tables

from .conftest import words

REFUSED = [
    ("--gpu-memory-utilization", "95", "any release of vLLM", "at most 1"),
    ("--gpu-memory-utilization", "0", "vLLM 0.11.1 or later", "above 0"),
    ("--port", "99999", "any release of vLLM", "at most 65535"),
    ("--port", "-1", "any release of vLLM", "at least 0"),
    ("--dtype", "fp16", "any release of vLLM", "bfloat16"),
    ("--max-lora-rank", "20", "vLLM 0.11.1 or later", "not one of"),
    ("--kv-cache-dtype", "nvfp4", "vLLM up to 0.19.1", "not one of auto"),
    ("--max-model-len", "-1", "vLLM 0.13.0", "above 0"),
    ("--attention-backend", "flashattn", "vLLM 0.13.0 or later", "not one of"),
]
TAKEN = [
    ("--gpu-memory-utilization", "0.9"),
    ("--gpu-memory-utilization", "1"),
    ("--gpu-memory-utilization", "${SHARE}"),
    ("--port", "8000"),
    ("--dtype", "half"),
    ("--attention-backend", "flash_attn"),
    ("--attention-backend", "auto"),
    ("--max-model-len", "32k"),
    ("--max-model-len", "auto"),
    ("--tool-call-parser", "herms"),  # a rule of its own tells
    ("--model", "a/b"),
]


@pytest.mark.parametrize(("flag", "value", "releases", "problem"), REFUSED)
def test_refused(flag: str, value: str, releases: str, problem: str, tables: Tables) -> None:
    refusal = refused(tables.flags[flag], (), words(value)[0], tables)
    assert refusal is not None
    assert in_words(refusal.releases, tables) == releases
    assert problem in refusal.reason


@pytest.mark.parametrize(("flag", "value"), TAKEN)
def test_taken(flag: str, value: str, tables: Tables) -> None:
    assert refused(tables.flags[flag], (), words(value)[0], tables) is None
