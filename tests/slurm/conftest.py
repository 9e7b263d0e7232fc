"""A Slurm controller of our own, to ask how sbatch reads a script."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

_PROGRAMS = ("munged", "slurmctld", "sbatch", "scontrol", "squeue", "scancel")
_CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser=root
SlurmdUser=root
SlurmctldPort={port}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdSpoolDir={folder}/spool
StateSaveLocation={folder}
SlurmctldLogFile={folder}/slurmctld.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MpiDefault=none
GresTypes=gpu
NodeName=gpu[01-04] NodeAddr=127.0.0.1 CPUs=16 RealMemory=64000 Gres=gpu:8 State=UNKNOWN
PartitionName=gpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP
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

    def answers(self) -> bool:
        return self._run("scontrol", "ping").stdout.find(" is UP") >= 0

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if "SLURM" not in name}
        kept |= {"SLURM_CONF": str(self.folder / "slurm.conf")}
        return subprocess.run(
            command, capture_output=True, text=True, env=kept, cwd=self.folder, timeout=60
        )


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    missing = [program for program in _PROGRAMS if not _find(program)]
    if missing:
        pytest.skip(f"missing part: Slurm and munge ({', '.join(missing)} not installed)")
    if os.geteuid():
        pytest.skip("missing part: only root can start a Slurm controller")
    folder = tmp_path_factory.mktemp("slurm")
    with ExitStack() as daemons:
        _start_munge(folder, daemons)
        yield _start_controller(folder, daemons)


def _start_munge(folder: Path, daemons: ExitStack) -> None:
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    files = [
        f"--{name}={folder / 'munge'}.{end}"
        for name, end in (
            ("socket", "socket"),
            ("key-file", "key"),
            ("pid-file", "pid"),
            ("log-file", "log"),
            ("seed-file", "seed"),
        )
    ]
    _start([_find("munged"), "--foreground", "--force", *files], folder, daemons)
    _wait_for(lambda: (folder / "munge.socket").exists(), folder / "munge.log")


def _start_controller(folder: Path, daemons: ExitStack) -> Cluster:
    configuration = folder / "slurm.conf"
    text = _CONFIGURATION.format(host=socket.gethostname(), folder=folder, port=_free_port())
    configuration.write_text(text)
    (folder / "spool").mkdir()
    _start([_find("slurmctld"), "-D", "-c", "-f", str(configuration)], folder, daemons)
    cluster = Cluster(folder)
    _wait_for(cluster.answers, folder / "slurmctld.log")
    return cluster


def _start(command: list[str], folder: Path, daemons: ExitStack) -> None:
    with (folder / "output").open("ab") as output:
        daemon = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
    daemons.callback(daemon.wait, timeout=30)
    daemons.callback(daemon.terminate)


def _wait_for(ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + 30
    while not ready():
        if time.monotonic() > deadline:
            pytest.fail(f"the daemon does not answer: {log.read_text() if log.exists() else ''}")
        time.sleep(0.05)


def _find(program: str) -> str:
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") or ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
