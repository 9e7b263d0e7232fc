"""A Slurm of a few nodes with eight GPUs each, all this machine, on which anyone's jobs run."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.slurm import daemons

if TYPE_CHECKING:
    from .conftest import StandIn

#: Who runs the jobs: not root, who may read and write everything.
USER, GROUP = "nobody", "nogroup"
_TWO = ("gpu01", "gpu02")
_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "salloc", "scontrol", "squeue")
_CGROUP = "CgroupPlugin=cgroup/v1\nCgroupMountpoint=/sys/fs/cgroup\nConstrainDevices=yes\n"


@dataclass(frozen=True)
class OneHostSlurm:
    """Runs jobs of an ordinary user, whose home is ``home``."""

    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    nodes: tuple[str, ...] = _TWO

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def run(
        self, *command: str, more: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on the submitting host as the ordinary user."""
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            env={**self.environment, **(more or {})},
            cwd=self.home,
            user=USER,
            group=GROUP,
            extra_groups=[],
            timeout=60,
        )

    def sbatch(self, command: str, *options: str, more: Mapping[str, str] | None = None) -> str:
        """Run a shell command as a batch script; what it printed, once the job has ended."""
        output = self.home / "batch.out"
        output.unlink(missing_ok=True)
        sent = self.run(
            "sbatch", "--parsable", f"--output={output}", *options, "--wrap", command, more=more
        )
        assert sent.returncode == 0, sent.stderr
        self.wait_for_end(sent.stdout.strip())
        return output.read_text()

    def nvml(self, stand_in: StandIn, scenario: str) -> list[str]:
        """What goes before a command that is to see a scenario's GPUs, as the ordinary user."""
        return self.nvml_of_nodes(stand_in, {"": scenario})

    def nvml_of_nodes(self, stand_in: StandIn, scenarios: Mapping[str, str]) -> list[str]:
        """Likewise, with a scenario for each node; "" is for those that are not named."""
        for node in ("", *self.nodes):
            scenario = scenarios.get(node, scenarios[""])
            (self.folder / f"scenario{node}").write_text(scenario)
        library = self.folder / "libnvidia-ml.so.1"
        library.write_bytes(stand_in.library.read_bytes())
        library.chmod(0o755)
        return [
            "env",
            f"LD_LIBRARY_PATH={self.folder}",
            f"NVML_STAND_IN={self.folder / 'scenario%n'}",
        ]

    def daemon(self, node: str) -> int:
        """The process that is a node's slurmd."""
        return int((self.folder / f"slurmd.{node}.pid").read_text())

    def wait_for_end(self, job: str) -> None:
        daemons.wait_for(lambda: self._state(job) not in ("R", "PD", "CG"), self._log)

    def wait_for_start(self, job: str) -> None:
        daemons.wait_for(lambda: self._state(job) == "R", self._log)

    def node_state(self, node: str) -> str:
        return self.run("sinfo", "--noheader", f"--nodes={node}", "--format=%t").stdout.strip()

    def wait_until_idle(self) -> None:
        daemons.wait_for(
            lambda: {self.node_state(each) for each in self.nodes} == {"idle"}, self._log
        )

    @property
    def _log(self) -> Path:
        return self.folder / "slurmctld.log"

    def _state(self, job: str) -> str:
        asked = self.run("squeue", "--noheader", f"--jobs={job}", "--states=all", "--format=%t")
        return asked.stdout.strip()


@contextmanager
def one_host_slurm(
    *,
    constrain: bool = False,
    nodes: tuple[str, ...] = _TWO,
    prepare: Callable[[Path], str] = lambda _: "",
) -> Iterator[OneHostSlurm]:
    """A running Slurm; ``constrain`` hides from a job the devices that it was not granted.

    ``prepare`` writes what it needs into its folder, and tells more lines for its configuration.
    """
    daemons.require(*_PROGRAMS)
    if constrain and not Path("/sys/fs/cgroup/devices/release_agent").exists():
        pytest.skip("this kernel has no devices controller of the first cgroup version")
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))  # not below pytest's, which is closed to USER
    try:
        folder.chmod(0o755)
        with ExitStack() as running:
            yield _start(folder, running, constrain, nodes, prepare(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def dead_controller(slurm: OneHostSlurm) -> dict[str, str]:
    """Variables for a client whose controller has died."""
    configuration = slurm.folder / "dead.conf"
    text = (slurm.folder / "slurm.conf").read_text()
    lines = (
        f"SlurmctldPort={daemons.free_port()}" if line.startswith("SlurmctldPort=") else line
        for line in text.splitlines()
    )
    configuration.write_text("\n".join(lines) + "\n")
    return {"SLURM_CONF": str(configuration)}


def python_for_everybody() -> list[str]:
    """A command that runs our Python modules as an ordinary user, who may not see this venv's."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    here = Path(__file__).parents[2]
    paths = [str(here), *(path for path in sys.path if path.endswith("-packages"))]
    for python in (sys.executable, f"/usr/bin/python{version}"):
        command = ["env", f"PYTHONPATH={os.pathsep.join(paths)}", python]
        tried = subprocess.run(
            [*command, "-c", "import doctor, click, yaml"],
            cwd="/",
            user=USER,
            group=GROUP,
            extra_groups=[],
            capture_output=True,
        )
        if tried.returncode == 0:
            return command
    pytest.skip(f"missing part: Python {version} and a checkout that {USER} may read")


def shell(words: list[str]) -> str:
    """The words as one line of shell."""
    return shlex.join(words)


def _start(
    folder: Path, running: ExitStack, constrain: bool, nodes: tuple[str, ...], more: str
) -> OneHostSlurm:
    devices = folder / "dev"
    devices.mkdir()
    for number in range(8):
        os.mknod(devices / f"nvidia{number}", 0o20666, os.makedev(195, number))
        (devices / f"nvidia{number}").chmod(0o666)
    (folder / "gres.conf").write_text(
        f"NodeName={','.join(nodes)} Name=gpu File={devices}/nvidia[0-7]\n"
    )
    tracking = "cgroup" if constrain else "linuxproc"
    lines = [f"ProctrackType=proctrack/{tracking}"]
    lines.append(f"TaskPlugin=task/{'cgroup' if constrain else 'none'}")
    if constrain:
        (folder / "cgroup.conf").write_text(_CGROUP)
    lines += [
        f"NodeName={node} NodeHostname={os.uname().nodename} NodeAddr=127.0.0.1 "
        f"Port={daemons.free_port()} CPUs=16 RealMemory=64000 Gres=gpu:8 State=UNKNOWN"
        for node in nodes
    ]
    daemons.configure(folder, "\n".join([*lines, more]) + "\n")
    (folder / "home").mkdir()
    shutil.chown(folder / "home", USER, GROUP)
    daemons.start_munge(folder, running)
    daemons.start_controller(folder, running)
    for node in nodes:
        daemons.start_node(folder, node, running)
    own = {"HOME": str(folder / "home"), "USER": USER, "LOGNAME": USER, "SHELL": "/bin/bash"}
    slurm = OneHostSlurm(folder, {**daemons.environment(folder), **own}, nodes)
    slurm.wait_until_idle()
    return slurm
