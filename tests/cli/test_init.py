"""`vllm-doctor init`, with programs of Slurm's that the test makes."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.cluster import site
from doctor.config import find, read
from tests.conftest import Outcome

Command = Callable[..., Outcome]

CONFIG = Path(".vllm-doctor.toml")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bin").mkdir()
    os.umask(0o022)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin")


def sinfo(body: str) -> None:
    program("sinfo", body)


def program(name: str, body: str) -> None:
    program = Path("bin") / name
    program.write_text(f"#!/bin/bash\nPATH=/usr/bin:/bin\n{body}\n")
    program.chmod(0o755)


def test_without_slurm(command: Command) -> None:
    outcome = command("init")
    assert outcome.code == 0
    assert outcome.out.startswith("Wrote .vllm-doctor.toml.\nSlurm's sinfo is not here")
    text = CONFIG.read_text()
    assert '# bad-nodes = ["research-secure-[02-03,07,09]"]\n' in text
    assert read(CONFIG).bad_nodes is None
    assert CONFIG.stat().st_mode & 0o777 == 0o644
    assert sorted(os.listdir()) == [CONFIG.name, "bin"], "nothing else is left behind"


def test_every_setting_that_is_commented_out_is_right(command: Command) -> None:
    command("init")
    lines = CONFIG.read_text().splitlines()
    settings = [line[2:] for line in lines if re.match(r"# (\[|[\w*/\"-]+ = )", line)]
    assert len(settings) == 20
    CONFIG.write_text("\n".join(settings))
    Path("lint/rules").mkdir(parents=True)
    Path("lint/rules/ranks.yml").write_text("code: VD403\nseverity: off\n")
    Path("docs").mkdir()
    Path("docs/cluster-lessons.md").write_text("# Lessons\n")
    assert read(CONFIG).per_file_ignores
    assert command("scan", "--update-baseline").code == 0
    assert command("scan", ".").code == 0


def test_the_bad_nodes_that_this_cluster_has(command: Command) -> None:
    sinfo('[[ "$*" = *"%N|%P|%G" ]] && printf "research-secure-%02d|gpu|(null)\\n" 1 2 3 3 7')
    outcome = command("init")
    assert "this cluster of 4 nodes has research-secure-[02-03,07]" in outcome.out
    assert read(CONFIG).bad_nodes == ("research-secure-[02-03,07]",)


def test_a_cluster_without_any_of_them(command: Command) -> None:
    sinfo("echo 'gpu01|a|'; echo 'gpu02|a|'")
    outcome = command("init")
    assert "None of the known bad nodes is among the 2 nodes of this cluster" in outcome.out
    assert read(CONFIG).bad_nodes == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("echo 'slurm_load_partitions: no controller' >&2; exit 1", "no controller"),
        ("exit 0", "no nodes"),
        ("echo 'gpu[01|a|'", "missing bracket"),
    ],
)
def test_a_sinfo_that_fails(command: Command, body: str, reason: str) -> None:
    sinfo(body)
    outcome = command("init")
    assert outcome.code == 0
    assert "sinfo did not answer (" in outcome.out
    assert reason in outcome.out
    assert read(CONFIG).bad_nodes is None


def test_a_sinfo_that_hangs_is_ended_with_its_children(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(site, "ANSWERING", 0.5)
    sinfo("trap '' TERM INT HUP\n(sleep 97 & echo $! > child; wait) &\nwait")
    began = time.monotonic()
    outcome = command("init")
    assert time.monotonic() - began < 4
    assert "sinfo did not answer (it took more than" in outcome.out
    child = int((tmp_path / "child").read_text())
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


def test_a_configuration_that_is_there_is_kept(command: Command) -> None:
    CONFIG.write_text("slurm = true\n")
    outcome = command("init")
    assert (outcome.code, outcome.out) == (2, "")
    assert "--force" in outcome.err
    assert CONFIG.read_text() == "slurm = true\n"
    assert command("init", "--force").code == 0
    assert read(CONFIG).slurm is False


def test_partitions_gpus_and_a_tmp_of_each_job_s_own(command: Command) -> None:
    sinfo("cat <<EOF\n"
        "gpu01|gpu*|gpu:h100:8(S:0-1)\ngpu02|gpu*|gpu:h100:8(S:0-1),shard:h100:16\n"
        "gpu03|gpu*|gpu:a100:4\ngpu01|debug|gpu:h100:8\ncpu01|cpu|(null)\nold01|old|gpu:2\nEOF"
    )  # fmt: skip
    program("scontrol", "echo 'JobContainerType        = job_container/tmpfs'")
    outcome = command("init")
    assert outcome.out.splitlines()[1:3] == [
        "Slurm's partitions: gpu (the default): 3 nodes, 8 h100 or 4 a100 GPUs each; "
        "debug: 1 node, 8 h100 GPUs each; cpu: 1 node, no GPUs; old: 1 node, 2 GPUs each.",
        "Each job has a /tmp of its own here (job_container/tmpfs): inside jobs no other user's "
        "files are met there.",
    ]
    assert "this cluster" in outcome.out.splitlines()[3]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("echo 'JobContainerType = (null)'", "All users of a node share its /tmp"),
        ("echo 'NamespaceType = namespace/tmpfs'", "a /tmp of its own here (namespace/tmpfs)"),
        ("echo nothing >&2; exit 1", ""),
    ],
)
def test_who_shares_tmp(command: Command, body: str, told: str) -> None:
    sinfo("echo 'gpu01|gpu|gpu:8'")
    program("scontrol", body)
    outcome = command("init")
    assert told in outcome.out
    assert ("/tmp" in outcome.out) is bool(told)


class TestOtherFiles:
    """A new file takes none out of force that was."""

    def test_one_in_a_folder_above(self, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        CONFIG.write_text('vllm-version = "0.11.0"\nignore = ["VD501"]\n')
        Path("jobs").mkdir()
        monkeypatch.chdir("jobs")
        outcome = command("init")
        assert "../.vllm-doctor.toml was in force here: the new file extends it" in outcome.out
        assert find().vllm_version == "0.11.0"
        assert len(find().files) == 2

    def test_the_table_in_pyproject(self, command: Command) -> None:
        Path("pyproject.toml").write_text("[tool.vllm-doctor]\nslurm = true\n")
        assert "pyproject.toml was in force here" in command("init").out
        assert find().slurm

    def test_a_pyproject_of_others(self, command: Command) -> None:
        Path("pyproject.toml").write_text("[project]\n")
        command("init")
        assert find().files == (str(CONFIG),)


def test_for_oneself_and_for_a_site(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "site"))
    assert f"Wrote {tmp_path}/home/vllm-doctor/config.toml" in command("init", "--for", "user").out
    assert f"Wrote {tmp_path}/site/vllm-doctor/config.toml" in command("init", "--for=site").out
    assert command("init", "--for=site").code == 2, "it is there already"
    assert len(find().files) == 2
    assert not CONFIG.exists()
