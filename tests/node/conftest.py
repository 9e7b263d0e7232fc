"""Parts that the node's tests need: a stand-in for NVIDIA's management library, and a Slurm."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .slurm import OneHostSlurm, one_host_slurm

_SOURCE = Path(__file__).parent / "nvml" / "stand_in.c"
_FUSE_SERVER = str(Path(__file__).with_name("fuse_server.py"))


#: The command, for a machine that others use, too: it waits longer for all that surely answers.
PATIENT = """
import sys
from doctor.cli import main
from doctor.node import examination, job, surroundings
examination.GRACE = job._SECONDS = surroundings._SECONDS = 60
sys.exit(main(["node", "--timeout", "60", *sys.argv[1:]]))
"""
DOCTOR = (sys.executable, "-c", PATIENT)


@dataclass(frozen=True)
class StandIn:
    """A libnvidia-ml.so.1 that answers as a scenario says (``nvml/README.md``)."""

    library: Path
    scenarios: Path

    def environment(self, scenario: str) -> dict[str, str]:
        """This process's environment, for one that is to see the scenario's GPUs."""
        path = self.scenarios / f"scenario-{len(list(self.scenarios.iterdir()))}"
        path.write_text(scenario)
        return {
            **os.environ,
            "LD_LIBRARY_PATH": str(self.library.parent),
            "NVML_STAND_IN": str(path),
        }


@pytest.fixture(scope="session")
def nvml_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("gcc")
    if not compiler:
        pytest.skip("missing part: gcc")
    library = tmp_path_factory.mktemp("nvml") / "libnvidia-ml.so.1"
    options = ["-shared", "-fPIC", "-Wall", "-Werror", "-I", _header_folder(), "-o", str(library)]
    subprocess.run([compiler, *options, str(_SOURCE)], check=True)
    return library


@pytest.fixture
def nvml(nvml_library: Path, tmp_path_factory: pytest.TempPathFactory) -> StandIn:
    """Gives environments in which NVML answers as a scenario says."""
    return StandIn(nvml_library, tmp_path_factory.mktemp("scenarios"))


@dataclass(frozen=True)
class Told:
    """What a run told, in JSON."""

    code: int
    verdict: str
    gpus: list[dict[str, Any]]
    checks: Mapping[str, dict[str, Any]]

    def status(self, *codes: str) -> set[str]:
        return {self.checks[code]["status"] for code in codes}


Node = Callable[..., Told]


@pytest.fixture
def node(nvml: StandIn) -> Node:
    """Runs the command where NVML answers as a scenario says."""

    def run(scenario: str, *options: str, **environment: str) -> Told:
        done = subprocess.run(
            [*DOCTOR, "--no-config", "--format", "json", *options],
            env={**nvml.environment(scenario), **environment},
            capture_output=True,
            text=True,
        )
        assert done.stderr == ""
        told = json.loads(done.stdout)
        checks = {check["code"]: check for check in told["checks"]}
        return Told(done.returncode, told["verdict"], told["gpus"], checks)

    return run


def _header_folder() -> str:
    """Where the package nvidia-nvml-dev put nvml.h."""
    import nvidia

    headers = [header for root in nvidia.__path__ for header in Path(root).glob("*/include/nvml.h")]
    if not headers:
        pytest.skip("missing part: nvml.h of the package nvidia-nvml-dev")
    return str(headers[0].parent)


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts a file system in memory with the options; gives the folder."""
    if os.geteuid():
        pytest.skip("missing part: only root can mount file systems")
    folders: list[Path] = []

    def mount(options: str) -> Path:
        folder = tmp_path / f"mount{len(folders)}"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "test", str(folder)], check=True)
        folders.append(folder)
        return folder

    yield mount
    for folder in folders:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts a file system that a process of ours serves, or freezes (``fuse_server.py``)."""
    if os.geteuid() or not Path("/dev/fuse").exists():
        pytest.skip("missing part: root, and /dev/fuse")
    servers: list[tuple[subprocess.Popen[str], Path]] = []

    def serve(manner: str, subtype: str = "sshfs") -> Path:
        folder = tmp_path / manner
        folder.mkdir()
        command = [sys.executable, _FUSE_SERVER, str(folder), subtype, manner]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        servers.append((server, folder))
        assert server.stdout is not None
        assert server.stdout.readline() == "mounted\n"
        return folder

    yield serve
    for server, folder in servers:
        server.kill()  # whoever hangs there is let go
        server.wait()
        ctypes.CDLL(None).umount2(str(folder).encode(), 2)  # asks the file system nothing


@pytest.fixture(scope="session")
def slurm() -> Iterator[OneHostSlurm]:
    with one_host_slurm() as running:
        yield running


@pytest.fixture(scope="session")
def constraining_slurm() -> Iterator[OneHostSlurm]:
    """One that hides from a job the GPUs that it was not granted."""
    with one_host_slurm(constrain=True) as running:
        yield running
