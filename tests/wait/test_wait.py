"""`vllm-doctor wait`: it ends as soon as there is nothing to wait for any more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from doctor.wait.progress import progress
from tests.conftest import Outcome
from tests.node.slurm import one_host_slurm, python_for_everybody, shell
from tests.slurm.daemons import free_port, wait_for

Command = Callable[..., Outcome]
Start = Callable[..., "subprocess.Popen[bytes]"]
STAND_IN = str(Path(__file__).with_name("stand_in.py"))


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a stand-in; its output goes to a file of this name."""
    with ExitStack() as running:

        def started(port: int, mode: str, seconds: float = 0, log: str = "server.log"):  # type: ignore[no-untyped-def]
            words = [sys.executable, STAND_IN, str(port), mode, str(seconds)]
            with (tmp_path / log).open("wb") as output:
                server = subprocess.Popen(words, stdout=output, start_new_session=True)
            running.callback(server.wait)
            running.callback(_end, server.pid)
            return server

        yield started


def _end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def test_a_server_that_answers_late(command: Command, start: Start, port: int) -> None:
    server = start(port, "late", 1)
    waited = command("wait", f"--pid={server.pid}", f"--port={port}", "--log=server.log")
    assert waited.code == 0
    assert "is ready" in waited.err
    assert waited.out == ""


def test_the_server_may_be_a_child(command: Command, start: Start, port: int) -> None:
    server = start(port, "child", 1)
    assert command("wait", f"--pid={server.pid}", f"--port={port}").code == 0


def test_a_server_that_dies(command: Command, start: Start, port: int) -> None:
    server = start(port, "dies", 1)
    waited = command("wait", f"--pid={server.pid}", f"--port={port}", "--log=server.log")
    assert waited.code == 1
    assert f"the process {server.pid} has ended" in waited.err
    assert "VL103" in waited.out
    assert "Found 1 error in 1 log." in waited.out


def test_a_server_that_died_before(command: Command, start: Start, port: int) -> None:
    server = start(port, "dies")
    server.wait()
    waited = command("wait", f"--pid={server.pid}", f"--port={port}")
    assert waited.code == 1
    assert "--log" in waited.err


def test_a_server_that_hangs_after_it_answered(command: Command, start: Start, port: int) -> None:
    server = start(port, "hangs")
    assert command("wait", f"--pid={server.pid}", f"--port={port}").code == 0


def test_a_strangers_server_on_the_same_port(command: Command, start: Start, port: int) -> None:
    stranger = start(port, "late", log="stranger.log")
    ours = start(free_port(), "dies", 3)
    waited = command("wait", f"--pid={ours.pid}", f"--port={port}", "--log=server.log")
    assert waited.code == 1
    assert f"(pid {stranger.pid}," in waited.err
    assert "not this server" in waited.err
    assert "VL103" in waited.out


def test_without_a_process(command: Command, start: Start, port: int) -> None:
    start(port, "late", 1)
    assert command("wait", f"--port={port}").code == 0
    other = free_port()
    start(other, "dies", 1, log="other.log")
    waited = command("wait", f"--port={other}", "--log=other.log")
    assert waited.code == 1
    assert "VL103" in waited.out


def test_several_servers(command: Command, start: Start, port: int) -> None:
    other = free_port()
    first, second = start(port, "late", 1), start(other, "late", 2, log="b.log")
    pids = [f"--pid={first.pid}", f"--pid={second.pid}"]
    ports = [f"--port={port}", f"--port={other}"]
    assert command("wait", *pids, *ports).code == 0
    _end(second.pid)
    second.wait()
    waited = command("wait", *pids, *ports, "--log=server.log", "--log=b.log")
    assert waited.code == 1
    assert f"port {other}" in waited.err
    assert command("wait", *pids, ports[0]).code == 2


def test_it_gives_up(command: Command, start: Start, port: int) -> None:
    server = start(port, "slow")
    options = [f"--pid={server.pid}", f"--port={port}", "--log=server.log"]
    waited = command("wait", *options, "--timeout=1.5")
    assert waited.code == 1
    assert "loading weights" in waited.err
    assert "did not answer within 1.5 s" in waited.err


def test_a_server_behind_tee(command: Command, port: int, tmp_path: Path) -> None:
    script = f"{sys.executable} {STAND_IN} {port} late 1 | tee tee.log & echo $!; wait"
    shell = subprocess.Popen(
        ["bash", "-c", script], stdout=subprocess.PIPE, cwd=tmp_path, start_new_session=True
    )
    try:
        assert shell.stdout is not None
        tee = int(shell.stdout.readline())
        assert command("wait", f"--pid={tee}", f"--port={port}", "--log=tee.log").code == 0
    finally:
        _end(shell.pid)
        shell.communicate()


def test_an_old_failure_in_the_same_log_is_not_told(
    command: Command, start: Start, port: int, tmp_path: Path
) -> None:
    start(port, "dies").wait()
    failed = (tmp_path / "server.log").read_text()
    other = free_port()
    server = start(other, "late", 2, log="new.log")
    wait_for(lambda: (tmp_path / "new.log").stat().st_size > 0, tmp_path / "new.log")
    (tmp_path / "both.log").write_text(failed + (tmp_path / "new.log").read_text())
    options = (f"--port={other}", "--log=both.log")
    assert command("wait", *options).code == 0
    _end(server.pid)
    waited = command("wait", f"--pid={server.pid}", *options)
    assert waited.code == 1
    assert "does not tell why" in waited.err
    assert "VL103" not in waited.out


def test_a_step_that_slurm_ends() -> None:
    with one_host_slurm() as slurm:
        python = shell(python_for_everybody())
        server = slurm.folder / "stand_in.py"
        server.write_text(Path(STAND_IN).read_text())
        server.chmod(0o644)
        port = free_port()
        told = slurm.sbatch(
            f"srun --overlap {python} {server} {port} slow 0 > server.log 2>&1 &\n"
            "step=$!\n"
            "until grep -q checkpoint server.log; do sleep 0.1; done\n"
            "scancel $SLURM_JOB_ID.0 &\n"
            f"{python} -m doctor wait --pid $step --port {port} --log server.log 2>&1\n"
            "echo exit $?\n"
        )
    assert told.splitlines()[-1] == "exit 1", told
    assert "has ended" in told


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (b"", "starting"),
        (b"INFO [x.py:1] Starting to load model Qwen/Qwen3-8B...", "loading weights"),
        (b"Loading safetensors checkpoint shards:  40% Completed | 2/5", "loading weights 40 %"),
        (b"checkpoint shards:  40%\rcheckpoint shards:  60%", "loading weights 60 %"),
        (b"checkpoint shards: 100%\nDynamo bytecode transform time: 8 s", "compiling"),
        (b"torch.compile takes 30 s\nCapturing CUDA graphs (decode, FULL):  35%|##",
         "capturing graphs 35 %"),
        (b"Available routes are:", "starting the API"),
    ],
)  # fmt: skip
def test_how_far_a_start_has_come(tail: bytes, words: str) -> None:
    assert progress(tail).words == words
