"""`vllm-doctor register`: what is known of unfit nodes, told and changed by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.knowledge.register import entry, record, unfit
from tests.conftest import Outcome

Command = Callable[..., Outcome]


@pytest.fixture
def folder(command: Command) -> Path:
    """A register in the folder that the command runs in, with a node in it."""
    Path(".vllm-doctor.toml").write_text('register = "nodes"\n')
    record(Path("nodes"), entry("gpu07", "alice", ["VN101: GPU 1: 70 GiB are held by bob."]))
    return Path("nodes")


def test_the_list_tells_why(command: Command, folder: Path) -> None:
    first, second, *_ = command("register").out.splitlines()
    assert first.startswith("gpu07  unfit since 20")
    assert "by alice, until 20" in first
    assert second == "    VN101: GPU 1: 70 GiB are held by bob."


def test_an_empty_register(command: Command) -> None:
    Path(".vllm-doctor.toml").write_text('register = "nodes"\n')
    assert command("register").out == "The register has no node that is unfit now.\n"


def test_added_and_lifted(command: Command, folder: Path) -> None:
    assert command("register", "add", "gpu[08-09]", "--reason", "fan\nbroken").code == 0
    assert sorted(each.node for each in unfit(folder).values()) == ["gpu07", "gpu08", "gpu09"]
    assert command("register", "lift", "gpu07", "gpu08", "--reason", "mended").code == 0
    assert [each.node for each in unfit(folder).values()] == ["gpu09"]
    told = json.loads(command("register", "--format", "json").out)
    assert [(each["node"], each["evidence"]) for each in told] == [("gpu09", ["fan broken"])]


def test_history(command: Command, folder: Path) -> None:
    command("register", "lift", "gpu07", "--reason", "mended")
    command("register", "add", "gpu07", "--reason", "broken again")
    told = json.loads(command("register", "history", "gpu07", "--format", "json").out)
    assert [(each["fit"], each["evidence"]) for each in told] == [
        (False, ["broken again"]),
        (True, ["mended"]),
        (False, ["VN101: GPU 1: 70 GiB are held by bob."]),
    ]
    lines = command("register", "history").out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("gpu07")] == [
        "unfit",
        "fit",
        "unfit",
    ]
    assert command("register", "history", "gpu01").out == ""


def test_what_is_remembered_is_bounded(command: Command, folder: Path) -> None:
    for number in range(12):
        command("register", "add", "gpu07", "--reason", f"reason {number}")
    told = json.loads(command("register", "history", "--format", "json").out)
    assert [each["evidence"] for each in told] == [[f"reason {n}"] for n in range(11, 2, -1)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lift", "gpu01", "--reason", "x"), "no entry that counts of gpu01"),
        (("add", "gpu01", "--reason", " "), "a reason is needed"),
        (("add", "../x", "--reason", "x"), "neither the name of a node"),
        (("add", "gpu01"), "--reason"),
    ],
)
def test_a_wrong_call(command: Command, folder: Path, words: tuple[str, ...], said: str) -> None:
    outcome = command("register", *words)
    assert outcome.code == 2
    assert said in outcome.err


def test_without_a_register(command: Command) -> None:
    assert command("register", "--no-config").code == 2


def test_nodes_that_the_cluster_no_longer_has(
    command: Command, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sinfo = tmp_path / "bin" / "sinfo"
    sinfo.parent.mkdir()
    sinfo.write_text("#!/bin/sh\necho 'gpu08|idle|gpu:8|gpu*|none'\n")
    sinfo.chmod(0o755)
    monkeypatch.setenv("PATH", f"{sinfo.parent}:/usr/bin:/bin")
    assert "the cluster has no such node any more" in command("register").out
    sinfo.write_text("#!/bin/sh\necho 'gpu07|idle|gpu:8|gpu*|none'\n")
    assert "no such node" not in command("register").out


def test_earlier_entries_that_were_tampered_with(command: Command, folder: Path) -> None:
    (path,) = folder.iterdir()
    told = json.loads(path.read_text())
    told["earlier"] = [{"recorded": 7}, {"recorded": "x", "fit": True, "by": "\x1b[2J"}]
    path.write_text(json.dumps(told))
    out = command("register", "history").out
    assert "\x1b" not in out
    assert out.count("gpu07") == 2
