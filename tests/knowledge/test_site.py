"""A team's own knowledge: documents in free form, pages and the configuration."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from doctor.base.errors import DoctorError
from doctor.base.unknown import UNKNOWN
from doctor.knowledge import Knowledge, load

LESSONS = Path(__file__).with_name("slurm-cluster-lessons.md")


@pytest.fixture(scope="module")
def lessons() -> Knowledge:
    return load([LESSONS])


def written(folder: Path, text: str, name: str = "team.md") -> Path:
    path = folder / name
    path.write_text(text)
    return path


class TestTheLessonsDocument:
    def test_its_bad_nodes_have_a_date_and_are_vouched_for(self, lessons: Knowledge) -> None:
        nodes = lessons.bad_nodes
        assert nodes.names == {f"research-secure-0{number}" for number in (2, 3, 7, 9)}
        assert (nodes.as_of, nodes.vouched) == ("2025-12-28", True)
        assert nodes.place is not None
        assert (nodes.place.filename, nodes.place.line) == (str(LESSONS), 39)
        assert lessons.lookup("site.bad-node-families") == {"research-secure-"}

    def test_its_pairings(self, lessons: Knowledge) -> None:
        own = [pairing for pairing in lessons.pairings if pairing.place.site]
        assert [(row.target, row.drafter, list(row.methods)) for row in own] == [
            ("openai/gpt-oss-120b", "nvidia/gpt-oss-120b-Eagle3-v2", ["eagle3"]),
            ("openai/gpt-oss-20b", "RedHatAI/gpt-oss-20b-speculator.eagle3", ["eagle3"]),
            ("Qwen/Qwen3-Next-80B-A3B-Instruct", None, ["qwen3_next_mtp"]),
        ]
        target = lessons.row("targets", "openai/gpt-oss-120b")
        assert target is not None
        assert target["drafter"] == "nvidia/gpt-oss-120b-Eagle3-v2"

    @pytest.mark.parametrize(
        ("model", "parser", "exact"),
        [
            ("openai/gpt-oss-120b", "openai", True),
            ("Qwen/Qwen3-Next-80B-A3B-Instruct", "hermes", True),
            ("nvidia/Nemotron-Orchestrator-8B", "hermes", True),
            ("/models/Nemotron-Orchestrator-8B", "hermes", False),
        ],
    )
    def test_its_parsers(self, lessons: Knowledge, model: str, parser: str, exact: bool) -> None:
        row = lessons.row("families", model)
        assert row is not None
        assert (row["tool-parser"], row["exact"]) == (parser, exact)
        assert row["place"].startswith(str(LESSONS))

    def test_what_it_leaves_open_comes_from_our_pages(self, lessons: Knowledge) -> None:
        row = lessons.row("families", "nvidia/Nemotron-Orchestrator-8B")
        assert row is not None
        assert (row["for-tool-calls"], row["first-release"]) == ("0.9.2", "0.8.4")

    def test_its_table_of_releases(self, lessons: Knowledge) -> None:
        row = lessons.row("broken-versions", "0.12.0")
        assert row is not None
        assert row["vouched"]
        assert "token_ids" in row["breaks"]
        assert row["whom"] == "gpt-oss, Qwen3-Next, Orchestrator"
        assert row["remedy"].startswith("`--tool-call-parser openai`")
        assert lessons.row("broken-versions", "0.11.2") is None


class TestBadNodes:
    def test_the_configuration_replaces_every_list(self) -> None:
        nodes = load([LESSONS], bad_nodes=["gpu[01-03]", "login"], named_in="x.toml").bad_nodes
        assert nodes.names == {"gpu01", "gpu02", "gpu03", "login"}
        assert nodes.vouched
        assert str(nodes.place) == "x.toml"

    def test_an_empty_list_silences(self) -> None:
        assert load(bad_nodes=[]).bad_nodes.names == frozenset()

    @pytest.mark.parametrize(
        ("text", "names", "as_of"),
        [
            ("## Known Bad Nodes (as of 2026-01-02)\n- n1\n- n2\n", {"n1", "n2"}, "2026-01-02"),
            ("# Bad nodes\n\n* `n[1-2]` (no NVLink)\n* n7 - burnt\n", {"n1", "n2", "n7"}, None),
            ("# 坏节点 (截至 2026-01-02)\n- n1, n2\n- n3: ECC\n", {"n1", "n2", "n3"}, "2026-01-02"),
            ('---\nbad-nodes: ["n[1-2]"]\nas-of: "2026-01-02"\n---\n', {"n1", "n2"}, "2026-01-02"),
            ("# Bad nodes\n1. n1\n2. n2\n", {"n1", "n2"}, None),
        ],
    )
    def test_lists(self, tmp_path: Path, text: str, names: set[str], as_of: str | None) -> None:
        nodes = load([written(tmp_path, text)]).bad_nodes
        assert (nodes.names, nodes.as_of) == (names, as_of)

    def test_lists_of_several_documents_are_joined(self, tmp_path: Path) -> None:
        written(tmp_path, "# Bad nodes\n- n1\n", "a.md")
        written(tmp_path, "# Bad nodes\n- n2\n", "b.md")
        assert load([tmp_path]).bad_nodes.names == {"n1", "n2"}


def test_free_form_front_matter_is_left_alone(tmp_path: Path) -> None:
    text = "---\ntags: [slurm]\nauthor: me\n---\n# Bad nodes\n- n1\n"
    nodes = load([written(tmp_path, text)]).bad_nodes
    assert nodes.names == {"n1"}
    assert nodes.lists[0].place.line == 6


def test_a_later_source_wins(tmp_path: Path) -> None:
    table = (
        "---\nid: speculative-decoding\n---\n| Setting | Value |\n|---|---|\n| warn-above | {} |\n"
    )
    first = written(tmp_path, table.format(0.5), "z.md")
    second = written(tmp_path, table.format(0.6), "a.md")
    reference = "$kb.speculative-decoding.warn-above"
    assert load([first]).lookup(reference) == 0.5
    assert load([first, second]).lookup(reference) == 0.6
    assert load([second, first]).lookup(reference) == 0.5


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("3", 3),
        ("`0.5`", 0.5),
        ("true", True),
        ("null", None),
        ("some words", "some words"),
        ('"0.12"', "0.12"),
        (">=0.10,<0.12", ">=0.10,<0.12"),
        ('["a", "b"]', ["a", "b"]),
        ("", ""),
    ],
)
def test_the_type_of_a_setting(tmp_path: Path, cell: str, value: object) -> None:
    page = written(tmp_path, f"| 设置 | 值 |\n|---|---|\n| limit | {cell} |\n")
    found = load([page]).lookup("$kb.team.limit")
    assert (found, type(found)) == (value, type(value))


def test_a_site_corrects_a_parser(tmp_path: Path) -> None:
    page = written(tmp_path, "| Model | Tool parser |\n|---|---|\n| `Qwen/Qwen3-8B` | `mine` |\n")
    knowledge = load([page])
    ours = knowledge.row("families", "Qwen/Qwen3-8B")
    other = knowledge.row("families", "Qwen/Qwen3-14B")
    assert ours is not None
    assert other is not None
    assert ours["right-parsers"] == {"mine"}
    assert ours["reasoning-parser"] == "qwen3"
    assert other["right-parsers"] == {"hermes", "qwen3_json"}


def test_a_site_that_names_one_right_parser_keeps_the_others(tmp_path: Path) -> None:
    model = "Qwen/Qwen3-Coder-30B-A3B-Instruct"
    page = written(tmp_path, f"| Model | Tool parser |\n|---|---|\n| {model} | qwen3_coder |\n")
    row = load([page]).row("families", model)
    assert row is not None
    assert row["right-parsers"] == {"qwen3_coder", "qwen3_xml"}


@pytest.mark.parametrize(
    ("pattern", "models"),
    [
        ("*xcoder*", ["xcoder-7b", "our-xcoder", "team/xcoder-7b", "/models/my-xcoder-7b"]),
        ("xcoder*", ["xcoder-7b", "team/xcoder-7b"]),
        ("team/*coder", ["team/xcoder", "/models/xcoder"]),
    ],
)
def test_a_pattern_means_models(tmp_path: Path, pattern: str, models: list[str]) -> None:
    page = written(tmp_path, f"| Model | Tool parser |\n|---|---|\n| `{pattern}` | mine |\n")
    knowledge = load([page])
    for model in models:
        row = knowledge.row("families", model)
        assert row is not None, model
        assert row["tool-parser"] == "mine", model


@pytest.mark.parametrize(
    "table",
    [
        "| Server | State |\n|---|---|\n| a | ⚠️ slow |\n",
        "| Release | State |\n|---|---|\n| next | planned |\n",
    ],
)
def test_a_table_of_something_else_is_left_alone(tmp_path: Path, table: str) -> None:
    shipped = load()
    assert load([written(tmp_path, table)]).broken_versions == shipped.broken_versions


def test_types_of_gpus_are_added(tmp_path: Path) -> None:
    table = "| GPU type | Memory (GiB) |\n|---|---|\n| `big-one`, `h100` | 64 |\n"
    found = load([written(tmp_path, table)])
    assert (found.gpu_memory("BIG_ONE"), found.gpu_memory("h100")) == (64, 64)
    with pytest.raises(DoctorError, match="'much' is not a whole number"):
        load([written(tmp_path, table.replace("64", "much"))])


def test_shared_folders_are_added(tmp_path: Path) -> None:
    page = written(tmp_path, "| Shared folder |\n|---|\n| `/scratch/` |\n")
    folders = load([page], shared_folders=["/data"]).lookup("site.shared-folders")
    assert {"/tmp", "/scratch", "/data"} <= folders


def test_a_release_that_is_newer_than_our_tables(tmp_path: Path) -> None:
    page = written(
        tmp_path, "| Release | What breaks |\n|---|---|\n| 0.99.1 | all |\n| 0.11.x | x |\n"
    )
    knowledge = load([page])
    row = knowledge.row("broken-versions", "0.99.1")
    assert row is not None
    assert row["whom"] is UNKNOWN
    assert knowledge.row("broken-versions", "0.11.2") is not None


BROKEN = {
    "too many cells": (
        "| Setting | Value |\n|---|---|\n| a | 1 | 2 |\n",
        3,
        "the row has 3 cells, but the table has 2",
    ),
    "no value in a cell that needs one": (
        "| Target | Drafter |\n|---|---|\n| `a/b` | |\n",
        3,
        "the row has no drafter",
    ),
    "an unknown release": (
        "| Release | What breaks |\n|---|---|\n| 0.12.9 | all |\n",
        3,
        "'0.12.9' is not a release of vLLM; did you mean '0.12.0'?",
    ),
    "no release at all": (
        "| Release | What breaks |\n|---|---|\n| ~newest | all |\n",
        3,
        "neither a release of vLLM nor a version specifier",
    ),
    "a wrong type": (
        "| Target | Drafter | Tokens |\n|---|---|---|\n| `a/b` | `c/d` | three |\n",
        3,
        "tokens: 'three' is not a whole number",
    ),
    "two where one belongs": (
        "| Model | Tool parser |\n|---|---|\n| `a/b` | `x`, `y` |\n",
        3,
        "one tool parser is expected, not 2",
    ),
    "half a list": (
        "| Setting | Value |\n|---|---|\n| a | [1, |\n",
        3,
        "'[1,' is not JSON",
    ),
    "a setting's name": (
        "| Setting | Value |\n|---|---|\n| Max tokens | 1 |\n",
        3,
        "'Max tokens' can't name a setting",
    ),
    "a misspelt header": (
        "| Target | Draffter | Method |\n|---|---|---|\n| `a/b` | `c/d` | x |\n",
        1,
        "no column is called 'draffter'; did you mean 'drafter'?",
    ),
    "a misspelt optional header": (
        "| Target | Drafter | Metod |\n|---|---|---|\n| `a/b` | `c/d` | x |\n",
        1,
        "did you mean 'method'?",
    ),
    "a shared folder": (
        "| Shared folder |\n|---|\n| scratch |\n",
        3,
        "must begin with /",
    ),
    "no node": ("# Bad nodes\n- ask @operators\n", 2, "'@operators' is neither a node name"),
    "too many nodes": ("# Bad nodes\n- n[1-999999999]\n", 2, "these are more than 100000"),
    "no range": ("# Bad nodes\n- n[1-]\n", 2, "'1-' in 'n[1-]' is neither a number"),
    "no date": ("# Bad nodes as of 2026-13-01\n- n1\n", 2, "'2026-13-01' is not a date"),
    "an unknown key": ("---\nid: x\nchekced: a\n---\n", 3, "did you mean 'checked'?"),
    "a code": ("---\nid: x\ncodes: [VD7]\n---\n", 2, "'VD7' is not a rule's code"),
    "an id": ("---\nid: My page\n---\n", 2, "the id 'My page' must consist of"),
    "a list that is none": ("---\nid: x\ncodes: VD101\n---\n", 3, "'codes' must be a list"),
    "a string that is none": ("---\nid: 7\n---\n", 2, "'id' must be a string"),
    "no mapping": ("---\n- a\n---\n", 2, "the front matter must be a mapping"),
    "no YAML": ("---\nid: [\n---\n", 3, "is not YAML"),
    "an alias bomb": (
        "---\na: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(50)) + "---\n",
        3,
        "`*a` is an alias; write the value out",
    ),
    "a cycle": ("---\na: &a [*a]\n---\n", 2, "is an alias"),
    "depth": ("---\na: " + "[" * 5000 + "]" * 5000 + "\n---\n", 2, "nested"),
    "size": ("---\na: " + "x" * 70_000 + "\n---\n", 1, "larger than 64 KiB"),
    "a huge document": ("x" * (1 << 21), None, "larger than 1 MiB"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_refused(tmp_path: Path, case: str) -> None:
    text, line, message = BROKEN[case]
    page = written(tmp_path, text)
    with pytest.raises(DoctorError) as refusal:
        load([page]).bad_nodes.names  # noqa: B018
    assert (refusal.value.filename, refusal.value.line) == (str(page), line)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ("", "the front matter lacks id, title, codes, checked, sources"),
        ("id: lesson\ntitle: x\ncodes: []\nsources: []\n", "the front matter lacks checked"),
        (
            'id: other\ntitle: x\ncodes: []\nchecked: "2026-01-01"\nsources: []\n',
            "name of the file",
        ),
        ("titel: x\n", "did you mean 'title'?"),
    ],
)
def test_our_own_pages_need_their_front_matter(tmp_path: Path, front: str, message: str) -> None:
    import shutil

    from doctor.base.data import data_folder

    shutil.copytree(data_folder("kb") / "vllm", tmp_path / "vllm")
    written(tmp_path, f"---\n{front}---\n# x\n", "lesson.md")
    with pytest.raises(DoctorError, match=message):
        load(shipped=tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "# Bad nodes\n- " + "a, " * 300_000,
        "# Bad nodes\n- a" + " " * 900_000 + "b",
        "# Bad nodes as of" + " " * 900_000 + "\n- a\n",
        "| Target | Drafter |\n|---|---|\n| a/b | " + "[" * 900_000 + " |\n",
        "| Target | Drafter |\n|---|---|\n| " + "`" * 900_000 + " | c/d |\n",
        "| Target | Drafter |\n|---|---|\n| a/b | (" + "native " * 100_000 + " |\n",
        "| Target | Drafter |\n|---|---|\n" + "| a/b | c/d |\n" * 50_000,
        "---\n" * 200_000,
        "> " * 400_000,
        "- " * 400_000,
        "[" * 900_000,
    ],
    ids=range(11),
)
def test_nothing_takes_long(tmp_path: Path, text: str) -> None:
    page = written(tmp_path, text)
    started = time.process_time()
    with contextlib.suppress(DoctorError):
        load([page])
    assert time.process_time() - started < 10


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    latin = tmp_path / "latin.md"
    latin.write_bytes(b"# x\n\nna\xefve\n")
    with pytest.raises(DoctorError, match=r"latin.md:3: is not UTF-8 text"):
        load([latin])
    with pytest.raises(DoctorError, match=r"no.md: does not exist"):
        load([tmp_path / "no.md"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DoctorError, match=r"empty: the folder holds no Markdown page"):
        load([tmp_path / "empty"])


def test_a_broken_page_is_refused_each_time(tmp_path: Path) -> None:
    page = written(tmp_path, "| Setting | Value |\n|---|---|\n| a | 1 | 2 |\n")
    for _ in range(2):
        with pytest.raises(DoctorError, match="3 cells"):
            load([page])


def test_a_changed_page_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    page = written(tmp_path, "# Bad nodes\n- n1\n")
    assert load([page]).bad_nodes.names == {"n1"}
    written(tmp_path, "# Bad nodes\n- n2\n")
    assert load([page]).bad_nodes.names == {"n2"}


def test_a_spoilt_or_forbidden_cache_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert load().families
    for kept in (tmp_path / "vllm-doctor").iterdir():
        kept.write_text("{}")
    assert load().families
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc")
    assert load().families


MIGRATIONS = """
| Old option | New option | Means the same | Since release |
|---|---|---|---|
| `--swap-space` | `--our-swap VALUE` | yes | 0.11.0 |
| `VLLM_OURS=1` | nothing | no | |
"""


def test_own_migrations_come_before_ours(tmp_path: Path) -> None:
    rows = load([written(tmp_path, MIGRATIONS)]).migrations
    told = [(row.old, row.new, row.same, row.since) for row in rows[:2]]
    assert told == [
        ("--swap-space", "--our-swap VALUE", True, "0.11.0"),
        ("VLLM_OURS=1", "", False, None),
    ]
    assert any(row.old == "--swap-space" and not row.place.site for row in rows[2:])


def test_a_migration_that_nobody_understands(tmp_path: Path) -> None:
    with pytest.raises(DoctorError, match="same: 'perhaps' is neither yes nor no"):
        load([written(tmp_path, MIGRATIONS.replace("| yes |", "| perhaps |"))])
