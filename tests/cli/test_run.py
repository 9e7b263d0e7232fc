"""What the scripts of a run tell each other, and what is told once for all of them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor import api
from doctor.knowledge.register import entry, record
from tests.conftest import Outcome

Command = Callable[..., Outcome]

JOB = "#!/bin/bash\n#SBATCH --gpus=8\n#SBATCH --time=1:00:00\nsrun vllm serve openai/gpt-oss-120b\n"
NAMED = JOB.replace("--gpus=8", "--gpus=8 --exclude=research-secure-[02-03,07,09]")
ELSEWHERE = JOB.replace("--gpus=8", "--gpus=8 --exclude=gpu07")


@pytest.fixture(autouse=True)
def _scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "c"):
        Path(f"{name}.sbatch").write_text(JOB)


def told(command: Command, *arguments: str) -> list[tuple[str, str]]:
    outcome = command("scan", "--select=VD201", "--format=json", *arguments)
    return [(each["filename"], each["severity"]) for each in outcome.found]


ONE_FOR_ALL = [("a.sbatch", "warning"), ("b.sbatch", "info"), ("c.sbatch", "info")]
EACH = [("a.sbatch", "error"), ("b.sbatch", "error"), ("c.sbatch", "error")]


def test_what_is_not_vouched_for_is_told_once_and_offers_no_fix(command: Command) -> None:
    assert told(command) == ONE_FOR_ALL
    outcome = command("scan", "--select=VD201")
    assert outcome.out.count("VD201]") == 1
    assert "(and 2 more scripts)." in " ".join(outcome.out.split())
    assert "on the cluster whose lessons ship with" in " ".join(outcome.out.split())
    assert "can be fixed" not in outcome.out


def test_the_excerpt_shows_what_asks_for_the_gpus(command: Command) -> None:
    (found, *_) = command("scan", "--select=VD201", "--format=json").found
    assert found["location"]["row"] == 2


def test_a_single_script_speaks_for_itself(command: Command) -> None:
    outcome = command("scan", "--select=VD201", "b.sbatch")
    assert outcome.code == 1
    assert "more script" not in outcome.out


def test_the_next_one_speaks_where_the_first_is_suppressed(command: Command) -> None:
    Path("a.sbatch").write_text(JOB.replace("=8", "=8  # vllm-doctor: ignore[VD201]"))
    assert told(command) == [("b.sbatch", "warning"), ("c.sbatch", "info")]


def test_a_script_that_names_such_a_node_vouches_for_the_whole_run(command: Command) -> None:
    Path("named.sbatch").write_text(NAMED)
    assert told(command) == EACH
    assert told(command, "a.sbatch") == [("a.sbatch", "warning")]
    assert told(command, "a.sbatch", "named.sbatch") == [("a.sbatch", "error")]
    assert command("scan", "--select=VD201", "--fix").code == 0
    assert "--exclude=research-secure-[02-03,07,09]" in Path("c.sbatch").read_text()


def test_a_script_that_names_nodes_of_another_cluster_silences_the_run(command: Command) -> None:
    Path("elsewhere.sbatch").write_text(ELSEWHERE)
    assert told(command) == []
    Path("named.sbatch").write_text(NAMED)
    assert told(command) == [*EACH, ("elsewhere.sbatch", "error")]


def test_scripts_of_another_project_vouch_for_nothing(command: Command) -> None:
    Path("other/jobs").mkdir(parents=True)
    Path("other/named.sbatch").write_text(NAMED)
    Path("other/jobs/d.sbatch").write_text(JOB)
    assert told(command) == [*ONE_FOR_ALL, ("other/jobs/d.sbatch", "error")]
    Path(".git").mkdir()
    assert told(command) == [*EACH, ("other/jobs/d.sbatch", "error")]


def test_what_is_kept_follows_what_the_others_tell(command: Command) -> None:
    assert told(command) == told(command) == ONE_FOR_ALL
    Path("named.sbatch").write_text(NAMED)
    assert told(command) == told(command) == EACH == told(command, "--no-cache")
    Path("named.sbatch").unlink()
    assert told(command) == ONE_FOR_ALL


def test_several_processes_tell_each_other(command: Command) -> None:
    for number in range(70):
        Path(f"d{number:02}.sbatch").write_text(JOB)
    Path("named.sbatch").write_text(NAMED)
    found = told(command, "--jobs=2")
    assert (len(found), {severity for _, severity in found}) == (73, {"error"})


@pytest.mark.skipif(shutil.which("git") is None, reason="missing part: git")
def test_what_has_changed_is_a_run_of_its_own(command: Command) -> None:
    Path("named.sbatch").write_text(NAMED)
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        own = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
        subprocess.run(["git", *own, *words], check=True)
    Path("b.sbatch").write_text(JOB.replace("=8", "=4"))
    assert told(command, "--changed") == [("b.sbatch", "warning")]


def test_programs_get_the_same(tmp_path: Path) -> None:
    found = api.scan([str(tmp_path)], {"select": ["VD201"]}).diagnostics
    assert [each.severity.value for each in found] == ["warning", "info", "info"]


def rule(path: str) -> str:
    return (
        "code: XY101\nname: other-models\nlesson: null\nfact: launch\nseverity: warning\n"
        f"when: {{{path}: {{overlaps: [Qwen/Qwen3-8B]}}}}\nonce-per: run\n"
        'message: "Another script serves Qwen."\nexamples: []\n'
    )


def test_a_rule_of_a_site_may_ask_the_run(command: Command) -> None:
    Path("rules").mkdir()
    Path("rules/XY101-other-models.yaml").write_text(rule("$run.launch.model"))
    Path("q.sh").write_text("vllm serve Qwen/Qwen3-8B\n")
    outcome = command("scan", "--rules=rules", "--select=XY", "--format=json")
    assert [(each["filename"], each["severity"]) for each in outcome.found] == [
        ("a.sbatch", "warning"),
        *((name, "info") for name in ("b.sbatch", "c.sbatch", "q.sh")),
    ]
    assert outcome.found[0]["message"] == "Another script serves Qwen (and 3 more scripts)."


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("$run.launch.modle", "did you mean '$run.launch.model'?"),
        ("$run.lunch.model", "it is $run.KIND.ATTRIBUTE"),
        ("$run.launch", "it is $run.KIND.ATTRIBUTE"),
        ("$run.launch.gpus-needed", "a number, and not strings"),
    ],
)
def test_what_no_script_tells_is_refused(command: Command, path: str, said: str) -> None:
    Path("rules").mkdir()
    Path("rules/XY101-other-models.yaml").write_text(rule(path))
    outcome = command("scan", "--rules=rules")
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


class TestTheClusterThatOneIsOn:
    """A `slurm.conf` that can be read tells whether it has the nodes of the shipped list."""

    @staticmethod
    def have(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
        Path("slurm.conf").write_text(text)
        monkeypatch.setenv("SLURM_CONF", str(Path("slurm.conf").absolute()))

    def test_that_has_none_of_them(self, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        assert told(command) == ONE_FOR_ALL
        self.have(monkeypatch, "NodeName=gpu[01-99]\n")
        assert told(command) == []
        assert told(command) == [], "nor what was kept says so"

    def test_that_has_some_of_them(self, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        self.have(monkeypatch, "NodeName=research-secure-[01-03]\n")
        outcome = command("scan", "--select=VD201", "--format=json")
        assert [each["severity"] for each in outcome.found] == ["error"] * 3
        assert "bad node: research-secure-02, research-secure-03." in outcome.found[0]["message"]
        self.have(monkeypatch, "NodeName=research-secure-[01-99]\n")
        assert "research-secure-09" in command("scan", "--select=VD201").out

    def test_a_register_that_covers_the_partition_is_told_of_once(
        self, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.have(monkeypatch, "NodeName=gpu[1-4]\nPartitionName=gpu Nodes=ALL Default=YES\n")
        for number in range(1, 5):
            record(Path("nodes"), entry(f"gpu{number}", "alice", ("VN107: a GPU is missing",)))
        Path(".vllm-doctor.toml").write_text('register = "nodes"\n')
        assert told(command) == ONE_FOR_ALL
        outcome = command("scan", "--select=VD201", "--fix")
        assert outcome.code == 1
        said = "4 of the 4 nodes of the default partition, gpu, are on the list"
        assert said in " ".join(outcome.out.split())
        assert Path("a.sbatch").read_text() == JOB

    def test_a_recorded_node_is_told_with_its_reason(self, command: Command) -> None:
        record(Path("nodes"), entry("gpu1", "alice", ("VN107: a GPU is missing",)))
        Path(".vllm-doctor.toml").write_text('register = "nodes"\n')
        outcome = command("scan", "--select=VD201", "a.sbatch")
        assert "gpu1 was recorded as unfit on 20" in " ".join(outcome.out.split())
        assert "VN107: a GPU is missing." in " ".join(outcome.out.split())
        assert "leftover" not in outcome.out
