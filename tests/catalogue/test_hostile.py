"""Hostile and broken pages, rules and configurations: one sentence, and the exit code 2."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

Command = Callable[..., Outcome]

RULE = """\
code: SITE001
name: no-local-image
lesson: null
fact: step
severity: warning
when: {container-image: {like: "*"}}
message: "{container-image}"
examples:
  - bad: |
      srun --container-image=a vllm serve a/b
  - good: |
      srun vllm serve a/b
"""
WHEN = 'when: {container-image: {like: "*"}}\n'
PARSERS = "| Model | Tool parser |\n|---|---|\n"

PAGES = {
    "a row too long": (PARSERS + "| a/b | x | y |\n", 3, "the row has 3 cells"),
    "no release": (
        "| Release | What breaks |\n|---|---|\n| new | x |\n",
        3,
        "is not a release",
    ),
    "a misspelt column": (PARSERS.replace("parser", "parsr"), 1, "did you mean 'tool parser'?"),
    "too many nodes": ("# Bad nodes\n- gpu[1-99999999]\n", 2, "more than 100000 nodes"),
    "too many rows": (PARSERS + "| a/b | x |\n" * 5_000, 1003, "is larger than 1000 rows"),
    "too many lines": ("- a\n" * 200_000, 20_001, "has more than 20,000 lines"),
    "too many cells": (PARSERS + "| b" * 100_001, None, "more than 100,000 borders"),
    "too many columns": (
        f"{'| a ' * 20_000}|\n{'|---' * 20_000}|\n{'| b ' * 20_000}|\n",
        2,
        "the table has more than 50 columns",
    ),
    "no date": ("# Bad nodes (as of 2026-13-45)\n- gpu1\n", 2, "'2026-13-45' is not a date"),
    "an alias bomb": ("---\na: &a [1]\nb: [*a, *a]\n---\n", 3, "`*a` is an alias"),
    "a cyclic reference": ("---\na: &a [*a]\n---\n", 2, "`*a` is an alias"),
    "deep nesting": ("---\na: " + "[" * 9_000 + "\n---\n", 2, "is nested more than 20 deep"),
    "a key twice": ("---\nid: a\nid: b\n---\n", 3, "the key 'id' stands here twice"),
    "a wrong type": ("---\nid: [a]\ntitle: x\n---\n", 2, "'id' must be a string"),
    "a huge page": ("x" * (2 << 20), None, "is larger than 1 MiB"),
    "a binary page": (bytes(range(256)), 2, "is not UTF-8 text"),
}
RULES = {
    "a wrong attribute": (RULE.replace("{container-image: {", "{image: {"), 6, "attribute 'image'"),
    "a wrong type": (RULE.replace("like", "gt"), 6, "`gt` does not apply to 'container-image'"),
    "an alias bomb": ("a: &a [1]\nb: [*a, *a]\n" + RULE, 2, "`*a` is an alias"),
    "a cyclic reference": ("a: &a [*a]\n" + RULE, 1, "`*a` is an alias"),
    "look-ups in a circle": (
        "look-up:\n  a: {table: families, by: $b.family}\n  b: {table: families, by: $a.family}\n"
        + RULE,
        2,
        "nothing is called '$b' here",
    ),
    "a look-up of itself": (
        "look-up:\n  a: {table: families, by: $a.family}\n" + RULE,
        2,
        "nothing is called '$a' here",
    ),
    "deep nesting": ("code: " + "[" * 100_000, 1, "is nested more than 20 deep"),
    "a tag": (RULE.replace("name: ", "name: !!python/name:os "), 2, "tags (`!…`) have no place"),
    "a key twice": (RULE + "code: SITE002\n", 13, "the key 'code' stands here twice"),
    "a code twice": (RULE.replace("SITE001", "VD101"), 1, "VD101 is the code of "),
    "no such setting": (
        RULE.replace('"*"', "$kb.images.root"),
        6,
        "SITE001 reads $kb.images.root, which no page tells",
    ),
    "no such site": (
        RULE.replace('"*"', "$site.bad-nods"),
        6,
        "which no page tells; did you mean '$site.bad-nodes'?",
    ),
    "no such table": (
        RULE + "look-up: {f: {table: famlies, by: container-image}}\n",
        13,
        "reads the table 'famlies', which does not exist; did you mean 'families'?",
    ),
    "no such column": (
        RULE.replace('"*"', "$f.tool") + "look-up: {f: {table: families, by: container-image}}\n",
        6,
        "reads $f.tool, and families has no such column",
    ),
    "a message for ever": (
        RULE.replace('"{container-image}"', '"' + "{container-image}" * 20_000 + '"'),
        7,
        "a message must not name more than 50 values",
    ),
    "a huge rule": (RULE + "# " + "x" * (2 << 20), None, "is larger than 1 MiB"),
    "a binary rule": (bytes(range(256)), 2, "is not UTF-8 text"),
    "an empty rule": ("", None, "is empty"),
}
CONFIGURATIONS = {
    "no TOML": ("slurm = true\nbad-nodes = [\n", 2, "this is not TOML"),
    "a wrong key": ("badnodes = []\n", 1, "unknown key 'badnodes'; did you mean 'bad-nodes'?"),
    "a wrong type": ("\nslurm = 3\n", 2, "slurm must be true or false"),
    "deep lists": ("kb = " + "[" * 9_000 + "]" * 9_000, None, "nested too deep"),
    "deep keys": ("\na" + ".a" * 9_000 + " = 1\n", 2, "a key has more than 32 parts"),
    "too many nodes": ('bad-nodes = ["gpu[1-99999999]"]', 1, "more than 100000 nodes"),
    "the same nodes for ever": (
        f"bad-nodes = {['n[1-99999]'] * 3000}",
        1,
        "more than 100000 nodes",
    ),
    "patterns for ever": (f"exclude = {['a*'] * 1001}", 1, "more than 1,000 patterns"),
    "groups of nodes": ('bad-nodes = ["@all"]', 1, "'@all' is neither a node name"),
    "no pattern": ('\nexclude = ["[z-a]"]', 2, "'[z-a]' is not a pattern as in a .gitignore"),
    "no pattern for files": ('[per-file-ignores]\n"[z-a]" = []', 2, "is not a pattern"),
    "a huge file": ("# " + "x" * (2 << 20), None, "is larger than 1 MiB"),
    "a binary file": (b"\n\xff\xfe", 2, "is not UTF-8 text"),
}
OPTIONS = {"kb": "--kb", "rules": "--rules", "configuration": "--config"}
CASES = [
    pytest.param(kind, *case, id=f"{kind}: {name}")
    for kind, cases in (("kb", PAGES), ("rules", RULES), ("configuration", CONFIGURATIONS))
    for name, case in cases.items()
]


@pytest.fixture(autouse=True)
def _script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("serve.sh").write_text("vllm serve a/b --port 8000\n")


def scanned(command: Command, kind: str, path: Path) -> Outcome:
    return command("scan", "serve.sh", OPTIONS[kind], str(path))


def written(kind: str, content: str | bytes) -> Path:
    name = {"kb": "page.md", "rules": "rule.yaml", "configuration": "own.toml"}[kind]
    path = Path(kind, name)
    path.parent.mkdir()
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(("kind", "content", "line", "said"), CASES)
def test_one_sentence(
    command: Command, kind: str, content: str | bytes, line: int | None, said: str
) -> None:
    path = written(kind, content)
    outcome = scanned(command, kind, path)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    place = f"{path}:{line}: " if line else f"{path}: "
    assert place in outcome.err
    assert said in outcome.err


@pytest.mark.parametrize("kind", OPTIONS)
@pytest.mark.parametrize("oddity", ["fifo", "endless", "loop"])
def test_what_is_no_file(command: Command, kind: str, oddity: str) -> None:
    path = written(kind, "")
    path.unlink()
    if oddity == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if oddity == "endless" else path.name)
    outcome = scanned(command, kind, path if kind == "configuration" else path.parent)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert str(path) in outcome.err
    assert "fault of vllm-doctor" not in outcome.err


@pytest.mark.parametrize("kind", OPTIONS)
def test_what_is_larger_than_the_memory(command: Command, kind: str) -> None:
    path = written(kind, "")
    with path.open("wb") as file:
        file.truncate(1 << 40)
    outcome = scanned(command, kind, path)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"vllm-doctor: {path}: is larger than 1 MiB\n"


@pytest.mark.parametrize("kind", ["kb", "rules"])
def test_links_in_circles_are_not_followed(command: Command, kind: str) -> None:
    path = written(kind, PARSERS + "| a/b | `x` |\n" if kind == "kb" else RULE)
    for name in ("one", "two"):
        (path.parent / name).symlink_to(".")
    Path(".vllm-doctor.toml").write_text(f'{kind} = ["{kind}"]\n')
    outcome = command("scan", "serve.sh")
    assert (outcome.code, outcome.err) == (0, "")


@pytest.mark.parametrize("kind", ["kb", "rules"])
def test_a_link_that_leads_out_of_the_folder_is_refused(command: Command, kind: str) -> None:
    path = written(kind, PARSERS if kind == "kb" else RULE)
    outside = path.rename(Path(path.name))
    path.symlink_to(outside.absolute())
    outcome = scanned(command, kind, path.parent)
    said = f"{path}: is a link that leads out of {kind}: name its target"
    assert (outcome.code, outcome.err) == (2, f"vllm-doctor: {said}\n")
    assert scanned(command, kind, path).code == 0, "it was named"


@pytest.mark.parametrize("kind", ["kb", "rules"])
@pytest.mark.parametrize("place", ["/", "/usr"])
def test_a_whole_file_system_is_no_folder_of_ours(command: Command, kind: str, place: str) -> None:
    Path(".vllm-doctor.toml").write_text(f'{kind} = ["{place}"]\n')
    outcome = command("scan", "serve.sh")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("pattern", ["*a" * 30 + "b", "**/*a*a*a*a*a*a*a*a*a*a*b"])
@pytest.mark.parametrize("text", ['exclude = ["{}"]', '[per-file-ignores]\n"{}" = ["VD1"]'])
def test_a_pattern_that_would_go_back_for_ever(command: Command, pattern: str, text: str) -> None:
    Path("a" * 200 + ".sh").write_text("rm -rf /tmp/torchinductor_*\n")
    Path(".vllm-doctor.toml").write_text(text.format(pattern))
    assert command("scan", ".", "--format", "json").codes == ["VD101"]


def test_a_list_that_names_the_same_nodes_for_ever(command: Command) -> None:
    path = written("kb", "# Bad nodes\n" + "- n[1-99999]\n" * 900)
    Path("serve.sh").write_text("#!/bin/bash\n#SBATCH --gpus=1\nvllm serve a/b\n")
    outcome = command("scan", "serve.sh", "--kb", "kb")
    assert outcome.code == 2
    assert outcome.err == f"vllm-doctor: {path}:2: the list names more than 100000 nodes\n"


def test_a_value_without_end_is_cut_in_a_message(command: Command) -> None:
    written("rules", RULE.replace('"{container-image}"', '"' + "{container-image}" * 50 + '"'))
    Path("image.sh").write_text(f"srun --container-image={'a' * 50_000} vllm serve a/b\n")
    (found,) = [
        each
        for each in command("scan", "image.sh", "--rules", "rules", "--format", "json").found
        if each["code"] == "SITE001"
    ]
    assert len(found["message"]) == 10_000


@pytest.mark.parametrize("kind", ["kb", "rules"])
def test_a_folder_without_any(command: Command, kind: str) -> None:
    written(kind, "").unlink()
    outcome = scanned(command, kind, Path(kind))
    assert (outcome.code, outcome.out) == (2, "")
    assert f"{kind}: the folder holds no " in outcome.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("kind", OPTIONS)
def test_what_may_not_be_read(command: Command, kind: str) -> None:
    path = written(kind, "")
    path.chmod(0)
    outcome = scanned(command, kind, path)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert f"{path}: can" in outcome.err


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("kb", PARSERS + "| a/b | `x` |\n", 0),
        ("rules", RULE, 1),
        ("rules", RULE.replace('"*"', '"(a+)+$"'), 0),
        ("rules", RULE.replace('"*"', f'"{"*a" * 1000}*b"'), 0),
        ("configuration", 'slurm = true\nexclude = ["' + "**/" * 300 + '*a*a*a*b"]\n', 0),
    ],
    ids=["page", "rule", "expression", "stars", "configuration"],
)
@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "BOM"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_what_is_read_all_the_same(
    command: Command, kind: str, content: str, code: int, start: str, end: str
) -> None:
    Path("image.sh").write_text(f"srun --container-image={'a' * 3000} vllm serve a/b > log 2>&1\n")
    path = written(kind, start + content.replace("\n", end))
    outcome = command("scan", "image.sh", OPTIONS[kind], str(path))
    assert (outcome.code, outcome.err) == (code, "")
