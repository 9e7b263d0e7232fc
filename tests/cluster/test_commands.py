"""Programs side by side, each with a deadline, and none left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from doctor.cluster.commands import Ended, run, run_all
from doctor.cluster.node_report import read
from doctor.cluster.steps import own_command


def test_each_ends_on_its_own() -> None:
    commands = {"a": ["echo", "hello"], "b": ["sh", "-c", "echo no >&2; exit 3"]}
    assert dict(run_all(commands, 60)) == {"a": Ended("hello\n", "", 0), "b": Ended("", "no\n", 3)}


def test_one_that_hangs_costs_its_own_answer() -> None:
    commands = {"a": ["sleep", "600"], "b": ["echo", "hello"]}
    ended = dict(run_all(commands, 0.3, at_once=1))
    assert (ended["a"].code, ended["b"].output) == (None, "hello\n")


def test_none_is_left_behind(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = f"trap '' TERM; echo $$ > {pid}; while :; do sleep 0.1; done"
    found = run_all({"a": ["sh", "-c", script], "b": ["sleep", "0.4"]}, 60)
    assert next(found)[0] == "b"
    while not pid.exists() or not pid.read_text():
        time.sleep(0.01)
    found.close()  # as Ctrl-C does
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        run(["/nonexistent"], 1)


class TestFindingOneself:
    """The same interpreter by its path, else the command on the PATH, else what to do."""

    def test_the_same_interpreter(self) -> None:
        done = subprocess.run(own_command(["--version"]), capture_output=True, text=True)
        assert done.stdout.startswith("vllm-doctor ")

    def test_the_one_on_the_path(self, tmp_path: Path) -> None:
        command = tmp_path / "vllm-doctor"
        command.write_text("#!/bin/sh\necho found $1\n")
        command.chmod(0o755)
        words = [word if word != sys.executable else "/nonexistent" for word in own_command(["x"])]
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        done = subprocess.run(words, capture_output=True, text=True, env=environment)
        assert done.stdout == "found x\n"

    def test_none(self) -> None:
        words = [word if word != sys.executable else "/nonexistent" for word in own_command(["x"])]
        ended = run(words, 60, {"PATH": "/usr/bin:/bin"})
        told = read("gpu01", ended, "/nonexistent", 60)
        assert told.verdict == "unknown"
        assert "Install it in a virtual environment on storage that all nodes see" in told.why


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (Ended("", "", None), "no answer within 16 s"),
        (Ended("", "srun: error: Unable to confirm allocation\n", 1), "Unable to confirm"),
        (Ended("[]", "", 0), "exit code 0 and said nothing"),
        (Ended('{"verdict": "fit"}', "", 0), "said nothing"),
        (Ended("{" * 100_000, "", 0), "said nothing"),
    ],
)
def test_a_node_that_tells_nothing_is_unknown(ended: Ended, said: str) -> None:
    told = read("gpu01", ended, "python", 16)
    assert told.verdict == "unknown"
    assert said in told.why
