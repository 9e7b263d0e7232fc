"""What a line makes of a server."""

from __future__ import annotations

from typing import Any

import pytest

from doctor.values.value import UNKNOWN, known
from doctor.vllm.program import recognise
from doctor.vllm.server import Server, read_server
from doctor.vllm.tables import Tables

from .conftest import words


def read(line: str, tables: Tables, **environment: str) -> Server:
    program = recognise(words(line))
    assert program is not None
    return read_server(program, {name: known(v) for name, v in environment.items()}, tables)


U = UNKNOWN
LINES: list[tuple[str, dict[str, Any]]] = [
    ("", {"model": None, "port": 8000, "tensor_parallel_size": 1, "host": None}),
    ("a/b", {"model": "a/b", "model_name": "a/b", "model_is_local": False}),
    ("--model a/b", {"model": "a/b"}),
    ("--model=a/b x/y", {"model": "a/b"}),
    ("a/b --served-model-name x y", {"model": "a/b", "served_model_names": ("x", "y")}),
    ("--served-model-name x y", {"model": U, "served_model_names": ("x", "y")}),
    ("--foo a/b", {"model": U}),
    ("$MODEL", {"model": U, "model_name": U, "model_is_local": U, "port": 8000}),
    ("$MODEL --port $PORT", {"port": U, "tensor_parallel_size": 1}),
    ("$ROOT/gpt-oss-120b", {"model": U, "model_name": "gpt-oss-120b", "model_is_local": U}),
    ("$ROOT/m/gpt-oss-120b", {"model_name": "gpt-oss-120b", "model_is_local": True}),
    ("/m/openai/gpt-oss-120b/", {"model_name": "gpt-oss-120b", "model_is_local": True}),
    ("./gpt-oss-120b", {"model_name": "gpt-oss-120b", "model_is_local": True}),
    (
        "/hub/models--openai--gpt-oss-20b/snapshots/$HASH",
        {"model": U, "model_name": "openai/gpt-oss-20b", "model_is_local": True},
    ),
    ('a/b "$@"', {"port": U, "tool_call_parser": U, "enforce_eager": U, "model": "a/b"}),
    ('a/b --port 1 "$@"', {"port": 1}),
    ("--config x.yaml", {"model": U, "port": U, "config_file": "x.yaml"}),
    (
        "a/b -tp 4 -pp 2 -dp 8 -dpl 4",
        {
            "tensor_parallel_size": 4,
            "pipeline_parallel_size": 2,
            "data_parallel_size": 8,
            "data_parallel_size_local": 4,
        },
    ),
    ("a/b --headless --nnodes 2 --node-rank 1", {"headless": True, "nnodes": 2, "node_rank": 1}),
    ("a/b --tensor-parallel-size 2 --tensor-parallel-size 4", {"tensor_parallel_size": 4}),
    ("a/b --tensor-parallel-size many", {"tensor_parallel_size": U}),
    ("a/b --gpu-memory-utilization 0.95", {"gpu_memory_utilization": 0.95}),
    ("a/b --gpu_memory_utilization=.9", {"gpu_memory_utilization": 0.9}),
    ("a/b --device-memory-utilization .8", {"gpu_memory_utilization": 0.8}),
    ("a/b", {"gpu_memory_utilization": None, "enforce_eager": False, "compilation_off": False}),
    ("a/b --enforce-eager", {"enforce_eager": True, "compilation_off": True}),
    ("a/b --no-enforce-eager", {"enforce_eager": False, "compilation_off": False}),
    ("a/b --enforce-eager --no-enforce-eager", {"enforce_eager": False}),
    ("a/b -O0", {"compilation_off": True, "compilation_asked": True}),
    ("a/b -O 0", {"compilation_off": True}),
    ("a/b -O3", {"compilation_off": False, "compilation_asked": True}),
    ("a/b --optimization-level=0", {"compilation_off": True}),
    ("a/b -O.level=0", {"compilation_off": True}),
    ("a/b -cc.mode=0", {"compilation_off": True}),
    ("a/b -cc.mode=NONE", {"compilation_off": True}),
    ("""a/b --compilation-config '{"level": 0}'""", {"compilation_off": True}),
    ("""a/b -O '{"level": 0}'""", {"compilation_off": True}),
    ("""a/b --compilation-config '{"cudagraph_mode": "FULL"}'""", {"compilation_off": False}),
    ("a/b --compilation-config $CC", {"compilation_off": U}),
    ("a/b --compilation-config 3", {"compilation_off": False}),
    (
        "a/b --tool-call-parser hermes",
        {
            "tool_call_parser": "hermes",
            "enable_auto_tool_choice": False,
        },
    ),
    ("a/b --enable-auto-tool-choice", {"tool_call_parser": None, "enable_auto_tool_choice": True}),
    ("a/b --api-key secret", {"api_key_given": True}),
    ("a/b", {"api_key_given": False}),
    ("a/b --trust-remote-code --dtype half", {"trust_remote_code": True, "dtype": "half"}),
]


@pytest.mark.parametrize(("line", "attributes"), LINES, ids=lambda v: v if type(v) is str else "")
def test_attributes(line: str, attributes: dict[str, Any], tables: Tables) -> None:
    server = read(f"vllm serve {line}", tables)
    assert {name: getattr(server, name) for name in attributes} == attributes


def test_the_module_takes_its_model_from_the_flag_alone(tables: Tables) -> None:
    module = "python -m vllm.entrypoints.openai.api_server"
    assert read(f"{module} --model a/b", tables).model == "a/b"
    assert read(module, tables).model is None
    assert read(f"{module} $ARGS", tables).model is UNKNOWN


def test_the_environment_counts(tables: Tables) -> None:
    line = "vllm serve a/b"
    assert read(line, tables, TORCH_COMPILE_DISABLE="1").compilation_off is True
    assert read(line, tables, TORCH_COMPILE_DISABLE="0").compilation_off is False
    assert read(line, tables, VLLM_API_KEY="x").api_key_given is True
    assert read(line, tables, VLLM_USE_V1="0").engine_version == "0"
    assert read(line, tables, VLLM_USE_V1="").engine_version is None


def test_evidence_points_at_the_value_or_the_switch(tables: Tables) -> None:
    server = read("vllm serve a/b --port=80 --enforce-eager -O.level 0", tables)
    columns = {
        name: [(at.start.column, at.end.column) for at in evidence.locations]
        for name, evidence in server.evidence.items()
    }
    assert columns["model"] == [(12, 15)]
    assert columns["port"] == [(23, 25)]
    assert columns["enforce_eager"] == [(26, 41)]
    assert "host" not in columns


CONFIG = """-sc '{"method": "eagle3", "model": "x/d", "num_speculative_tokens": 3}'"""
SPECULATION: list[tuple[str, dict[str, Any]]] = [
    ("", {"on": False, "method": None, "needs_weights": False}),
    ('"$@"', {"on": U, "method": U, "needs_weights": U}),
    (CONFIG, {"on": True, "method": "eagle3", "drafter": "x/d", "tokens": 3, "invalid": None}),
    (CONFIG, {"needs_weights": True, "draft_tensor_parallel_size": None}),
    (
        """-sc '{"method": "ngram", "num_speculative_tokens": 3}'""",
        {
            "method": "ngram",
            "needs_weights": False,
            "drafter": None,
            "invalid": None,
        },
    ),
    ("""-sc '{"model": "ngram"}'""", {"method": "ngram", "needs_weights": False}),
    ("""-sc '{"method": "suffix"}'""", {"method": "suffix", "needs_weights": False}),
    (
        """-sc '{"method": "mtp", "num_speculative_tokens": 1}'""",
        {
            "method": "mtp",
            "drafter": None,
            "needs_weights": True,
            "invalid": None,
        },
    ),
    ("""-sc '{"method": "qwen3_next_mtp"}'""", {"written": "qwen3_next_mtp", "method": "mtp"}),
    ("""-sc '{"model": "y/EAGLE-LLaMA3"}'""", {"written": None, "method": "eagle"}),
    ("""-sc '{"model": "y/Qwen3-8B_eagle3"}'""", {"method": "eagle3"}),
    ("""-sc '{"model": "y/Qwen3-8B-dflash"}'""", {"method": "dflash"}),
    ("""-sc '{"model": "y/Qwen3-0.6B"}'""", {"method": U, "needs_weights": True}),
    ("""-sc '{"method": "draft_model", "model": "y/Z"}'""", {"method": "draft_model"}),
    (
        "--speculative-config.method mtp --speculative-config.num_speculative_tokens 2",
        {
            "method": "mtp",
            "tokens": 2,
            "keys": ("method", "num_speculative_tokens"),
        },
    ),
    (
        f"{CONFIG} --speculative-config.num_speculative_tokens 5",
        {
            "tokens": 5,
            "method": None,
            "invalid": "it names neither a method nor a model",
        },
    ),
    (
        "--spec-method eagle3 --spec-model x/d --spec-tokens 4",
        {
            "method": "eagle3",
            "drafter": "x/d",
            "tokens": 4,
        },
    ),
    (
        "--speculative-model x/d --num-speculative-tokens 5 --use-v2-block-manager",
        {
            "on": True,
            "method": U,
            "drafter": "x/d",
            "tokens": 5,
        },
    ),
    ("--speculative-model '[ngram]' --ngram-prompt-lookup-max 4", {"method": "ngram"}),
    (
        "--speculative-config $CONFIG",
        {"on": True, "method": U, "needs_weights": U, "invalid": None},
    ),
    (
        """-sc '{"method": "eagle3", "model": "'$DRAFT'"}'""",
        {
            "method": "eagle3",
            "drafter": U,
            "invalid": None,
            "needs_weights": True,
        },
    ),
    (
        """-sc '{"method": "eagle3", "model": "x/'$DRAFT'", "num_speculative_tokens": '$N'}'""",
        {
            "drafter": U,
            "tokens": U,
        },
    ),
    ("""-sc '{"method": "eagle3", '$REST'}'""", {"method": "eagle3", "drafter": U}),
    ("-sc '{method: eagle3}'", {"on": True, "method": U}),
]
INVALID = [
    ("""-sc '{"method": "eagle3", "model": "$DRAFT"}'""", "single quotes"),
    ("-sc \"{'method': 'mtp'}\"", "double quotes"),
    ("-sc '{method: eagle3}'", "no quotes"),
    ("""-sc '{"method": "mtp", "enforce_eager": True}'""", "true, false and null"),
    ("""-sc '{"method": "mtp",}'""", "comma"),
    ("""-sc '{"method": "mtp"'""", "missing"),
    ("""-sc '{"method": "mtp"}}'""", "follows"),
    ("""-sc '{"method": mtp}'""", "neither a number nor in double quotes"),
    ("""-sc '["mtp"]'""", "JSON object"),
    ("""-sc '{"num_speculative_tokens": 3}'""", "neither a method nor a model"),
    ("""-sc '{"method": "eagle3", "num_speculative_tokens": 3}'""", "needs a model"),
    ("""-sc '{"method": "mtp", "num_speculative_tokens": 0}'""", "above 0"),
    ("-sc", "missing"),
]


@pytest.mark.parametrize(("line", "attributes"), SPECULATION)
def test_speculation(line: str, attributes: dict[str, Any], tables: Tables) -> None:
    told = read(f"vllm serve a/b {line}", tables).speculation
    got = {name: getattr(told, name) for name in attributes}
    assert {**got, "keys": tuple(told.keys)} == {"keys": tuple(told.keys), **attributes}


@pytest.mark.parametrize(("line", "reason"), INVALID)
def test_invalid_speculation(line: str, reason: str, tables: Tables) -> None:
    told = read(f"vllm serve a/b {line}", tables).speculation
    assert told.on is True
    assert reason in (told.invalid or "")


def test_each_key_of_a_config_has_its_place(tables: Tables) -> None:
    server = read(f"vllm serve a/b {CONFIG}", tables)
    place = server.evidence["draft_model"].locations[0]
    line = f"vllm serve a/b {CONFIG}"
    assert line[place.start.offset : place.end.offset] == "x/d"


def test_a_drafter_served_as_a_model_may_speculate(tables: Tables) -> None:
    server = read("vllm serve RedHatAI/Qwen3-8B-speculator.eagle3", tables)
    assert server.speculation.on is UNKNOWN
