"""The parts that these tests share with those of single nodes, and a Slurm of four."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.node.conftest import nvml, nvml_library
from tests.node.slurm import OneHostSlurm, one_host_slurm

__all__ = ["four_nodes", "nvml", "nvml_library"]


@pytest.fixture(scope="module")
def four_nodes() -> Iterator[OneHostSlurm]:
    """A module's own, as some leave nodes that take their time to be idle again."""
    with one_host_slurm(nodes=("gpu01", "gpu02", "gpu03", "gpu04")) as running:
        yield running
