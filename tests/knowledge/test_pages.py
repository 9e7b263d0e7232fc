"""The pages and tables that ship with the tool, through ``load``."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from doctor.base.data import data_folder
from doctor.base.errors import DoctorError
from doctor.base.unknown import UNKNOWN
from doctor.knowledge import Knowledge, load
from doctor.knowledge.markdown import code_blocks
from doctor.knowledge.register import entry, record
from doctor.slurm.conf import read_file

PAGES = sorted(data_folder("kb").glob("*.md"))


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load()


def test_every_page_is_read(knowledge: Knowledge) -> None:
    assert {page.id for page in knowledge.pages} == {page.stem for page in PAGES}


def test_each_code_belongs_to_one_page(knowledge: Knowledge) -> None:
    codes = [code for page in knowledge.pages for code in page.codes]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_shell_blocks_are_marked_good_or_bad(page: Path) -> None:
    blocks = [block for block in code_blocks(page.read_text()) if block.info[:1] == ["bash"]]
    assert blocks
    for block in blocks:
        assert block.info[1] in ("good", "bad"), f"{page}:{block.line}"
        assert (len(block.info) == 3) == (block.info[1] == "bad"), f"{page}:{block.line}"


def test_local_links_lead_somewhere() -> None:
    import re

    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page}: {target}"


def test_the_shipped_bad_nodes_are_not_vouched_for(knowledge: Knowledge) -> None:
    assert len(knowledge.bad_nodes.names) == 4
    assert knowledge.bad_nodes.as_of == "2025-12-28"
    assert not knowledge.bad_nodes.vouched
    assert knowledge.lookup("$site.bad-nodes") == knowledge.bad_nodes.names


def test_shared_folders(knowledge: Knowledge) -> None:
    assert {"/tmp", "/tmp/ray", "/var/tmp", "/dev/shm"} == knowledge.lookup("$site.shared-folders")


def test_settings_have_their_types(knowledge: Knowledge) -> None:
    assert knowledge.lookup("$kb.speculative-decoding.max-gpu-memory-utilization") == 0.85
    assert knowledge.lookup("$kb.batch-jobs.default-port") == 8000
    assert knowledge.lookup("$kb.cache-corruption.affected-releases") == "<0.17.0"
    assert knowledge.lookup("$kb.batch-jobs.nothing") is UNKNOWN
    unknown = [name for name in knowledge.references if knowledge.lookup(name) is UNKNOWN]
    assert unknown == ["$site.default-partition"], "which the cluster that one is on tells"


@pytest.mark.parametrize(
    ("model", "parser", "exact"),
    [
        ("openai/gpt-oss-120b", "openai", True),
        ("OpenAI/GPT-OSS-20B", "openai", True),
        ("unsloth/gpt-oss-20b", "openai", False),
        ("/models/Qwen3-Next-80B-A3B-Instruct", "hermes", False),
        ("/data/Qwen/Qwen3-8B/", "hermes", False),
        ("~/hub/models--openai--gpt-oss-120b/snapshots/0a1b", "openai", False),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct", "qwen3_coder", True),
        ("Qwen/Qwen3-30B-A3B", "hermes", True),
        ("deepseek-ai/DeepSeek-V3", "deepseek_v3", True),
        ("deepseek-ai/DeepSeek-V3.1-Base", "deepseek_v31", True),
        ("mistralai/Mistral-7B-Instruct-v0.3", "mistral", True),
    ],
)
def test_a_model_is_known_by_its_real_name(
    knowledge: Knowledge, model: str, parser: str, exact: bool
) -> None:
    row = knowledge.row("families", model)
    assert row is not None
    assert (row["tool-parser"], row["exact"]) == (parser, exact)


@pytest.mark.parametrize("model", ["./model", "/models/my-own", "someone/else", "", "/", "$MODEL"])
def test_other_models_are_not_known(knowledge: Knowledge, model: str) -> None:
    assert knowledge.row("families", model) is None


def test_a_model_without_a_documented_parser_is_unknown(knowledge: Knowledge) -> None:
    row = knowledge.row("families", "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B")
    assert row is not None
    assert row["tool-parser"] is UNKNOWN
    assert row["right-parsers"] is UNKNOWN


def test_parsers_that_are_also_right(knowledge: Knowledge) -> None:
    row = knowledge.row("families", "Qwen/Qwen3-8B")
    assert row is not None
    assert row["right-parsers"] == {"hermes", "qwen3_json"}
    assert {"qwen3", "deepseek_r1"} <= row["right-reasoning-parsers"]


def test_drafters_and_targets(knowledge: Knowledge) -> None:
    drafter = knowledge.row("drafters", "nvidia/gpt-oss-120b-Eagle3-v2")
    assert drafter is not None
    assert drafter["targets"] == {"openai/gpt-oss-120b"}
    assert drafter["superseded-by"] == "nvidia/gpt-oss-120b-Eagle3-v3"
    target = knowledge.row("targets", "openai/gpt-oss-120b")
    assert target is not None
    assert (target["drafter"], target["tokens"]) == ("nvidia/gpt-oss-120b-Eagle3-v3", 7)
    built_in = knowledge.row("targets", "Qwen/Qwen3-Next-80B-A3B-Instruct")
    assert built_in is not None
    assert built_in["built-in"]
    assert {"mtp", "qwen3_next_mtp"} <= built_in["methods"]
    assert "eagle3" not in built_in["methods"]


@pytest.mark.parametrize(
    ("model", "drafter", "fits"),
    [
        ("openai/gpt-oss-120b", "nvidia/gpt-oss-120b-Eagle3-v3", True),
        ("/models/gpt-oss-120b", "/models/gpt-oss-120b-Eagle3-v3", True),
        ("openai/gpt-oss-20b", "nvidia/gpt-oss-120b-Eagle3-v3", False),
        ("RedHatAI/Qwen3-8B-FP8-dynamic", "AngelSlim/Qwen3-8B_eagle3", True),
        ("meta-llama/Meta-Llama-3.1-8B-Instruct", "yuhuili/EAGLE3-LLaMA3.1-Instruct-8B", True),
        ("./my-model", "nvidia/gpt-oss-120b-Eagle3-v3", UNKNOWN),
        ("openai/gpt-oss-20b", "./my-eagle-head", UNKNOWN),
    ],
)
def test_whether_a_drafter_fits(
    knowledge: Knowledge, model: str, drafter: str, fits: object
) -> None:
    assert knowledge.fits(model, drafter) is fits


@pytest.mark.parametrize("release", ["0.12.0", "v0.12.0", "0.12", "0.12.0+cu129"])
def test_a_broken_release_is_known_however_it_is_written(
    knowledge: Knowledge, release: str
) -> None:
    row = knowledge.row("broken-versions", release)
    assert row is not None
    assert "gpt-oss" in row["whom"]
    assert not row["vouched"]


@pytest.mark.parametrize("release", ["0.12.0rc1", "0.11.2", "0.13.0", "main", ""])
def test_other_releases_are_not_broken(knowledge: Knowledge, release: str) -> None:
    assert knowledge.row("broken-versions", release) is None


def test_rows_tell_what_the_tables_promise(tmp_path: Path) -> None:
    from doctor.knowledge import TABLES

    (tmp_path / "slurm.conf").write_text("NodeName=n[1-4]\nPartitionName=p Nodes=ALL\n")
    record(tmp_path / "register", entry("n1", "alice", ("VN107: a GPU is missing",)))
    cluster = read_file(tmp_path / "slurm.conf")
    knowledge = load(cluster=cluster, register=tmp_path / "register")

    keys = {
        "families": "openai/gpt-oss-20b",
        "drafters": "nvidia/gpt-oss-120b-Eagle3-v3",
        "targets": "openai/gpt-oss-20b",
        "broken-versions": "0.12.0",
        "flags": "--port",
        "variables": "VLLM_USE_V1",
        "tool-parsers": "hermes",
        "reasoning-parsers": "qwen3",
        "methods": "eagle3",
        "releases": "0.99.0",
        "partitions": "p",
        "recorded-nodes": "n1,n2",
    }
    assert keys.keys() == TABLES.keys()
    for table, key in keys.items():
        row = knowledge.row(table, key)
        assert row is not None
        assert tuple(row) == tuple(TABLES[table])


def test_the_folder_in_a_wheel_and_beside_a_checkout(tmp_path: Path) -> None:
    wheel = tmp_path / "site-packages" / "doctor"
    (wheel / "_data" / "kb").mkdir(parents=True)
    (tmp_path / "site-packages" / "kb").mkdir()  # somebody else's
    assert data_folder("kb", wheel) == wheel / "_data" / "kb"
    checkout = tmp_path / "checkout" / "doctor"
    (tmp_path / "checkout" / "rules").mkdir(parents=True)
    assert data_folder("rules", checkout) == tmp_path / "checkout" / "rules"
    with pytest.raises(DoctorError, match=r"'kb' .* missing"):
        data_folder("kb", checkout)


def test_a_wheels_pages_are_read(tmp_path: Path, knowledge: Knowledge) -> None:
    copied = shutil.copytree(data_folder("kb"), tmp_path / "_data" / "kb")
    assert len(load(shipped=copied).families) == len(knowledge.families)


# --- migrations ------------------------------------------------------------------------------


def _options(text: str) -> list[str]:
    return [word for word in text.split() if word.startswith("-")]


def test_what_is_migrated_is_gone_or_deprecated(knowledge: Knowledge) -> None:
    releases = knowledge.releases
    for row in knowledge.migrations:
        name = row.old.replace("=", " ").split()[0]
        flag = name.replace("--no-", "--")
        found = releases.variable(name) if name.startswith("VLLM_") else releases.flag(flag)
        if name != "-O":  # with JSON only
            assert found is not None, row.old
            assert found.removed or found.deprecated, row.old


def test_what_it_becomes_is_accepted_by_the_newest_release(knowledge: Knowledge) -> None:
    releases = knowledge.releases
    for row in knowledge.migrations:
        for option in _options(row.new):
            name, *keys = option.split(".")
            flag = releases.flag(name)
            assert flag is not None, row.new
            assert releases.newest in flag.releases, row.new
            assert not keys or flag.kind == "json", row.new
            if name == "--speculative-config":
                key = releases.speculation_key(keys[0])
                assert key is not None, row.new
                assert releases.newest in key.releases, row.new


def test_models_that_only_a_recipe_names(knowledge: Knowledge) -> None:
    row = knowledge.row("families", "poolside/Laguna-XS.2")
    assert row is not None
    assert row["tool-parser"] == "poolside_v1"
    assert row["exact"] is True
    assert row["first-release"] is UNKNOWN
    assert row["place"].rpartition("/")[2].startswith("recipes.yaml:")


def test_a_row_of_a_recipe_stands_on_the_line_that_it_names(knowledge: Knowledge) -> None:
    for pairing in knowledge.all_pairings[len(knowledge.pairings) :]:
        line = Path(pairing.place.filename).read_text().splitlines()[pairing.place.line - 1]
        assert pairing.target in line


def test_a_parser_under_another_name_is_right_too(knowledge: Knowledge) -> None:
    row = knowledge.row("families", "meta-models/Muse-Spark-Open-816B-A42B")
    assert row is not None
    assert row["right-parsers"] == {"muse", "musespark1x"}


def test_a_recipe_forbids_no_other_method(knowledge: Knowledge) -> None:
    row = knowledge.row("targets", "MiniMaxAI/MiniMax-M3")
    assert row is not None
    assert "Inferact/MiniMax-M3-EAGLE3" in row["drafters"]
    assert row["methods"] is UNKNOWN


def test_drafters_of_recipes_fit_all_checkpoints_of_their_model(knowledge: Knowledge) -> None:
    drafter = "nvidia/gpt-oss-120b-Eagle3-v3"
    assert knowledge.fits("amd/gpt-oss-120b-w-mxfp4-a-fp8", drafter) is True
    assert knowledge.fits("openai/gpt-oss-20b", drafter) is False


@pytest.mark.parametrize(
    ("model", "least", "most"),
    [
        ("meta-llama/Llama-3.3-70B-Instruct", 120, 132),
        ("META-LLAMA/Llama-3.3-70b-instruct", 120, 132),
        ("openai/gpt-oss-120b", 50, 61),
        ("deepseek-ai/DeepSeek-R1", 620, 640),
    ],
)
def test_the_weights_of_a_model(knowledge: Knowledge, model: str, least: int, most: int) -> None:
    """Of files whose size is well known: never more, and not far less."""
    weights = knowledge.weights(model)
    assert weights is not None
    assert least < weights < most


def test_of_other_models_no_weights_are_known(knowledge: Knowledge) -> None:
    assert knowledge.weights("acme/Llama-3.3-70B-Instruct") is None
    assert knowledge.weights("Llama-3.3-70B-Instruct") is None


@pytest.mark.parametrize(
    ("name", "memory"),
    [
        ("a100", 80),
        ("A100", 80),
        ("nvidia_a100-sxm4-40gb", 40),
        ("tesla_v100", 32),
        ("NVIDIA_GeForce_RTX_3090", 24),
        ("rtx_a6000", 48),
        ("nvidia_h100_80gb_hbm3", 80),
        ("nvidia_h100_80gb_hbm3_3g.40gb", None),
        ("a100.20gb", None),
        ("gpu", None),
        ("nvidia", None),
    ],
)
def test_the_memory_of_a_type_of_gpu(knowledge: Knowledge, name: str, memory: int | None) -> None:
    assert knowledge.gpu_memory(name) == memory
