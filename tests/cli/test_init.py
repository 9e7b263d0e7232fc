"""`vllm-doctor init`, with a `sinfo` that the test makes."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.config import read
from doctor.lessons import init as starter
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
    program = Path("bin/sinfo")
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
    assert len(settings) == 14
    CONFIG.write_text("\n".join(settings))
    Path("lint/rules").mkdir(parents=True)
    Path("lint/rules/ranks.yml").write_text("code: VD403\nseverity: off\n")
    Path("docs").mkdir()
    Path("docs/cluster-lessons.md").write_text("# Lessons\n")
    assert read(CONFIG).per_file_ignores
    assert command("scan", ".").code == 0


def test_the_bad_nodes_that_this_cluster_has(command: Command) -> None:
    sinfo('[ "$*" = "-h -N -o %N" ] && printf "research-secure-%02d\\n" 1 2 3 3 7')
    outcome = command("init")
    assert "this cluster of 4 nodes has research-secure-[02-03,07]" in outcome.out
    assert read(CONFIG).bad_nodes == ("research-secure-[02-03,07]",)


def test_a_cluster_without_any_of_them(command: Command) -> None:
    sinfo("echo gpu01; echo gpu02")
    outcome = command("init")
    assert "None of the known bad nodes is among the 2 nodes of this cluster" in outcome.out
    assert read(CONFIG).bad_nodes == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("echo 'slurm_load_partitions: no controller' >&2; exit 1", "no controller"),
        ("exit 0", "no nodes"),
        ("echo 'gpu[01'", "missing bracket"),
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
    monkeypatch.setattr(starter, "_DEADLINE", 0.5)
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
