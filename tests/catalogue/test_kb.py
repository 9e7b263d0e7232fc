"""`vllm-doctor kb` and `vllm-doctor kb check`, and VD004."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from tests.conftest import Outcome

Command = Callable[..., Outcome]
LESSONS = Path(__file__).parent.parent / "knowledge" / "slurm-cluster-lessons.md"
TODAY = date.today()

RULE = """\
code: SITE001
name: no-local-image
lesson: images
fact: allocation
severity: warning
when: {container-image: {like: "*", not: {like: "/*"}}}
message: "The image {container-image} is not an absolute path."
examples:
  - bad: |
      #SBATCH --container-image=vllm.sqsh
  - good: |
      #SBATCH --container-image=/images/vllm.sqsh
"""
PAGE = """\
---
id: images
title: Images
codes: [SITE001]
---
# Images

See [the other page](other.md), [the web](https://example.org) and [below](#known-bad-nodes).

```bash bad SITE001
#SBATCH --container-image=vllm.sqsh
```

```bash good
#SBATCH --container-image=/images/vllm.sqsh
```
"""


@pytest.fixture(autouse=True)
def _site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kb").mkdir()
    Path("rules").mkdir()
    Path("kb/images.md").write_text(PAGE)
    Path("kb/other.md").write_text("# Another page\n")
    Path("rules/SITE001-no-local-image.yaml").write_text(RULE)
    Path(".vllm-doctor.toml").write_text('kb = ["kb"]\nrules = ["rules"]\n')


def test_what_is_right(command: Command) -> None:
    outcome = command("kb", "check")
    assert (outcome.code, outcome.out, outcome.err) == (0, "All is well.\n", "")


def test_examples_have_nothing_to_do_with_the_folder_that_one_is_in(command: Command) -> None:
    servers = [f"vllm serve Qwen/Qwen3-8B --port {port} &" for port in (8001, 8002)]
    Path("serve.sh").write_text("\n".join([*servers, "wait\n"]))
    Path("kb/images.md").write_text(PAGE.replace("[SITE001]", "[SITE001, SITE002]"))
    rule = {
        "code": "SITE002",
        "name": "release-unnamed",
        "lesson": "images",
        "fact": "shared-cache",
        "severity": "warning",
        "when": {"named-releases": {"known": False}},
        "message": "nobody says on what release",
        "examples": [
            {"bad": Path("serve.sh").read_text()},
            {"good": "vllm serve Qwen/Qwen3-8B # on vLLM 0.11.0\n"},
        ],
    }
    Path("rules/SITE002-release-unnamed.yaml").write_text(yaml.safe_dump(rule))
    scan = ("scan", "serve.sh", "--select", "SITE002", "--format", "json")
    assert command(*scan).codes == ["SITE002"]
    Path("uv.lock").write_text('[[package]]\nname = "vllm"\nversion = "0.33.0"\n')
    assert command(*scan).codes == []
    assert command("kb", "check").out == "All is well.\n"


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "said"),
    [
        ("kb/images.md", "(other.md)", "(gone.md)", 8, "the link to gone.md leads nowhere"),
        ("kb/images.md", "[SITE001]", "[SITE001, SITE002]", 2, "names the rule SITE002, which"),
        ("kb/images.md", "[SITE001]", "[]", 0, "SITE001 is not among the `codes` of its page"),
        ("kb/images.md", "id: images", "id: image", 0, "the lesson 'images', but there is"),
        ("kb/images.md", "=vllm.sqsh", "=/vllm.sqsh", 10, "SITE001 is silent on this bad"),
        ("kb/images.md", "=/images", "=images", 14, "SITE001 speaks on this good example"),
        ("rules/SITE001-no-local-image.yaml", "=vllm.sqsh", "=/a.sqsh", 9, "SITE001 is silent"),
        ("rules/SITE001-no-local-image.yaml", "=/images", "=images", 11, "speaks on this good"),
        (
            "rules/SITE001-no-local-image.yaml",
            'like: "/*"',
            "like: $kb.images.root",
            6,
            "SITE001 reads $kb.images.root, which no page tells",
        ),
    ],
)
def test_what_is_wrong(
    command: Command, file: str, old: str, new: str, line: int, said: str
) -> None:
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))
    outcome = command("kb", "check")
    assert outcome.code == 1
    assert said in outcome.out
    if line:
        assert f"{file}:{line}: " in outcome.out


CLAIMS = """
| Claim | Verdict | What is so | Source |
|---|---|---|---|
| images lie anywhere | corrected | they lie in `/images` | the site |
| they never age | unverified |||
"""


def test_what_became_of_claims(command: Command) -> None:
    Path("kb/images.md").write_text(PAGE + CLAIMS)
    line = len(PAGE.splitlines()) + 4
    out = command("kb", "check", "--claims").out.splitlines()
    assert [each for each in out if each.startswith("kb/")] == [
        f"kb/images.md:{line}: corrected: images lie anywhere "
        "(what is so: they lie in `/images`; source: the site)",
        f"kb/images.md:{line + 1}: unverified: they never age",
    ]
    assert out[-1] == "All is well."


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("corrected", "wrong", "the verdict is one of confirmed, corrected, unverified, not"),
        ("the site |", "|", "a claim that is corrected needs a source"),
    ],
)
def test_a_claim_without_an_answer(command: Command, old: str, new: str, said: str) -> None:
    Path("kb/images.md").write_text(PAGE + CLAIMS.replace(old, new))
    outcome = command("kb", "check")
    assert outcome.code == 1
    assert f"kb/images.md:{len(PAGE.splitlines()) + 4}: {said}" in outcome.out


def test_a_page_that_no_rule_enforces(command: Command) -> None:
    Path("kb/other.md").write_text("---\nid: other\ntitle: Another\n---\n# Another page\n")
    outcome = command("kb", "check")
    assert (outcome.code, outcome.err) == (1, "")
    assert outcome.out == "kb/other.md:2: no rule enforces the lesson 'other'\n"


def test_a_page_that_names_the_rule_of_another(command: Command) -> None:
    Path("kb/other.md").write_text("---\nid: other\ntitle: x\ncodes: [VD101, SITE001]\n---\n")
    assert command("kb", "check").out.splitlines() == [
        "kb/other.md:2: the page names SITE001, whose lesson is 'images'",
        "kb/other.md:2: the page names VD101, whose lesson is 'shared-tmp'",
    ]


def test_two_pages_of_one_id(command: Command) -> None:
    Path("kb/more.md").write_text(PAGE)
    assert command("kb", "check").out == "kb/more.md:2: 'images' is the id of kb/images.md, too\n"


def test_a_rule_without_a_page(command: Command) -> None:
    Path("kb/images.md").write_text("# Images\n")
    said = "SITE001 names the lesson 'images', but there is no such page"
    assert command("kb", "check").out == f"rules/SITE001-no-local-image.yaml:3: {said}\n"


def test_a_rule_about_nodes_whose_example_does_not_hold(command: Command) -> None:
    Path("rules/SITE002-slow.yaml").write_text(
        "code: SITE002\nname: slow-gpu\nlesson: null\nfact: gpus\nseverity: info\n"
        "when: {count: {gt: 4}}\nmessage: too many\n"
        "examples:\n  - bad: {count: 4}\n  - good: {count: 3}\n"
    )
    outcome = command("kb", "check")
    assert outcome.code == 1
    assert outcome.out.startswith("rules/SITE002-slow.yaml:9: SITE002 is silent, and not what")


def test_several_faults_are_told_at_once_in_their_order(command: Command) -> None:
    Path("kb/one.md").write_text(
        "# One\n\n[gone](gone.md)\n\n| Model | Tool parser |\n|---|---|\n"
        "| openai/gpt-oss-20b | hermes |\n| our/model | hermes |\n| our/model | openai |\n\n"
        "## Known bad nodes\n- gpu01\n"
    )
    lines = command("kb", "check").out.splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "kb/one.md:3",
        "kb/one.md:7",
        "kb/one.md:8",
        "kb/one.md:12",
    ]
    assert "the tool parser of openai/gpt-oss-20b: hermes here, but openai in kb/tool" in lines[1]
    assert "the tool parser of our/model: hermes here, but openai in kb/one.md:9" in lines[2]


@pytest.mark.parametrize(("age", "code"), [(89, 0), (91, 1)])
def test_an_old_list_of_bad_nodes(command: Command, age: int, code: int) -> None:
    day = TODAY - timedelta(days=age)
    Path("kb/nodes.md").write_text(f"# Known bad nodes (as of {day})\n\n- gpu01\n")
    outcome = command("kb", "check")
    assert outcome.code == code
    assert ("nodes.md:3: the list of bad nodes is 91 days old" in outcome.out) is bool(code)
    assert command("kb", "check", "--max-age", "365").code == 0


def test_a_list_of_bad_nodes_without_a_date(command: Command) -> None:
    Path("kb/nodes.md").write_text("# Known bad nodes\n\n- gpu01\n")
    assert "does not say of when it is" in command("kb", "check").out


def test_a_table_that_cannot_be_read(command: Command) -> None:
    Path("kb/nodes.md").write_text("| Model | Tool parser |\n|---|---|\n| a/b | `x` | y |\n")
    outcome = command("kb", "check")
    assert (outcome.code, outcome.out) == (2, "")
    assert "kb/nodes.md:3: the row has 3 cells" in outcome.err


def test_the_facts_name_their_places(command: Command) -> None:
    Path("kb/nodes.md").write_text("# Known bad nodes (as of 2026-01-31)\n\n- gpu[01-03]\n")
    outcome = command("kb")
    assert outcome.out.startswith("Bad nodes\n  gpu[01-03] (as of 2026-01-31)  ")
    assert "kb/nodes.md:3\n" in outcome.out
    assert "tool-parsers.md:" in outcome.out


def test_two_nodes_are_one_list(command: Command) -> None:
    Path("kb/nodes.md").write_text("# Known bad nodes (as of 2026-01-31)\n\n- gpu07\n- gpu03\n")
    assert command("kb").out.startswith("Bad nodes\n  gpu[03,07] (as of 2026-01-31)  ")


def test_the_facts_in_json(command: Command) -> None:
    facts = json.loads(command("kb", "--format", "json", "--kb", str(LESSONS)).out)
    assert facts["bad_nodes"][0]["as_of"] == "2025-12-28"
    first = facts["families"][0]
    assert (first["tool_parser"], first["filename"], first["site"]) == (
        "openai",
        str(LESSONS),
        True,
    )
    assert {row["site"] for row in facts["families"]} == {True, False}
    assert all(row["line"] for rows in facts.values() for row in rows)


# --- what no example needs --------------------------------------------------------------------


def test_our_own_rules_have_no_part_that_no_example_needs(command: Command) -> None:
    Path(".vllm-doctor.toml").unlink()
    outcome = command("kb", "check", "--strict")
    assert (outcome.code, outcome.out, outcome.err) == (0, "All is well.\n", "")


def _strict(command: Command, text: str) -> list[str]:
    """What is said of a rule with these parts in place of those of the site's own."""
    parts = yaml.safe_load(RULE) | yaml.safe_load(text)
    Path("rules/SITE001-no-local-image.yaml").write_text(yaml.safe_dump(parts, sort_keys=False))
    Path("kb/images.md").write_text(PAGE.partition("```")[0])
    assert command("kb", "check").out == "All is well.\n"
    outcome = command("kb", "check", "--strict")
    found = outcome.out.replace("All is well.\n", "").splitlines()
    assert outcome.code == bool(found)
    for line in found:
        assert line.startswith("rules/SITE001-no-local-image.yaml:")
        assert line.endswith(", or leave it out")
    said = [line.partition("no example of SITE001 needs ")[2] for line in found]
    return [each.removesuffix(", or leave it out") for each in said]


IMAGE = "#SBATCH --container-image={}\n"
BAD, GOOD = {"bad": IMAGE.format("a.sqsh")}, {"good": IMAGE.format("/a.sqsh")}
NO_JOB = {"good": "#SBATCH --nodes=1\n"}


def test_a_rule_all_of_whose_parts_are_needed(command: Command) -> None:
    assert _strict(command, "examples: " + json.dumps([BAD, GOOD, NO_JOB])) == []


@pytest.mark.parametrize(
    ("parts", "examples", "said"),
    [
        (
            "when: {container-image: {like: '*', not: {like: '/*'}}, asks-gpus: false}",
            [],
            ["`asks-gpus: false`: add a good example that differs from a bad one in this alone"],
        ),
        (
            "when: {container-image: {like: ['*.sqsh', '*.sif'], not: {like: '/*'}}}",
            [],
            ["`*.sif`: add a bad example that holds only with it"],
        ),
        (
            "when: {container-image: {like: '*', not: {like: ['/*', './*']}}}",
            [],
            ["`./*`: add a good example that differs from a bad one in this alone"],
        ),
        (
            "when: {any: [{container-image: {like: '*.sqsh', not: {like: '/*'}}}, {nodes: 7}]}",
            [],
            ["`nodes: 7`: add a bad example that holds only with it"],
        ),
        (
            "when: {container-image: {like: '*', not: {like: '/*'}}, nodes: {gt: 2}}",
            [
                {"bad": "#SBATCH --nodes=4\n" + BAD["bad"]},
                {"good": "#SBATCH --nodes=4\n"},
                {"good": "#SBATCH --nodes=4\n" + GOOD["good"]},
                {"good": BAD["bad"]},
            ],
            ["`gt: 2`: add an example that lies exactly at the bound"],
        ),
        (
            "cases: [{when: {nodes: 1}, severity: info}]",
            [BAD],
            [
                "`when: {nodes: 1}, severity: info`: add an example of this case that says its "
                "`severity` or `message`"
            ],
        ),
        (
            "related: {at: location, message: here}",
            [BAD],
            [
                "`related: {at: location, message: here}`: say in a bad example what the `related` "
                "place's message holds"
            ],
        ),
        (
            "fix: {do: replace-value, of: container-image, by: /x, message: Write it whole}",
            [BAD],
            [
                "`fix: {do: replace-value, of: container-image, by: /x, message: Write it whole}`: "
                "say in a bad example what is `fixed`"
            ],
        ),
    ],
)
def test_a_part_that_no_example_needs(
    command: Command, parts: str, examples: list[dict[str, str]], said: list[str]
) -> None:
    bad = examples or [BAD]
    told = json.dumps([*bad, GOOD, NO_JOB, *([NO_JOB] if "nodes: 7" in parts else [])])
    assert _strict(command, f"{parts}\nexamples: {told}") == said


def test_a_part_of_a_rule_about_nodes_that_no_example_needs(command: Command) -> None:
    Path("rules/SITE001-no-local-image.yaml").unlink()
    Path("kb/images.md").unlink()
    Path("rules/SITE002-slow.yaml").write_text(
        "code: SITE002\nname: slow-gpu\nlesson: null\nfact: gpus\nseverity: info\n"
        "when: {count: {gt: 4}, differ: true}\nmessage: too many\nevidence: '{count} GPUs'\n"
        "examples:\n  - bad: {count: 5, differ: true}\n  - good: {count: 4, differ: true}\n"
    )
    lines = command("kb", "check", "--strict").out.splitlines()
    said = [line.partition(" no example of SITE002 needs ")[2] for line in lines]
    assert [each.partition(":")[0] for each in said] == ["`differ", "`evidence"]


def test_what_an_example_expects_beside_the_message(command: Command) -> None:
    parts = yaml.safe_load(RULE) | {"at": "container-image"}
    expected = {
        "at": ("a.sqsh", "stands at 'a.sqsh' here, and not at 'b.sqsh'"),
        "without": ("/b", "says 'absolute' here"),
        "times": (1, "speaks 1 times here, and not 2"),
    }
    wrong = {"at": "b.sqsh", "without": "absolute", "times": 2}
    for key, (right, said) in expected.items():
        parts["examples"] = [BAD | {key: right}, GOOD]
        Path("rules/SITE001-no-local-image.yaml").write_text(yaml.safe_dump(parts))
        assert command("kb", "check").out == "All is well.\n"
        parts["examples"] = [BAD | {key: wrong[key]}, GOOD]
        Path("rules/SITE001-no-local-image.yaml").write_text(yaml.safe_dump(parts))
        assert f"SITE001 {said}" in command("kb", "check").out


# --- sources that disagree -------------------------------------------------------------------


def test_two_documents_of_the_site_disagree(command: Command) -> None:
    table = "| Model | Tool parser |\n|---|---|\n| our/model | {} |\n"
    Path("kb/one.md").write_text(table.format("hermes"))
    Path("kb/two.md").write_text(table.format("openai"))
    Path("serve.sh").write_text("vllm serve a/b\n")
    outcome = command("scan", "serve.sh", "serve.sh", "--select", "VD004", "--format", "json")
    assert outcome.codes == ["VD004"], "once a scan"
    found = outcome.found[0]
    assert (found["filename"], found["location"]["row"]) == ("kb/two.md", 3)
    assert found["related"][0]["filename"] == "kb/one.md"
    assert outcome.code == 1
    assert command("kb", "check").code == 1
    assert command("scan", "serve.sh", "--ignore", "VD004").code == 0


def test_the_lessons_document_is_told_to_disagree_once(command: Command) -> None:
    Path("serve.sh").write_text("vllm serve a/b\n")
    Path("more.sh").write_text("vllm serve a/b\n")
    words = ("scan", "serve.sh", "more.sh", "--kb", str(LESSONS), "--format", "json")
    outcome = command(*words)
    assert [(each["code"], each["severity"]) for each in outcome.found] == [("VD004", "warning")]
    assert "0.12.0" in outcome.found[0]["message"]
    assert command(*words, "--ignore", "VD004").code == 0


def test_the_last_sentence_counts_scripts_and_documents(command: Command) -> None:
    Path("kb/one.md").write_text("| Model | Tool parser |\n|---|---|\n| openai/gpt-oss-20b | x |\n")
    Path("serve.sh").write_text("vllm serve a/b\n")
    Path("clear.sh").write_text("rm -rf /tmp/torchinductor_*\n")
    said = command("scan", "serve.sh").out
    assert said.endswith("Found 1 warning in 1 document.\n")
    assert "in kb/tool-parsers.md:" in " ".join(said.split())
    assert "Found 1 error and 1 warning in 1 of 2 scripts and 1 document.\n" in command("scan").out
