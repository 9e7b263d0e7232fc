"""A Slurm controller of our own, to ask how sbatch reads a script."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.slurm import daemons

_PROGRAMS = ("munged", "slurmctld", "sbatch", "scontrol", "squeue", "scancel")
_NODES = """\
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
NodeName=gpu[01-04] NodeAddr=127.0.0.1 CPUs=16 RealMemory=64000 Gres=gpu:8 State=UNKNOWN
"""


@dataclass(frozen=True)
class Submission:
    """How sbatch took a script: the fields of each component, or why it refused."""

    refusal: str
    components: tuple[dict[str, str], ...] = ()
    array_tasks: int = 0


@dataclass(frozen=True)
class Cluster:
    """A controller of four nodes with eight GPUs each, none of which runs anything."""

    folder: Path

    def submit(self, script: str, *arguments: str) -> Submission:
        """Submit a script, held, as ``JOB`` among the arguments; what became of it."""
        path = self.folder / "job.sh"
        path.write_bytes(script.encode())
        words = [str(path) if word == "JOB" else word for word in arguments or ("JOB",)]
        sent = self._run("sbatch", "--hold", "--parsable", *words)
        if sent.returncode:
            return Submission(sent.stderr.strip())
        job = sent.stdout.strip()
        shown = self._run("scontrol", "show", "job", job).stdout.strip().split("\n\n")
        tasks = self._run("squeue", "--noheader", "--array", "--jobs", job).stdout
        self._run("scancel", job)
        fields = tuple(dict(re.findall(r"(\w+)=(\S*)", component)) for component in shown)
        return Submission("", fields, len(tasks.splitlines()))

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=daemons.environment(self.folder),
            cwd=self.folder,
            timeout=60,
        )


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    daemons.require(*_PROGRAMS)
    folder = tmp_path_factory.mktemp("slurm")
    with ExitStack() as running:
        daemons.start_munge(folder, running)
        daemons.configure(folder, _NODES)
        daemons.start_controller(folder, running)
        yield Cluster(folder)
