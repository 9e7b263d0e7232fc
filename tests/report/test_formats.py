"""Each format for programs, read as the program reads it that it is for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import jsonschema
import junitparser
import pytest

from tests.conftest import Outcome

Command = Callable[..., Outcome]

SCHEMAS = Path(__file__).parent / "schemas"

SCRIPT = """\
#!/bin/bash
#SBATCH --ntasks=1
rm -rf /tmp/torchinductor_*
vllm serve openai/gpt-oss-20b --enable-auto-tool-choice --tool-call-parser hermes
"""
#: A name that every format has to write in a way of its own.
NAME = "模型 100%, a:b&<x>.sh"


@pytest.fixture
def scanned(command: Command) -> Callable[..., str]:
    """What a scan of the script prints in a format."""

    def scan(format_name: str, *arguments: str) -> str:
        Path(NAME).write_text(SCRIPT)
        outcome = command("scan", ".", "--output-format", format_name, *arguments)
        assert (outcome.code, outcome.err) == (1, "")
        return outcome.out

    return scan


def codes(scanned: Callable[..., str]) -> list[str]:
    return [found["code"] for found in json.loads(scanned("json"))]


def test_concise_is_a_line_for_each(scanned: Callable[..., str]) -> None:
    lines = scanned("concise").splitlines()
    assert [line.split("]")[0] for line in lines] == [
        f"{NAME}:3:8: error[VD101",
        f"{NAME}:4:76: error[VD701",
    ]
    assert "] [*] " in lines[1], "there is a safe fix"
    assert len(scanned("concise", "--show", "info").splitlines()) == len(codes(scanned))


def test_json_lines_are_the_objects_of_json(scanned: Callable[..., str]) -> None:
    lines = scanned("jsonl").splitlines()
    assert list(map(json.loads, lines)) == json.loads(scanned("json"))


class TestSarif:
    def test_its_schema(self, scanned: Callable[..., str]) -> None:
        schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
        jsonschema.validate(json.loads(scanned("sarif")), schema)

    def test_its_results(self, scanned: Callable[..., str]) -> None:
        (run,) = json.loads(scanned("sarif"))["runs"]
        results = run["results"]
        assert [each["ruleId"] for each in results] == codes(scanned)
        rules = run["tool"]["driver"]["rules"]
        assert all(rules[each["ruleIndex"]]["id"] == each["ruleId"] for each in results)
        (place,) = results[0]["locations"]
        assert unquote(place["physicalLocation"]["artifactLocation"]["uri"]) == NAME
        assert len({each["partialFingerprints"]["vllmDoctor/v1"] for each in results}) == len(
            results
        )

    def test_its_fixes_are_the_edits_that_are_made(
        self, scanned: Callable[..., str], command: Command
    ) -> None:
        (run,) = json.loads(scanned("sarif"))["runs"]
        by_rule = {each["ruleId"]: each for each in run["results"]}
        (fix,) = by_rule["VD701"]["fixes"]
        (change,) = fix["artifactChanges"]
        (edit,) = change["replacements"]
        region = edit["deletedRegion"]
        lines = SCRIPT.splitlines()
        line = lines[region["startLine"] - 1]
        lines[region["startLine"] - 1] = (
            line[: region["startColumn"] - 1]
            + edit["insertedContent"]["text"]
            + line[region["endColumn"] - 1 :]
        )
        command("scan", ".", "--fix", "--select", "VD701")
        assert Path(NAME).read_text().splitlines() == lines

    def test_nothing_found_is_a_log_too(self, command: Command) -> None:
        schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
        log = json.loads(command("scan", "--output-format=sarif").out)
        jsonschema.validate(log, schema)
        assert log["runs"][0]["results"] == []


def workflow_commands(output: str) -> list[tuple[str, dict[str, str], str]]:
    """The commands in a step's output, as the runner of GitHub Actions reads them."""
    found = []
    for line in output.splitlines():
        if command := re.fullmatch(r"::([a-z-]+)(?: (.*?))?::(.*)", line):
            name, given, message = command.groups()
            pairs = (pair.split("=", 1) for pair in (given or "").split(",") if "=" in pair)
            properties = {key: unescaped(value, ":,") for key, value in pairs}
            found.append((name, properties, unescaped(message, "")))
    return found


def unescaped(text: str, more: str) -> str:
    for character in f"\r\n{more}":
        text = text.replace(f"%{ord(character):02X}", character)
    return text.replace("%25", "%")


def test_github_annotates_the_lines(scanned: Callable[..., str]) -> None:
    output = scanned("github", "--show", "info")
    found = workflow_commands(output)
    assert len(found) == len(output.splitlines())
    assert [properties["title"].split()[0] for _, properties, _ in found] == codes(scanned)
    name, properties, message = found[-1]
    assert name == "error"
    assert properties == {
        "title": "VD701 wrong-tool-parser", "file": NAME, "line": "4", "endLine": "4",
        "col": "76", "endColumn": "82",
    }  # fmt: skip
    assert message.startswith(f"{NAME}:4:76: openai/gpt-oss-20b needs the tool parser")
    assert len(workflow_commands(scanned("github"))) == 2, "an info annotates only if wanted"


class TestGitlab:
    #: What GitLab asks of an issue (its validator `json_schemas/codeclimate.json`), and the
    #: severities that its documentation knows.
    ISSUE: ClassVar[dict[str, Any]] = {
        "type": "object",
        "required": ["description", "fingerprint", "severity", "location", "check_name"],
        "properties": {
            "description": {"type": "string"},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "positions"],
                "properties": {
                    "path": {"type": "string", "not": {"pattern": "^\\.?/"}},
                    "positions": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {
                            "begin": {
                                "type": "object",
                                "required": ["line"],
                                "properties": {"line": {"type": "integer", "minimum": 1}},
                            }
                        },
                    },
                },
            },
        },
    }

    def test_its_schema(self, scanned: Callable[..., str]) -> None:
        issues = json.loads(scanned("gitlab"))
        jsonschema.validate(issues, {"type": "array", "items": self.ISSUE})
        assert [each["check_name"] for each in issues] == codes(scanned)
        assert {each["location"]["path"] for each in issues} == {NAME}

    def test_a_fingerprint_survives_lines_that_move(
        self, scanned: Callable[..., str], command: Command
    ) -> None:
        before = [each["fingerprint"] for each in json.loads(scanned("gitlab"))]
        Path(NAME).write_text(SCRIPT.replace("rm ", "\n\nrm "))
        moved = json.loads(command("scan", "--format=gitlab").out)
        assert [each["fingerprint"] for each in moved] == before

    def test_what_is_alike_has_fingerprints_of_its_own(self, command: Command) -> None:
        Path("a.sh").write_text("#!/bin/bash\n#SBATCH -n 1\n" + "rm -rf /tmp/vllm_*\n" * 3)
        issues = json.loads(command("scan", "--format=gitlab", "--select=VD101").out)
        assert len({each["fingerprint"] for each in issues}) == len(issues) == 3


class TestJunit:
    def parsed(self, text: str) -> junitparser.JUnitXml:
        return junitparser.JUnitXml.fromstring(text.encode())

    def test_a_failure_for_each(self, scanned: Callable[..., str]) -> None:
        (suite,) = self.parsed(scanned("junit"))
        assert (suite.name, suite.tests, suite.failures) == (NAME, 2, 2)
        cases = list(suite)
        assert [case.name.split()[0] for case in cases] == ["VD101", "VD701"]
        (failure,) = cases[1].result
        assert failure.type == "error"
        assert failure.text.startswith(f"{NAME}:4:76: openai/gpt-oss-20b needs")

    def test_nothing_found_is_a_test_that_passed(self, command: Command) -> None:
        (suite,) = self.parsed(command("scan", "--format=junit").out)
        (case,) = suite
        assert case.is_passed

    def test_no_character_that_xml_forbids(self, command: Command) -> None:
        Path("a\x1b\x01.sh").write_text(SCRIPT)
        (suite,) = self.parsed(command("scan", "--format=junit").out)
        assert suite.name == "a��.sh"


@pytest.mark.parametrize("format_name", ["concise", "github", "junit", "sarif", "gitlab", "jsonl"])
def test_no_format_gives_a_token_away_or_steers_a_terminal(
    command: Command, format_name: str
) -> None:
    token = "hf_" + "NqVwYSVPHbDXpPdkhxEpyIgKpaUnArlXyk"
    Path("a\x1b[31m.sh").write_text(f"#!/bin/bash\n#SBATCH -n1\nHF_TOKEN={token} vllm serve a/b\n")
    out = command("scan", f"--format={format_name}", "--show=info").out
    assert "VD905" in out
    assert token not in out
    assert "\x1b" not in out
