"""`vllm-doctor log` of a folder: each log beside the script that wrote it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

from .test_log import READY, START

Command = Callable[..., Outcome]
FULL = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB.\n"
SCRIPT = """\
#!/bin/bash
#SBATCH --gpus=1 --output=slurm-%j.out
vllm serve Qwen/Qwen3-8B --gpu-memory-utilization 0.95 > {log} 2>&1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "other.sbatch").write_text("#!/bin/bash\n#SBATCH --output=other-%j.out\nhostname\n")
    for job in (11, 12):
        (tmp_path / f"slurm-{job}.out").write_text("the job begins\n")
    return tmp_path


def read(command: Command, *more: str) -> Outcome:
    return command("log", ".", "--format", "json", *more)


def test_a_log_beside_the_script_that_wrote_it(command: Command, folder: Path) -> None:
    (folder / "serve.sbatch").write_text(SCRIPT.format(log='"server-$SLURM_JOB_ID.log"'))
    (folder / "server-11.log").write_text(START + FULL)
    (folder / "server-12.log").write_text(START + READY)
    (folder / "notes.txt").write_text(FULL)
    (told,) = read(command).found
    assert (told["code"], told["filename"]) == ("VL106", "./server-11.log")
    places = [(Path(each["filename"]).name, each["location"]["row"]) for each in told["related"]]
    assert places == [("serve.sbatch", 3)]


def test_which_job_wrote_over_which(command: Command, folder: Path) -> None:
    (folder / "serve.sbatch").write_text(SCRIPT.format(log="server.log"))
    (folder / "server.log").write_text(START + READY)
    found = read(command)
    (told,) = found.found
    assert (found.code, told["code"], told["location"]["row"]) == (1, "VD805", 3)
    assert "./server.log is the log of job 12 alone" in told["message"]
    assert "wrote over that of job 11" in told["message"]
    (folder / "slurm-11.out").unlink()
    assert read(command).found == [], "only one job has run"


def test_a_log_that_two_scripts_may_have_written(command: Command, folder: Path) -> None:
    for name in ("a.sbatch", "b.sbatch"):
        (folder / name).write_text(SCRIPT.format(log='"server-$SLURM_JOB_ID.log"'))
    (folder / "server-11.log").write_text(FULL)
    (told,) = read(command).found
    assert told["related"] == []


def test_an_empty_folder(command: Command, tmp_path: Path) -> None:
    assert command("log", str(tmp_path)).out == "No log found.\n"
