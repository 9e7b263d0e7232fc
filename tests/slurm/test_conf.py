"""What a slurm.conf tells of a cluster's nodes and partitions."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.slurm import conf

CONF = """\
# the cluster
ClusterName=c1
NodeName=DEFAULT CPUs=64
nodename=gpu[01-16] Gres=gpu:h100:8 \\
    State=UNKNOWN
NodeName=cpu1,cpu2 NodeHostname=a,b   # two more
NodeSet=fast Nodes=gpu[01-02]
NodeSet=big Feature=big
PartitionName=DEFAULT State=UP Nodes=gpu[03-04]
PartitionName=main Default=YES
PartitionName=all Nodes=ALL
PartitionName=mixed Nodes=fast,cpu1
PartitionName=feature Nodes=big
"""


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> conf.Cluster:
    (tmp_path / "slurm.conf").write_text(CONF)
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "slurm.conf"))
    found = conf.read()
    assert found is not None
    return found


def test_nodes(read: conf.Cluster) -> None:
    assert read.among(frozenset({"gpu07", "gpu17", "cpu2", "login"})) == {"gpu07", "cpu2"}
    assert read.among(frozenset({"research-secure-02"})) == frozenset()


def test_partitions(read: conf.Cluster) -> None:
    assert read.default == "main"
    assert read.nodes_of("main") == {"gpu03", "gpu04"}
    assert read.nodes_of("mixed") == {"gpu01", "gpu02", "cpu1"}
    assert len(read.nodes_of("all") or ()) == 18
    assert read.nodes_of("feature") is None
    assert read.nodes_of("none") is None


@pytest.mark.parametrize(
    "more", ["Include missing.conf", "include /etc/%c.conf", "MaxNodeCount=100"]
)
def test_where_nodes_may_be_missing_nothing_is_concluded(tmp_path: Path, more: str) -> None:
    path = tmp_path / "slurm.conf"
    path.write_text(f"NodeName=gpu[01-04]\n{more}\n")
    found = conf.read_file(path)
    assert found is not None
    assert found.among(frozenset({"node9"})) is None
    assert found.among(frozenset({"gpu01", "node9"})) == {"gpu01"}


def test_files_that_are_included(tmp_path: Path) -> None:
    (tmp_path / "slurm.conf").write_text("Include nodes.conf\n")
    (tmp_path / "nodes.conf").write_text("NodeName=n[1-3]\nInclude slurm.conf\n")
    found = conf.read_file(tmp_path / "slurm.conf")
    assert found is not None
    assert not found.complete, "it includes itself"
    assert found.among(frozenset({"n2"})) == {"n2"}


@pytest.mark.parametrize("text", [None, "", "ClusterName=c1\n", "NodeName=DEFAULT CPUs=2\n"])
def test_what_tells_of_no_nodes(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "slurm.conf").write_text(text)
    assert conf.read_file(tmp_path / "slurm.conf") is None


def test_far_too_many_nodes_are_not_unfolded(tmp_path: Path) -> None:
    (tmp_path / "slurm.conf").write_text(
        "NodeName=n[1-9999999]\nPartitionName=p Nodes=n[1-9999999]\n"
    )
    found = conf.read_file(tmp_path / "slurm.conf")
    assert found is not None
    assert found.among(frozenset({"n5"})) is None
    assert found.among(frozenset({"gpu5"})) == frozenset()
    assert found.nodes_of("p") is None
