"""Parts that the node's tests need: a stand-in for NVIDIA's management library, and a Slurm."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .slurm import OneHostSlurm, one_host_slurm

_SOURCE = Path(__file__).parent / "nvml" / "stand_in.c"


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


def _header_folder() -> str:
    """Where the package nvidia-nvml-dev put nvml.h."""
    import nvidia

    headers = [header for root in nvidia.__path__ for header in Path(root).glob("*/include/nvml.h")]
    if not headers:
        pytest.skip("missing part: nvml.h of the package nvidia-nvml-dev")
    return str(headers[0].parent)


@pytest.fixture(scope="session")
def slurm() -> Iterator[OneHostSlurm]:
    with one_host_slurm() as running:
        yield running


@pytest.fixture(scope="session")
def constraining_slurm() -> Iterator[OneHostSlurm]:
    """One that hides from a job the GPUs that it was not granted."""
    with one_host_slurm(constrain=True) as running:
        yield running
