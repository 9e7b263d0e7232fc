"""What a real Slurm tells of its cluster."""

from __future__ import annotations

import pytest

from doctor.cluster.site import look
from doctor.lessons.cluster import Partition
from tests.node.slurm import OneHostSlurm

pytestmark = pytest.mark.xdist_group("cluster-slurm")


def test_nodes_partitions_gpus_and_tmp(
    four_nodes: OneHostSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in four_nodes.environment.items():
        monkeypatch.setenv(name, value)
    found = look()
    assert found.problem is None
    assert found.nodes == four_nodes.nodes
    (partition,) = found.partitions
    assert partition == Partition(partition.name, 4, ("8",), default=True)
    assert found.private_tmp == "", "no plugin gives jobs a /tmp of their own"
