"""From archives to tables, without any network."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from renew.__main__ import main

from . import releases

RECIPE = """
meta: {hardware: {h100: verified}}
model: {model_id: acme/Roadrunner-7B, min_vllm_version: "0.9.0", parameter_count: 7B}
features:
  tool_calling: {args: ["--enable-auto-tool-choice", "--tool-call-parser=hermes"]}
  reasoning: {args: ["--reasoning-parser", "deepseek_r1"]}
  spec_decoding:
    args:
      - --speculative-config
      - '{"model": "acme/Beep", "method": "eagle3", "num_speculative_tokens": 3}'
    modes:
      mtp: {args: [--spec-method, mtp, --speculative-config.num_speculative_tokens, "2"]}
      own: {args: ["--speculative-config", '{"model": "$MINE", "method": "dflash"}']}
variants:
  default: {precision: bf16, vram_minimum_gb: 18}
  fp8: {model_id: acme/Roadrunner-7B-FP8, precision: fp8, vram_minimum_gb: 6}
  odd: {model_id: acme/Roadrunner-7B-odd, precision: int2/4, vram_minimum_gb: 3}
"""


@pytest.fixture
def renew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[], Any]:
    """Runs the command on the archives in ``tmp_path / "cache"``; gives tables, output, errors."""
    tables = tmp_path / "kb" / "vllm"
    tables.mkdir(parents=True)
    (tmp_path / "decisions.yaml").write_text("{}\n")

    def run() -> tuple[Mapping[str, Any], str, str]:
        folders = ["--cache", str(tmp_path / "cache"), "--tables", str(tables)]
        folders += ["--decisions", str(tmp_path / "decisions.yaml")]
        code = main(["--offline", "--changes", str(tmp_path / "changes.md"), *folders])
        captured = capsys.readouterr()
        assert code == 0, captured.err
        read: dict[str, Any] = {}
        for file in sorted(tables.glob("*.yaml")):
            read.update(yaml.safe_load(file.read_text()))
        return read, captured.out, captured.err

    return run


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_one_release(renew: Callable[[], Any], cache: Path) -> None:
    releases.archive(cache, "0.9.0")
    tables, _, _ = renew()
    assert tables["releases"] == {
        "0.9.0": {
            "date": "2025-01-02",
            "torch": "2.9.0",
            "cuda": "12.8",
            "python": ">=3.10",
            "transformers": ">= 4.56.0, < 5",
        }
    }
    assert tables["flags"] == {
        "--allowed-origins": {"kind": "json"},
        "--api-server-count": {"kind": "int", "aliases": {"-asc": {}}},
        "--attention-backend": {
            "kind": "str",
            "choices": {"FLASH_ATTN": {}, "TRITON": {}},
            "loose": True,
        },
        "--block-size": {"kind": "int", "bounds": {"0.9.0": {"gt": 0}}},
        "--enable-auto-tool-choice": {"kind": "bool", "default": False},
        "--enable-log-requests": {"kind": "bool"},
        "--gpu-memory-utilization": {
            "kind": "float",
            "default": 0.9,
            "bounds": {"0.9.0": {"gt": 0, "le": 1}},
        },
        "--kv-cache-dtype": {"kind": "str", "default": "auto", "choices": {"auto": {}, "fp8": {}}},
        "--old-x": {"kind": "str", "deprecated": "0.9.0"},
        "--old-y": {"kind": "int", "deprecated": "0.9.0"},
        "--port": {"kind": "int", "default": 8000},
        "--tool-call-parser": {"kind": "str"},
    }
    assert tables["variables"] == {
        "VLLM_HOST_IP": {},
        "VLLM_PORT": {"deprecated": "0.9.0"},
        "VLLM_WORKER": {"choices": {"fork": {}, "spawn": {}}},
    }
    assert tables["tool-parsers"] == {"hermes": {"class": "HermesToolParser"}}
    reasoning = {"class": "DeepSeekReasoningParser"}
    assert tables["reasoning-parsers"] == {"deepseek": reasoning, "deepseek_r1": reasoning}
    assert tables["methods"] == {
        "deepseek_mtp": {"deprecated": "0.9.0", "replacement": "mtp"},
        "mtp": {},
        "ngram": {},
    }
    assert list(tables["keys"]) == ["draft_model_config", "method", "num_speculative_tokens"]
    assert tables["architectures"] == {"LlamaForCausalLM": {}}


def test_what_came_went_and_changed(renew: Callable[[], Any], cache: Path) -> None:
    releases.archive(cache, "0.9.0")
    wider = {releases.CONFIG: ('["auto", "fp8"]', '["auto", "nvfp4"]')}
    releases.archive(cache, "0.9.1", change=wider)
    other = {
        releases.CONFIG: ("default=0.9,", "default=0.92,"),
        releases.TOOLS: ("{", '{"glm45": ("glm", "Glm"), '),
        releases.ARGUMENTS: ('("--old-x", str), ', ""),
    }
    releases.archive(cache, "0.10.0", change=other)
    tables, _, _ = renew()
    flags = tables["flags"]
    assert flags["--kv-cache-dtype"]["choices"] == {
        "auto": {},
        "fp8": {"removed": "0.9.1", "readded": "0.10.0"},
        "nvfp4": {"added": "0.9.1", "removed": "0.10.0"},
    }
    assert flags["--gpu-memory-utilization"]["defaults"] == {"0.9.0": 0.9, "0.10.0": 0.92}
    assert flags["--old-x"]["removed"] == "0.10.0"
    assert tables["tool-parsers"]["glm45"] == {"added": "0.10.0", "class": "Glm"}


def test_a_default_that_comes_and_goes(renew: Callable[[], Any], cache: Path) -> None:
    none = {releases.CONFIG: ("default=0.9,", "default=None,")}
    releases.archive(cache, "0.9.0", change=none)
    releases.archive(cache, "0.9.1")
    releases.archive(cache, "0.9.2", change=none)
    row = renew()[0]["flags"]["--gpu-memory-utilization"]
    assert row["defaults"] == {"0.9.1": 0.9, "0.9.2": None}


def test_values_are_known_only_where_they_are_checked(
    renew: Callable[[], Any], cache: Path
) -> None:
    free = {releases.CONFIG: ("cache_dtype: CacheDType", "cache_dtype: CacheDType | str")}
    releases.archive(cache, "0.9.0", change=free)
    releases.archive(cache, "0.9.1")
    releases.archive(cache, "0.9.2", change=free)
    row = renew()[0]["flags"]["--kv-cache-dtype"]
    assert (row["checked"], row["unchecked"]) == ("0.9.1", "0.9.2")


def test_the_inverse_of_a_flag_brings_a_removed_flag_back(
    renew: Callable[[], Any], cache: Path
) -> None:
    old = '"--enable-log-requests"'
    both = {
        releases.ARGUMENTS: (old, f'"--disable-log-requests")\n        parser.add_argument({old}')
    }
    releases.archive(cache, "0.9.0", change=both)
    releases.archive(cache, "0.9.1")
    pairs = {"vllm/utils/argparse_utils.py": "class EnableDisableAction: ...\n"}
    releases.archive(cache, "0.9.2", more=pairs)
    row = renew()[0]["flags"]["--disable-log-requests"]
    assert (row["removed"], row["readded"]) == ("0.9.1", "0.9.2")


def test_recipes(renew: Callable[[], Any], cache: Path) -> None:
    broken = {"recipes/models/acme/Broken.yaml": "model: [", "recipes/models/a/b.yaml": RECIPE}
    releases.archive(cache, "0.9.0", more=broken)
    tables, _, errors = renew()
    assert tables["models"] == {
        "acme/Roadrunner-7B": {
            "variants": ["acme/Roadrunner-7B-FP8", "acme/Roadrunner-7B-odd"],
            "tool-parsers": ["hermes"],
            "reasoning-parsers": ["deepseek_r1"],
            "drafters": [
                {"drafter": "acme/Beep", "method": "eagle3", "tokens": 3},
                {"method": "mtp", "tokens": 2},
            ],
            "least-release": "0.9.0",
            "weights": {"acme/Roadrunner-7B": 13.0, "acme/Roadrunner-7B-FP8": 5.0},
            "hardware": ["h100"],
        }
    }
    assert "could not be read: recipes/models/acme/Broken.yaml" in errors


def test_the_same_archives_give_the_same_bytes(
    renew: Callable[[], Any], cache: Path, tmp_path: Path
) -> None:
    releases.archive(cache, "0.9.0")
    renew()
    made = {file: file.read_bytes() for file in (tmp_path / "kb" / "vllm").iterdir()}
    for kept in (cache / "facts").iterdir():
        kept.unlink()
    _, out, _ = renew()
    assert made == {file: file.read_bytes() for file in (tmp_path / "kb" / "vllm").iterdir()}
    assert "Nothing changed." in out
    assert "0 of 7 tables changed" in out


def test_a_new_release_in_words(renew: Callable[[], Any], cache: Path, tmp_path: Path) -> None:
    releases.archive(cache, "0.9.0")
    renew()
    change = {
        releases.TOOLS: ("{", '{"glm45": ("glm", "Glm"), '),
        releases.ARGUMENTS: ('("--old-x", str), ', ""),
    }
    releases.archive(cache, "0.9.1", change=change)
    renew()
    text = (tmp_path / "changes.md").read_text()
    assert "New: vLLM `0.9.1`." in text
    assert "- 1 flag removed: `--old-x`" in text
    assert "- 1 tool parser added: `glm45`" in text


def test_what_cannot_be_read_is_told(renew: Callable[[], Any], cache: Path) -> None:
    change = {releases.MODELS: ("_TEXT", "_TEXT_ = (\n_TEXT")}
    releases.archive(cache, "0.9.0", change=change)
    releases.archive(cache, "0.9.1", change=change)
    errors = renew()[2]
    assert "could not be read: no architectures (0.9.0 to 0.9.1, 2 releases)" in errors


def test_nothing_of_an_archive_is_run(renew: Callable[[], Any], cache: Path) -> None:
    before = set(sys.modules)
    releases.archive(cache, "0.9.0")
    renew()
    assert not any(name.partition(".")[0] == "vllm" for name in set(sys.modules) - before)


def test_a_broken_archive_stops_it_before_anything_is_written(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    releases.archive(cache, "0.9.0")
    (cache / "vllm-0.9.1.tar.gz").write_bytes(b"no archive")
    assert main(["--offline", "--cache", str(cache), "--tables", str(tmp_path)]) == 2
    assert "vllm-0.9.1.tar.gz cannot be read" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.yaml"))


def test_no_archive_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--offline", "--cache", str(tmp_path), "--tables", str(tmp_path)]) == 2
    assert "holds no archive of vLLM" in capsys.readouterr().err


PAGE = """---
id: parsers
title: Parsers
codes: [VD999]
checked: "2025-01-02"
sources: [x]
---
# Parsers
| Family | Models | Tool parser | Reasoning parser |
|---|---|---|---|
| Roadrunner | `acme/Roadrunner-*` | `glm45` | `deepseek` |
"""


def test_a_page_and_a_recipe_that_differ(
    renew: Callable[[], Any], cache: Path, tmp_path: Path
) -> None:
    releases.archive(cache, "0.9.0", more={"recipes/models/a/b.yaml": RECIPE})
    (tmp_path / "kb" / "parsers.md").write_text(PAGE)
    errors = renew()[2]
    told = "acme/Roadrunner-7B: tool-parsers are hermes in its recipe, glm45 here"
    assert f"differs: {told}" in errors
    assert "reasoning-parsers are" not in errors  # two names of one class


def test_what_a_person_decided(renew: Callable[[], Any], cache: Path, tmp_path: Path) -> None:
    releases.archive(cache, "0.9.0")
    (tmp_path / "decisions.yaml").write_text(
        """
flags:
  --port: {bounds: {0.6.0: {le: 65535}}, why: no system has another}
  --old-x: {deprecated: 0.8.0, replacement: --new-x}
  --old-y: {deprecated: null, against: 0.9.0}
  --gone: {replacement: nothing}
"""
    )
    tables, _, errors = renew()
    assert tables["flags"]["--port"]["bounds"] == {"0.6.0": {"le": 65535}}
    assert tables["flags"]["--old-x"]["replacement"] == "--new-x"
    assert "deprecated" not in tables["flags"]["--old-y"]
    told = [line for line in errors.splitlines() if line.startswith("differs")]
    assert told == [
        "differs: --old-x: deprecated is 0.9.0 in the sources, 0.8.0 by decision",
        "differs: --gone: decided, but no release has it",
    ]


def test_a_type_that_only_type_checkers_see_checks_nothing(
    renew: Callable[[], Any], cache: Path
) -> None:
    hidden = """CacheDType = Literal["auto", "fp8"]
if TYPE_CHECKING:
    from vllm.types import CacheDType
else:
    CacheDType = Any
"""
    change = {releases.CONFIG: ('CacheDType = Literal["auto", "fp8"]\n', hidden)}
    releases.archive(cache, "0.9.0", change=change)
    assert renew()[0]["flags"]["--kv-cache-dtype"] == {"kind": "str", "default": "auto"}
