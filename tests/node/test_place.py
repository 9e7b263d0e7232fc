"""The place that Slurm gave us: inside its jobs, outside, and where nobody answers."""

from __future__ import annotations

import json
import os
import pwd
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from doctor.facts.node.slurm import OtherJobs
from doctor.knowledge import load
from doctor.node import job, place
from doctor.node.checks import Check
from doctor.node.probe import Situation

from .conftest import PATIENT, StandIn
from .looking import look
from .slurm import OneHostSlurm, dead_controller, python_for_everybody, shell

pytestmark = pytest.mark.xdist_group("node-slurm")

NODE, PLACE, OTHERS, TIME = job.PROBES


def doctor(*options: str) -> list[str]:
    """The command for an ordinary user, whatever the checkout's permissions."""
    return _doctor("-c", PATIENT, *options)


def impatient_doctor() -> list[str]:
    """The command as everybody runs it, with its own limits of time."""
    return _doctor("-m", "doctor", "node")


def _doctor(*options: str) -> list[str]:
    return [*python_for_everybody(), *options, "--no-config", "--format", "json", "--select", "VN4"]


def told(output: str) -> dict[str, Any]:
    return {check["code"]: check for check in json.loads(output)["checks"]}


class TestInsideAJob:
    def test_a_batch_job(self, slurm: OneHostSlurm) -> None:
        checks = told(slurm.sbatch(shell(doctor()), "--gres=gpu:1", "--time=60"))
        assert {checks[code]["status"] for code in ("VN401", "VN402", "VN403", "VN404")} == {"ok"}

    def test_a_step(self, slurm: OneHostSlurm) -> None:
        checks = told(slurm.run("srun", "--gres=gpu:1", *doctor()).stdout)
        assert checks["VN402"]["status"] == "ok"

    def test_salloc_runs_it_on_another_machine(self, slurm: OneHostSlurm) -> None:
        check = told(slurm.run("salloc", "--gres=gpu:1", *doctor()).stdout)["VN402"]
        assert check["status"] == "error"
        assert "has gpu01" in check["message"]
        assert "--overlap --nodelist=gpu01" in check["remedy"]

    def test_other_jobs_on_the_node(self, slurm: OneHostSlurm) -> None:
        here = ("--nodelist=gpu01", "--mem=100")
        sent = slurm.run("sbatch", "--parsable", *here, "--wrap", "sleep 100")
        other = sent.stdout.strip()
        try:
            slurm.wait_for_start(other)
            check = told(slurm.run("srun", *here, *doctor()).stdout)["VN403"]
        finally:
            slurm.run("scancel", other)
        assert check["status"] == "info"
        assert f"{other}, of nobody" in check["message"]

    def test_little_time_left(self, slurm: OneHostSlurm) -> None:
        check = told(slurm.run("srun", "--time=5", *doctor()).stdout)["VN404"]
        assert check["status"] == "warning"
        assert "This job ends in" in check["message"]

    def test_a_node_that_is_known_to_be_bad(self, slurm: OneHostSlurm) -> None:
        page = slurm.folder / "nodes.md"
        page.write_text("## Known bad nodes (as of 2026-11-01)\n- gpu01\n")
        page.chmod(0o644)
        command = doctor("--kb", str(page))
        bad = told(slurm.run("srun", "--nodelist=gpu01", *command).stdout)["VN401"]
        good = told(slurm.run("srun", "--nodelist=gpu02", *command).stdout)["VN401"]
        assert (bad["status"], good["status"]) == ("warning", "ok")
        assert "salloc --exclude=gpu01" in bad["remedy"]

    def test_a_controller_that_has_died(self, slurm: OneHostSlurm) -> None:
        """What the environment tells is told; what only the controller knows is unknown."""
        command = shell(
            ["env", "SLURM_CONF=" + dead_controller(slurm)["SLURM_CONF"], *impatient_doctor()]
        )
        checks = told(slurm.run("srun", "--nodelist=gpu01", "bash", "-c", command).stdout)
        assert checks["VN402"]["status"] == "ok"
        assert checks["VN403"]["status"] == "unknown"
        assert "gave no answer within 2 s" in checks["VN403"]["message"]


def test_a_job_sees_the_gpus_alone_that_slurm_constrains_it_to(
    constraining_slurm: OneHostSlurm, nvml: StandIn
) -> None:
    slurm = constraining_slurm
    gpus = [f"gpu\ndevice {slurm.folder}/dev/nvidia{number}" for number in range(8)]
    seen = slurm.nvml(nvml, "\n".join(gpus))
    command = shell([*seen, *doctor("--select", "VN1")])
    told = json.loads(slurm.sbatch(command, "--gres=gpu:2"))
    assert [gpu["uuid"][-2:] for gpu in told["gpus"]] == ["00", "01"]
    (count,) = (check for check in told["checks"] if check["code"] == "VN107")
    assert count["status"] == "ok"


class TestOutsideAJob:
    def test_where_slurm_is(self, slurm: OneHostSlurm) -> None:
        checks = told(slurm.run(*doctor()).stdout)
        assert checks["VN402"]["status"] == "info"
        assert "not in a Slurm job" in checks["VN402"]["message"]
        assert checks["VN404"]["status"] == "skipped"

    def test_where_no_slurm_is(self) -> None:
        checks = {**look(PLACE, {"PATH": ""}), **look(OTHERS, {"PATH": ""}), **look(TIME, {})}
        assert {check.status for check in checks.values()} == {"skipped"}
        assert checks["VN402"].message == "there is no Slurm here"


def test_many_other_jobs(tmp_path: Path) -> None:
    (tmp_path / "squeue").write_text(
        "#!/bin/sh\nfor i in $(/usr/bin/seq 900); do echo $i u$i; done\n"
    )
    (tmp_path / "squeue").chmod(0o755)
    check = look(OTHERS, {"PATH": str(tmp_path)})["VN403"]
    assert check.message.count("and 884 more") == 2
    assert check.evidence[0].startswith("900 other jobs of ")


def test_ones_own_other_jobs_are_counted(tmp_path: Path) -> None:
    own = pwd.getpwuid(os.getuid()).pw_name
    (tmp_path / "squeue").write_text(
        f"#!/bin/sh\necho 1 {own}\necho 2 bob\necho 4 {own}\necho 3 {own}\n"
    )
    (tmp_path / "squeue").chmod(0o755)
    (found,) = OTHERS.look(
        Situation({"PATH": str(tmp_path), "SLURM_JOB_ID": "3"}, os.getuid(), 0.9)
    )
    assert isinstance(found, OtherJobs)
    assert (found.count, found.own) == (3, 2)


class TestAMachineThatIsCalledWithItsDomain:
    @pytest.fixture(autouse=True)
    def _name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "gethostname", lambda: "gpu03.cluster.example")

    @pytest.mark.parametrize("nodes", ["gpu[02-04]", "gpu03.cluster.example"])
    def test_it_is_one_of_the_jobs(self, nodes: str) -> None:
        check = look(PLACE, {"SLURM_JOB_ID": "1", "SLURM_JOB_NODELIST": nodes})["VN402"]
        assert check.status == "ok"

    def test_it_is_none_of_the_jobs(self) -> None:
        environment = {"SLURM_JOB_ID": "1", "SLURM_JOB_NODELIST": "gpu[01-02]"}
        assert look(PLACE, environment)["VN402"].status == "error"

    def test_slurm_knows_it_without(self, tmp_path: Path) -> None:
        page = tmp_path / "nodes.md"
        page.write_text("# Bad nodes\n- gpu07\n")
        bad = load([page]).bad_nodes
        assert place.excluding({}, bad) == "gpu[03,07]"


@pytest.mark.parametrize(
    ("environment", "command"),
    [
        ({}, None),
        ({"SLURM_JOB_ID": "1"}, "salloc --exclude=gpu03"),
        (
            {"SLURM_JOB_ID": "1", "SLURM_JOB_NUM_NODES": "2", "SLURM_GPUS_ON_NODE": "8"},
            "salloc --exclude=gpu03 --nodes=2 --gpus-per-node=8",
        ),
    ],
)
def test_how_to_ask_for_another_place(environment: dict[str, str], command: str | None) -> None:
    assert place.allocation(environment, "gpu03") == command


class TestWhatTheEnvironmentTells:
    def time_left(self, environment: Mapping[str, str]) -> Check:
        return look(TIME, {"SLURM_JOB_ID": "1", "PATH": "", **environment})["VN404"]

    def test_the_end_of_the_job(self) -> None:
        now = int(time.time())
        assert self.time_left({"SLURM_JOB_END_TIME": str(now + 60)}).status == "warning"
        assert self.time_left({"SLURM_JOB_END_TIME": str(now + 7200)}).status == "ok"

    @pytest.mark.parametrize(
        ("told", "status"),
        [("4:59", "warning"), ("1-00:00:00", "ok"), ("UNLIMITED", "ok"), ("INVALID", "unknown")],
    )
    def test_what_squeue_says_of_it(self, tmp_path: Path, told: str, status: str) -> None:
        (tmp_path / "squeue").write_text(f"#!/bin/sh\necho '{told}'\n")
        (tmp_path / "squeue").chmod(0o755)
        assert self.time_left({"PATH": str(tmp_path)}).status == status

    def test_a_list_of_nodes_that_can_not_be_read(self) -> None:
        environment = {"SLURM_JOB_ID": "1", "SLURM_JOB_NODELIST": "gpu[1-"}
        assert look(PLACE, environment)["VN402"].status == "unknown"

    def test_a_machine_that_is_named_like_the_node(self) -> None:
        host = os.uname().nodename.partition(".")[0]
        environment = {"SLURM_JOB_ID": "1", "SLURM_JOB_NODELIST": host}
        assert look(PLACE, environment)["VN402"].status == "ok"
