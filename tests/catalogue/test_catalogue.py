"""`vllm-doctor explain` and `vllm-doctor rules`, as people call them."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.base.data import data_folder
from doctor.rulebook import Rule, load
from doctor.rulebook.vocabulary import kinds
from tests.conftest import Outcome

Command = Callable[..., Outcome]
PAGES = sorted(page.stem for page in data_folder("kb").glob("*.md"))

SITE_RULE = """\
code: SITE001
name: no-local-image
lesson: null
fact: allocation
severity: warning
when: {container-image: {like: "*", not: {like: "/*"}}}
at: container-image
message: "The image {container-image} is not an absolute path."
examples:
  - bad: |
      #SBATCH --container-image=vllm.sqsh
  - good: |
      #SBATCH --container-image=/images/vllm.sqsh
"""


@pytest.fixture
def site_rule(tmp_path: Path) -> Path:
    folder = tmp_path / "lint" / "no-local-image"
    folder.mkdir(parents=True)
    (folder / "SITE001-no-local-image.yaml").write_text(SITE_RULE)
    return folder.parent


@pytest.mark.parametrize("rule", load().rules, ids=lambda rule: rule.code)
def test_every_rule_is_explained(command: Command, rule: Rule) -> None:
    code, name = rule.code, rule.name
    outcome = command("explain", code.lower())
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"# {code} {name}\n")
    for word in ("Severity: ", "Looks at: ", "Says: ", "Bad:", "Good:"):
        assert f"\n{word}" in outcome.out
    assert command("explain", name).out == outcome.out


@pytest.mark.parametrize("kind", sorted({*kinds()} - {*load().names.values()}))
def test_every_kind_of_fact_is_explained(command: Command, kind: str) -> None:
    outcome = command("explain", kind)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"# {kind}\n")
    for name, attribute in kinds()[kind].items():
        assert f"\n- `{name}` (" in outcome.out
        assert f"): {attribute.doc}\n" in outcome.out
    for rule in load().rules:
        assert (f"\n- {rule.code} {rule.name} (" in outcome.out) is (rule.fact == kind)


@pytest.mark.parametrize("page", PAGES)
def test_every_lesson_is_explained(command: Command, page: str) -> None:
    outcome = command("explain", page)
    assert outcome.code == 0
    assert outcome.out.startswith("# ")
    assert "\n## Rules\n" in outcome.out


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("wrong-tool-parsr", "'wrong-tool-parser'"),
        ("shared-temp", "'shared-tmp'"),
        ("zzzz", None),
        ("alocation", "'allocation'"),
    ],
)
def test_an_unknown_word(command: Command, word: str, near: str | None) -> None:
    outcome = command("explain", word)
    assert (outcome.code, outcome.out) == (2, "")
    said = f"vllm-doctor: no rule, lesson or kind of fact is called {word!r}"
    assert outcome.err == said + (f"; did you mean {near}?\n" if near else "\n")


def test_an_example_shows_the_document_that_it_rests_on(command: Command) -> None:
    said = "where the site's document says:\n\n```markdown\n| Model | Tool parser |\n"
    assert said in command("explain", "VD004").out


def test_a_rule_of_the_site_is_explained(command: Command, site_rule: Path) -> None:
    outcome = command("explain", "site001", "--rules", str(site_rule))
    assert outcome.out.startswith("# SITE001 no-local-image\n")
    assert "`container-image`: the image that" in outcome.out


def test_a_pipe_gets_plain_text_without_rich(tmp_path: Path) -> None:
    script = (
        "import sys; from doctor.cli import main; main(['explain', 'VD101']);"
        "sys.exit(sum(name.split('.')[0] == 'rich' for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout


def on_a_terminal(lesson: str, folder: Path) -> bytes:
    """What `explain` shows on a terminal of 80 columns."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "doctor", "explain", lesson],
        stdout=follower,
        cwd=folder,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    ) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:
                break
            shown += part
            if not part:
                break
    os.close(leader)
    assert process.returncode == 0
    return shown


def test_a_terminal_gets_typeset_text(tmp_path: Path) -> None:
    shown = on_a_terminal("batch-jobs", tmp_path)
    assert b"\x1b[1" in shown
    assert b"\n## " not in shown


def test_a_table_that_is_too_wide_is_a_list_with_all_its_words(tmp_path: Path) -> None:
    shown = re.sub(r"\x1b\[[\d;]*m", "", on_a_terminal("tool-parsers", tmp_path).decode())
    assert "…" not in shown
    assert "Qwen/Qwen3-Next-80B-A3B-*; Tool parser: hermes; Reasoning" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80


def test_the_catalogue_in_json(command: Command) -> None:
    listed = json.loads(command("rules", "--format", "json").out)
    assert [entry["code"] for entry in listed] == [rule.code for rule in load().rules]
    assert {entry["site"] for entry in listed} == {False}


def test_the_catalogue_has_the_severities_of_the_configuration(
    command: Command, site_rule: Path
) -> None:
    (site_rule / "ranks.yaml").write_text("code: VD202\nseverity: info\n")
    Path(".vllm-doctor.toml").write_text(
        'ignore = ["VD1"]\nrules = ["lint"]\n[severity]\nVD301 = "info"\n"VD9" = "off"\n'
    )
    lines = command("rules").out.splitlines()
    severities = {code: severity for code, severity, *_ in (line.split() for line in lines)}
    assert severities["VD101"] == severities["VD901"] == "off"
    assert severities["VD301"] == severities["VD202"] == "info"
    assert severities["VD701"] == "error"
    assert severities["SITE001"] == "warning"
    assert next(line for line in lines if "SITE001" in line).endswith("SITE001-no-local-image.yaml")


def test_a_broken_rule_is_one_sentence(command: Command, site_rule: Path) -> None:
    file = site_rule / "broken.yaml"
    file.write_text("code: SITE002\nname: [\n")
    for words in (("rules",), ("explain", "VD101")):
        outcome = command(*words, "--rules", str(site_rule))
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith(f"vllm-doctor: {file.relative_to(Path.cwd())}:")
        assert outcome.err.count("\n") == 1


def test_the_beginning_of_a_code_lists_its_rules(command: Command) -> None:
    lines = command("explain", "vd3").out.splitlines()
    assert lines[0] == "# Rules that begin with VD3"
    assert "- VD301 shared-compile-cache (warning)" in lines
    assert "VD4" not in command("explain", "VD3").out


def test_what_a_rule_says_has_no_names_of_attributes(command: Command) -> None:
    shown = command("explain", "VD301").out
    assert "{" not in shown.partition("Says: ")[2].partition("\n")[0]
    assert "Give each a `VLLM_CACHE_ROOT` of its own" in shown
