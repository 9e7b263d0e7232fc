"""Which releases could run a line."""

from __future__ import annotations

import pytest

from doctor.values.value import UNKNOWN
from doctor.vllm.defaults import compiles, gpu_memory_utilization, writes_compile_cache
from doctor.vllm.releases import Candidates, candidates, in_words, pinned, since
from doctor.vllm.tables import Tables
from doctor.vllm.verdicts import Verdict, verdicts

from .test_server import read

TOOLS = "--enable-auto-tool-choice --tool-call-parser"
LINES = [
    ("", "any release of vLLM"),
    ("--port 1 --gpu-memory-utilization 0.9", "any release of vLLM"),
    ("--task embed", "vLLM 0.6.4 to 0.12.0"),
    ("--runner pooling", "vLLM 0.10.1 or later"),
    ("--speculative-model d/e", "vLLM up to 0.8.2"),
    ("--enable-reasoning --reasoning-parser qwen3", "vLLM 0.9.0 to 0.9.2"),
    ("--reasoning-parser openai_gptoss", "vLLM 0.10.2 or later"),
    (f"{TOOLS} openai", "vLLM 0.10.2 or later"),
    ("--tool-call-parser openai", "any release of vLLM"),
    (f"{TOOLS} openai --tool-parser-plugin p.py", "vLLM 0.6.3 or later"),
    (f"{TOOLS} nonsense", "any release of vLLM"),
    (f"{TOOLS} $PARSER", "any release of vLLM"),
    ("--disable-log-requests", "vLLM up to 0.16.0 and 0.33.0"),
    ("--disable-log-requests --task embed", "vLLM 0.6.4 to 0.12.0"),
    ("--no-enforce-eager", "vLLM 0.8.5 or later"),
    ("--no-enable-prefix-caching", "any release of vLLM"),
    ("--enable-chunked-prefill False", "vLLM up to 0.8.4"),
    ("-O.level=3", "vLLM 0.6.5 to 0.11.2"),
    ("-O3", "vLLM 0.6.5 or later"),
    ("--reasoning qwen3", "vLLM 0.9.0 to 0.11.0"),
    ("""--speculative-config '{"method": "eagle3", "model": "a/b"}'""", "vLLM 0.9.1 or later"),
    ("""-sc '{"method": "eagle3", "model": "a/b"}'""", "vLLM 0.19.0 or later"),
    ("""--speculative-config '{"method": "medusa", "model": "a/b"}'""", "vLLM 0.8.2 to 0.32.0"),
    (
        """--speculative-config '{"method": "mtp", "disable_by_batch_size": 4}'""",
        "vLLM 0.11.0 to 0.16.0",
    ),
    ("--xyz 1", "any release of vLLM"),
    ("--num-scheduler-steps 8 --runner pooling", "no release"),
    ("$ARGS --task embed", "vLLM 0.6.4 to 0.12.0"),
]


def judged(line: str, tables: Tables, version: str = "", specifier: str = "") -> Candidates:
    pin = pinned(tables, "x", version, specifier) if version or specifier else None
    return candidates(read(f"vllm serve a/b {line}", tables), tables, pin)


@pytest.mark.parametrize(("line", "words"), LINES)
def test_candidates_in_words(line: str, words: str, tables: Tables) -> None:
    assert judged(line, tables).words == words


@pytest.mark.parametrize(
    ("version", "specifier", "line", "words"),
    [
        ("0.12.0", "", "", "vLLM 0.12.0"),
        ("0.10.1.1", "", "", "vLLM 0.10.1.1"),
        ("0.5.3.post1", "", "", "vLLM 0.5.3.post1"),
        ("0.40.0", "", "", "vLLM 0.40.0"),
        ("", ">=0.11,<0.13", "", "vLLM 0.11.0 to 0.12.0"),
        ("", "==0.10.*", "", "vLLM 0.10.0 to 0.10.2"),
        ("", ">=0.9", "--task embed", "vLLM 0.9.0 to 0.12.0"),
        ("", "!=0.12.0", "", "vLLM up to 0.11.2 and 0.13.0 or later"),
        ("", "gibberish", "", "any release of vLLM"),
        ("0.13.0", "", "--task embed", "no release"),
    ],
)
def test_pins(version: str, specifier: str, line: str, words: str, tables: Tables) -> None:
    assert judged(line, tables, version, specifier).words == words


def test_a_pin_outranks_what_the_line_suggests(tables: Tables) -> None:
    found = judged("--task embed --num-scheduler-steps 8", tables, "0.13.0")
    assert found.releases == ("0.13.0",)
    assert not found.conflict
    assert [v.accepted for v in verdict_list("--task embed", tables, "0.13.0")] == [False]


def test_a_model_claims_its_first_release(tables: Tables) -> None:
    server = read("vllm serve openai/gpt-oss-20b --task generate", tables)
    found = candidates(server, tables, None, [since(tables, "0.10.1", "gpt-oss")])
    assert found.words == "vLLM 0.10.1 to 0.12.0"


def test_two_things_that_exclude_each_other_are_named(tables: Tables) -> None:
    line = "--port 1 --num-scheduler-steps 8 --seed 1 --runner pooling"
    found = judged(line, tables)
    assert [claim.words for claim in found.conflict] == ["--num-scheduler-steps", "--runner"]
    assert found.likely == tables.every
    assert {v.accepted for v in verdict_list(line, tables)} == {True, UNKNOWN}


def test_one_thing_that_excludes_all_the_rest_is_the_odd_one(tables: Tables) -> None:
    line = f"--speculative-model d/e {TOOLS} openai --runner pooling"
    found = judged(line, tables)
    assert found.odd_one is not None
    assert found.odd_one.words == "--speculative-model"
    assert [claim.words for claim in found.conflict] == ["--speculative-model", "--runner"]
    assert found.releases[0] == "0.10.2"
    accepted = {v.flag.name: v.accepted for v in verdict_list(line, tables)}
    assert accepted["--speculative-model"] is False
    assert accepted["--runner"] is True


def verdict_list(line: str, tables: Tables, version: str = "") -> list[Verdict]:
    server = read(f"vllm serve a/b {line}", tables)
    pin = pinned(tables, "x", version) if version else None
    return verdicts(server, candidates(server, tables, pin))


def test_verdicts(tables: Tables) -> None:
    (removed,) = verdict_list("--task embed", tables, "0.20.0")
    assert (removed.accepted, removed.removed_in, removed.too_new) == (False, "0.13.0", False)
    assert removed.replacement is not None
    (unsure,) = verdict_list("--task embed", tables)
    assert (unsure.accepted, unsure.newest_accepts) == (UNKNOWN, False)
    assert unsure.accepted_by == "vLLM 0.6.4 to 0.12.0"
    (early,) = verdict_list("--runner pooling", tables, "0.9.0")
    assert (early.accepted, early.too_new, early.added_in) == (False, True, "0.10.1")
    (deprecated,) = verdict_list("--task embed", tables, "0.11.0")
    assert (deprecated.accepted, deprecated.deprecated) == (True, True)
    (typo,) = verdict_list("--tensor-paralel-size 8", tables)
    assert (typo.known, typo.suggestion) == (False, "--tensor-parallel-size")
    (foreign,) = verdict_list("--grace-machine-profile x", tables)
    assert (foreign.known, foreign.suggestion) == (False, None)
    (valued,) = verdict_list("--enable-chunked-prefill True", tables, "0.9.0")
    assert (valued.accepted, valued.problem) == (False, "it takes no value")
    (fine,) = verdict_list("--enable-chunked-prefill True", tables, "0.8.4")
    assert (fine.accepted, fine.problem) == (True, None)
    (either,) = verdict_list("--enable-chunked-prefill True", tables)
    assert either.problem is UNKNOWN


@pytest.mark.parametrize(
    ("line", "version", "memory", "compiling"),
    [
        ("", "0.12.0", 0.9, True),
        ("", "0.20.0", 0.92, True),
        ("", "", 0.9, True),
        ("--gpu-memory-utilization 0.5", "", 0.5, True),
        ("--runner pooling", "", 0.9, True),
        ("--speculative-model x/y", "", 0.9, True),
        ("--mm-cache-preprocessor", "", 0.9, False),
        ("--kv-cache-memory-bytes 8G", "", UNKNOWN, True),
        ("", "0.7.3", 0.9, False),
        ("-O3", "0.7.3", 0.9, True),
        ("--num-scheduler-steps 8", "0.8.5", 0.9, False),
        ("--num-scheduler-steps 1", "0.8.5", 0.9, True),
        ("--disable-async-output-proc", "0.10.2", 0.9, False),
        ("--enforce-eager", "", 0.9, False),
    ],
)
def test_defaults(
    line: str, version: str, memory: object, compiling: object, tables: Tables
) -> None:
    found = judged(line, tables, version)
    server = read(f"vllm serve a/b {line}", tables)
    assert gpu_memory_utilization(server, found) == memory
    assert compiles(server, found) is compiling


def test_the_old_engine_and_a_cache_that_is_off(tables: Tables) -> None:
    old = read("vllm serve a/b", tables, VLLM_USE_V1="0")
    assert compiles(old, candidates(old, tables, pinned(tables, "x", "0.9.0"))) is False
    assert compiles(old, candidates(old, tables, pinned(tables, "x", "0.12.0"))) is True
    off = read("vllm serve a/b", tables, VLLM_DISABLE_COMPILE_CACHE="1")
    newest = candidates(off, tables, pinned(tables, "x", "0.33.0"))
    assert (compiles(off, newest), writes_compile_cache(off, newest)) == (True, False)


def test_words_of_sets_with_gaps(tables: Tables) -> None:
    first = 1
    some = tables.since("0.10.2") & tables.before("0.12.0") | first | tables.newest
    assert in_words(some, tables) == "vLLM 0.6.0, 0.10.2 to 0.11.2 and 0.33.0"


@pytest.mark.parametrize(
    ("pin", "beyond"),
    [
        ({"version": "0.99.0"}, "0.99.0"),
        ({"version": "0.11.0"}, None),
        ({"specifier": ">=0.99,<0.100"}, "0.99"),
        ({"specifier": "~=0.99.1"}, "0.99.1"),
        ({"specifier": ">=0.11"}, None),
        ({"specifier": "<0.1"}, None),
    ],
)
def test_a_pin_beyond_the_tables(pin: dict[str, str], beyond: str | None, tables: Tables) -> None:
    made = pinned(tables, "vllm", **pin)
    assert made.beyond == beyond
    assert beyond is None or made.releases == tables.newest
