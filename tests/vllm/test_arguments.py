"""From words to flags."""

from __future__ import annotations

import pytest

from doctor.vllm.arguments import Arguments, read_arguments
from doctor.vllm.tables import Tables

from .conftest import words


def read(line: str, tables: Tables, positional: bool = True) -> Arguments:
    return read_arguments(words(line), tables, positional=positional)


SAME = [
    [
        "--tensor-parallel-size 8",
        "--tensor_parallel_size 8",
        "--tensor-parallel-size=8",
        "--tensor_parallel-size=8",
        "--tensor-parallel 8",
        "--tensor 8",
        "-tp 8",
        "-tp=8",
    ],
    ["--quantization fp8", "-q fp8", "-qfp8", "-q=fp8"],
    ["-O 3", "-O3", "-O=3"],
    ["--no-enable-prefix-caching", "--no_enable_prefix_caching", "--no-enable-prefix"],
    ["--speculative-config.method mtp", "--speculative_config.method=mtp"],
    ["--compilation-config.mode 0", "-cc.mode=0", "--compilation_config.mode 0"],
]


@pytest.mark.parametrize("spellings", SAME, ids=lambda s: s[0])
def test_spellings_of_one_flag_are_one_flag(spellings: list[str], tables: Tables) -> None:
    def meaning(line: str) -> tuple[object, ...]:
        (flag,) = read(line, tables).flags
        return flag.name, [v.text for v in flag.values], flag.keys, flag.negated, flag.problem

    first = meaning(spellings[0])
    assert [meaning(spelling) for spelling in spellings] == [first] * len(spellings)


#: line → flags as `name=values`, positional words, open
LINES = [
    ("a/b --port 1 --port 2", "--port=1 --port=2", "a/b", False),
    ("--enforce-eager a/b", "--enforce-eager=", "a/b", False),
    ("-O.level=3 --port 1", "--compilation-config=3 --port=1", "", False),
    ("--seed -5 --max-logprobs -1", "--seed=-5 --max-logprobs=-1", "", False),
    ("--served-model-name a b --port 1", "--served-model-name=a,b --port=1", "", False),
    ("--served-model-name=a b", "--served-model-name=a", "b", False),
    ("--hf-token --port 1", "--hf-token= --port=1", "", False),
    ("--hf-token x --port 1", "--hf-token=x --port=1", "", False),
    ("$MODEL --port $PORT", "--port=$PORT", "$MODEL", False),
    ('"$@"', "", "", True),
    ('a/b --port 1 "$@"', "--port=1", "a/b", True),
    ("a/b $EXTRA_ARGS --port 1", "--port=1", "a/b", True),
    ("a/b $EXTRA 8 --port 1", "--port=1", "a/b", True),
    ('--enforce-eager "$FLAG"', "--enforce-eager=", "$FLAG", False),
    ('a/b "$FLAG"', "", "a/b", True),
    ("a/b --$FLAG x --port 1", "--port=1", "a/b", True),
    ("a/b --port=$PORT", "--port=$PORT", "a/b", False),
    ("--config x.yaml", "--config=x.yaml", "", True),
    ("--port $PORT_ARGS", "--port=$PORT_ARGS", "", True),
    ("a/b --foo bar --port 1", "--foo=bar --port=1", "a/b", False),
    ("a/b --foo --port 1", "--foo= --port=1", "a/b", False),
    ("a/b -- --port 1", "", "a/b --port 1", False),
    ("a/b '--port 1'", "", "a/b --port 1", False),
    ("a/b --enable-chunked-prefill False", "--enable-chunked-prefill=False", "a/b", False),
    ("$ROOT/model --port 1", "--port=1", "$ROOT/model", False),
    ("--port 1 $ROOT/model", "--port=1", "$ROOT/model", False),
]


@pytest.mark.parametrize(("line", "flags", "positional", "is_open"), LINES)
def test_lines(line: str, flags: str, positional: str, is_open: bool, tables: Tables) -> None:
    arguments = read(line, tables)
    told = [f"{f.name}={','.join(v.display for v in f.values)}" for f in arguments.flags]
    assert " ".join(told) == flags
    assert " ".join(value.display for value in arguments.positional) == positional
    assert arguments.open is is_open


PROBLEMS = [
    ("--port eight", "'eight' is not a whole number"),
    ("--port", "its value is missing"),
    ("--port --seed 1", "its value is missing"),
    ("--gpu-memory-utilization 90%", "'90%' is not a number"),
    ("--enforce-eager True", "it takes no value"),
    ("--enforce-eager=1", "it takes no value"),
    ("--enable-chunked-prefill False", "it takes no value"),
    ("--max-model-len 32k", None),
    ("--max-model-len 32.5k", None),
    ("--max-model-len auto", None),
    ("--kv-cache-memory-bytes 8G", None),
    ("--max-num-seqs 1k", "'1k' is not a whole number"),
    ("-tp 1K", "'1K' is not a whole number"),
    ("--port $PORT", None),
    ("--gpu-memory-utilization .9", None),
    ("--hf-token", None),
]


@pytest.mark.parametrize(("line", "problem"), PROBLEMS)
def test_wrong_values(line: str, problem: str | None, tables: Tables) -> None:
    assert read(line, tables).flags[0].problem == problem


def test_a_prefix_is_accepted_where_it_is_unique(tables: Tables) -> None:
    (flag,) = read("--reasoning qwen3", tables).flags
    assert flag.name == "--reasoning-parser"
    names = tables.names(flag.admits)
    assert (names[0], names[-1]) == ("0.7.1", "0.11.0")


def test_an_ambiguous_prefix_stands_for_nothing(tables: Tables) -> None:
    (flag,) = read("--enable 1", tables).flags
    assert flag.row is None
    assert flag.ambiguous


def test_a_flag_without_a_model_may_stand_after_the_module(tables: Tables) -> None:
    arguments = read("$SOMETHING --port 1", tables, positional=False)
    assert arguments.open
    assert not arguments.positional


def test_flags_point_at_their_text(tables: Tables) -> None:
    (flag,) = read("--tensor_parallel_size=8", tables).flags
    assert flag.value is not None
    place = flag.value.location
    assert place is not None
    assert (place.start.column, place.end.column) == (24, 25)
    name = flag.word.location
    assert name is not None
    assert (name.start.column, name.end.column) == (1, 23)
