"""Our reading of a header against sbatch's own, on a real controller."""

from __future__ import annotations

import re

import pytest

from doctor.shell.header import read_header
from doctor.slurm.allocation import AllocationRequest, read_allocation
from doctor.slurm.hostlist import expand
from doctor.slurm.options import combine

from .conftest import Cluster, Submission
from .reading import header, line

pytestmark = pytest.mark.xdist_group("slurm")

SHEBANG = "#!/bin/bash\n"

HEADERS = [
    "#SBATCH --exclude=gpu01",
    "#SBATCH--exclude=gpu01",
    "#SBATCH\t--exclude gpu01",
    "#SBATCH -xgpu01",
    "#SBATCH -x gpu[01-02]",
    "#SBATCH --exclud=gpu01,gpu04",
    "#SBATCH --exclude=gpu0[1-2],gpu04",
    '#SBATCH --exclude="gpu01, gpu02"',
    "#SBATCH --exclude='gpu01 gpu02'",
    "#SBATCH --exclude=gpu'0'1",
    "#SBATCH --exclude=gpu01 --exclude=gpu02",
    "#SBATCH --exclude=gpu01\n#SBATCH -x gpu02",
    "#SBATCH --exclude\n#SBATCH gpu01",
    "#SBATCH --exclude=gpu01#gpu02 --nodes=2",
    "#SBATCH --exclude=gpu01 # --nodes=2",
    "#SBATCH --exclude=gpu01 \\\n#SBATCH --nodes=2",
    "#SBATCH --exclude=gpu01\\",
    "#SBATCH -N 2 -x gpu01 --comment='a # b'",
    "#SLURM --exclude=gpu01",
    "##SBATCH --exclude=gpu01",
    "# SBATCH --exclude=gpu01",
    " #SBATCH --exclude=gpu01",
    "#sbatch --exclude=gpu01",
    "#BATCH --exclude=gpu01",
    "\n\n   # a comment\n#SBATCH --exclude=gpu01",
    "set -e\n#SBATCH --exclude=gpu01",
    "#SBATCH -N1\nmodule load x 2>/dev/null\n#SBATCH --exclude=gpu01",
    "cat <<E\n#SBATCH --exclude=gpu01\nE",
    "#SBATCH -w gpu[02-03]",
    "#SBATCH --nodelist=gpu02 -N2",
    "#SBATCH -HN2",
    "#SBATCH -N 2-3",
    "#SBATCH -n 8 --ntasks-per-node=4",
    "#SBATCH -n 1",
    "#SBATCH --gres=gpu:2 -N 2",
    "#SBATCH --gres=gpu",
    "#SBATCH -G 4",
    "#SBATCH --gpus-per-node=8",
    "#SBATCH --gpus-per-task=1 --ntasks=4",
    "#SBATCH --gpus-per-task=2 --ntasks=1",
    "#SBATCH --time=1-2:03:00",
    "#SBATCH -t 90",
    "#SBATCH --time=2:30:00",
    "#SBATCH --time=30:30",
    "#SBATCH --array=0-7%4",
    "#SBATCH -a 1,3,5-9:2",
    "#SBATCH -N1 -x gpu01\n#SBATCH hetjob\n#SBATCH -n2 --gres=gpu:1",
    "#SBATCH -N1 -x gpu01\n#SBATCH hetjob -N2\n#SBATCH -x gpu02",
    "#SBATCH -N2\n#SBATCH packjob\n#SBATCH -x gpu02",
    "#SBATCH -N2 --gres=gpu:1 HETJOB --exclude=gpu01",
]

REFUSED = [
    "#SBATCH --exclu gpu01",
    "#SBATCH -x",
    "#SBATCH --exclude gpu01, gpu02",
    '#SBATCH --comment "" --exclude=gpu01',
    "#SBATCH -x 'gpu01",
    "#SBATCH: --exclude=gpu01",
    "#SBATCH --hold=yes",
    "#SBATCH --no-such-option",
    "#SBATCH -? -N2",
    "#SBATCH gpu01",
    "#SBATCH --exclude=gpu01 -- --nodes=2",
]

COMMANDS = [
    ("", "-x gpu02 JOB -x gpu03"),
    ("#SBATCH -x gpu01 -N2", "--exclude=gpu02 JOB"),
    ("#SBATCH -x gpu01 -N2", "-N 1 JOB --exclude=gpu04"),
    ("#SBATCH -x gpu01", "-N1 : -N2 -x gpu02 JOB"),
    ("#SBATCH -x gpu01 -N2\n#SBATCH hetjob\n#SBATCH -N2", "--gres=gpu:1 JOB"),
]


@pytest.mark.parametrize("text", HEADERS)
def test_a_header_asks_for_what_sbatch_reads(cluster: Cluster, text: str) -> None:
    script = SHEBANG + text + "\ntrue\n"
    given = header(script) or combine()
    requests = [read_allocation(each, "header") for each in given]
    _compare(requests, cluster.submit(script))


@pytest.mark.parametrize("text", REFUSED)
def test_a_header_that_sbatch_refuses_has_a_problem(cluster: Cluster, text: str) -> None:
    script = SHEBANG + text + "\n"
    problems = [each.problem for each in (*read_header(script).lines, *header(script))]
    assert any(problems)
    assert cluster.submit(script).refusal


@pytest.mark.parametrize(("text", "arguments"), COMMANDS)
def test_a_command_line_outranks_the_script(cluster: Cluster, text: str, arguments: str) -> None:
    script = SHEBANG + text + "\n"
    given = combine(script=header(script), line=line(f"sbatch {arguments}"))
    sent = cluster.submit(script, *arguments.split())
    _compare([read_allocation(each, "sbatch") for each in given], sent)


def test_the_environment_has_no_say_about_excluded_nodes(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SBATCH_EXCLUDE", "gpu01")
    monkeypatch.setenv("SBATCH_GPUS", "2")
    (fields,) = cluster.submit(SHEBANG + "#SBATCH --gpus=1\n").components
    assert (fields["ExcNodeList"], fields["TresPerJob"]) == ("(null)", "gres:gpu:2")


def _compare(requests: list[AllocationRequest], sent: Submission) -> None:
    assert sent.refusal == ""
    assert len(requests) == len(sent.components)
    for request, fields in zip(requests, sent.components, strict=True):
        asked = [fields.get(f"TresPer{each}", "") for each in ("Job", "Node", "Task")]
        assert request.excluded == _names(fields["ExcNodeList"])
        assert request.requested == _names(fields["ReqNodeList"])
        assert (request.nodes or 1) == int(fields["NumNodes"].partition("-")[0])
        assert (request.tasks or request.nodes or 1) == int(fields["NumTasks"])
        assert (request.asks_gpus is True) == any("gpu" in tres for tres in asked)
        assert request.time_minutes == _minutes(fields["TimeLimit"])
        assert (request.array_tasks or 1) == (sent.array_tasks if request.array_tasks else 1)
        assert (request.array_at_once or 0) == int(fields.get("ArrayTaskThrottle", 0))


def _names(text: str) -> frozenset[str] | None:
    return frozenset() if text == "(null)" else expand(text)


def _minutes(text: str) -> int | None:
    if text == "UNLIMITED":
        return None
    days, hours, minutes = re.fullmatch(r"(?:(\d+)-)?(\d+):(\d+):\d+", text).groups()  # type: ignore[union-attr]
    return int(days or 0) * 1440 + int(hours) * 60 + int(minutes)
