"""The checks of processes, on processes that are really there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from doctor.base.unknown import UNKNOWN
from doctor.facts.node.processes import LeftoverProcess, SharedMemory, StuckProcess
from doctor.node import leftovers, processes, shared_memory, stuck
from doctor.node.probe import Situation
from doctor.node.processes import Processes

from .looking import look

HERE = Situation({}, os.getuid(), 0.9)

#: Starts what the rest of the line says as `setsid nohup … &` does, and tells its number.
_ADRIFT = "import os, sys\nif os.fork() == 0:\n os.setsid()\n os.execv(sys.argv[1], sys.argv[1:])"


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A program that is called vllm, and sleeps."""
    program = tmp_path / "vllm"
    program.write_text("import time\ntime.sleep(600)\n")
    return program


@pytest.fixture
def adrift(server: Path, tmp_path: Path) -> Iterator[int]:
    """The number of such a process whose parent has ended."""
    subprocess.run(
        [sys.executable, "-c", _ADRIFT, sys.executable, str(server), "serve"], check=True
    )
    pid = _find(server)
    yield pid
    os.kill(pid, signal.SIGKILL)


Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts programs, each in a group of its own, which is killed in the end."""
    started = []

    def run(*words: str, **options: Any) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(words, start_new_session=True, **options))
        return started[-1]

    yield run
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _find(program: Path) -> int:
    while True:
        for process in psutil.process_iter(["cmdline"]):
            if str(program) in (process.info["cmdline"] or [])[1:2]:
                return process.pid
        time.sleep(0.01)


def _leftover(pid: int, situation: Situation = HERE) -> LeftoverProcess | None:
    return next((fact for fact in leftovers.look(situation) if fact.pid == pid), None)


def test_a_process_that_nothing_is_left_above(adrift: int) -> None:
    found = _leftover(adrift)
    assert found is not None
    assert (found.program, found.gpu_open) == ("vllm", False)
    adopted_by_init = psutil.Process(1).name() in ("systemd", "init", "tini")
    assert found.orphan is (True if adopted_by_init else UNKNOWN)


@pytest.mark.parametrize(("adopts", "status"), [(True, "warning"), (False, "unknown")])
def test_what_is_said_of_it(
    adrift: int, monkeypatch: pytest.MonkeyPatch, adopts: bool, status: str
) -> None:
    """Whether the first process adopts orphans, or may have started it."""
    above = psutil.Process(adrift).parent()
    assert above is not None
    monkeypatch.setattr(processes, "_INITS", {psutil.Process(1).name()} if adopts else set())
    if above.pid != 1:
        pytest.skip("here something else adopts orphans")
    check = look(leftovers.PROBE, {})["VN201"]
    assert check.status == status
    assert f"(pid {adrift})" in " ".join((*check.evidence, *check.unknown))


@pytest.mark.parametrize(
    ("seconds", "age"),
    [(3 * 86400 + 7200, "3 d"), (3 * 3600 + 600, "3 h"), (200, "3 min"), (30, "30 s")],
)
def test_how_old_it_is(
    adrift: int, monkeypatch: pytest.MonkeyPatch, seconds: int, age: str
) -> None:
    began = psutil.Process(adrift).create_time()
    monkeypatch.setattr(time, "time", lambda: began + seconds + 0.5)
    found = _leftover(adrift)
    assert found is not None
    assert found.age == age


def test_a_process_of_a_living_session(server: Path, start: Start) -> None:
    process = start(sys.executable, str(server), "serve")
    _find(server)
    found = _leftover(process.pid)
    assert found is not None
    assert found.orphan is False


@pytest.mark.parametrize(("job", "told"), [("7", False), ("8", True)])
def test_a_process_of_this_job(
    server: Path, monkeypatch: pytest.MonkeyPatch, start: Start, job: str, told: bool
) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    process = start(sys.executable, str(server), "serve")
    _find(server)
    found = _leftover(process.pid, Situation({"SLURM_JOB_ID": job}, os.getuid(), 0.9))
    assert (found is not None) is told


def test_a_process_with_a_gpu_open(start: Start) -> None:
    device = Path("/dev/nvidia15")
    if device.exists() or not os.access("/dev", os.W_OK):
        pytest.skip("no place for a GPU's device file")
    device.touch()
    try:
        with device.open() as opened:
            process = start("sleep", "600", pass_fds=[opened.fileno()])
            found = _leftover(process.pid)
    finally:
        device.unlink()
    assert found is not None
    assert (found.program, found.gpu_open) == ("sleep", True)


def test_other_programs_are_no_leftovers(start: Start) -> None:
    assert _leftover(start("sleep", "600").pid) is None
    assert _leftover(os.getpid()) is None


def test_a_process_above_us_belongs_to_us() -> None:
    assert os.getppid() in Processes(HERE).family


# --- a node of its own ---------------------------------------------------------------------------


def test_a_leftover_on_a_node_with_an_init(server: Path, tmp_path: Path) -> None:
    """In a PID namespace whose first process is called init, what is adrift is an orphan."""
    if shutil.which("unshare") is None:
        pytest.skip("missing part: unshare")
    told = tmp_path / "told.json"
    start = f"{sys.executable} -c '{_ADRIFT}' {sys.executable} {server} serve"
    init = tmp_path / "init"
    init.write_text(
        f"#!/bin/bash\n{start}\nuntil grep -qs '[v]llm' /proc/[0-9]*/cmdline; do sleep 0.1; done\n"
        f"{sys.executable} -m doctor node --no-config --format json --select VN2 > {told}\n"
    )
    init.chmod(0o755)
    done = subprocess.run(["unshare", "-Ur", "-pf", "--mount-proc", str(init)], capture_output=True)
    if b"unshare failed" in done.stderr:
        pytest.skip("this machine gives no PID namespaces")
    checks: dict[str, Any] = {
        check["code"]: check for check in json.loads(told.read_text())["checks"]
    }
    assert checks["VN201"]["status"] == "warning"
    (evidence,) = checks["VN201"]["evidence"]
    assert evidence.startswith("vllm (pid ")
    assert "kill " in checks["VN201"]["remedy"]


# --- stuck ---------------------------------------------------------------------------------------


def _stuck(pid: int) -> StuckProcess | None:
    return next((fact for fact in stuck.look(HERE) if fact.pid == pid), None)


def test_a_process_that_nobody_collects(start: Start) -> None:
    # The probe leaves out its parent's children, which it takes for other probes.
    script = (
        "import subprocess as s, time; own = s.Popen(['true']); print(own.pid, flush=True); "
        "time.sleep(600)"
    )
    parent = start(sys.executable, "-c", script, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    found = _stuck(pid)
    assert found is not None
    assert (found.state, found.own, found.program) == ("zombie", True, "true")


def test_a_process_that_waits_in_the_kernel(start: Start) -> None:
    """The parent of a vfork waits in the kernel until its child execs or ends."""
    script = "import ctypes, time\nif ctypes.CDLL(None).vfork() == 0:\n time.sleep(600)\n"
    process = start(sys.executable, "-c", script)
    while psutil.Process(process.pid).status() != psutil.STATUS_DISK_SLEEP:
        time.sleep(0.01)
    found = _stuck(process.pid)
    assert found is not None
    assert (found.state, found.own) == ("in-kernel", True)
    check = look(stuck.PROBE, {})["VN202"]
    assert check.status == "warning"
    assert f"the process {process.pid} (" in check.remedy


def test_a_process_that_sleeps_is_not_stuck(start: Start) -> None:
    assert _stuck(start("sleep", "600").pid) is None


# --- shared memory -------------------------------------------------------------------------------


@pytest.fixture
def shm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of /dev/shm, with an old file of 20 MiB."""
    monkeypatch.setattr(shared_memory, "FOLDER", tmp_path)
    _old(tmp_path / "psm_1", 20 << 20)
    return tmp_path


def _old(path: Path, size: int) -> None:
    path.write_bytes(b"x" * size)
    os.utime(path, (0, 0))


def _shared() -> SharedMemory:
    (found,) = shared_memory.look(HERE)
    return found


def test_files_that_nobody_uses(shm: Path) -> None:
    _old(shm / "a b", 10)
    found = _shared()
    assert (found.leftovers, found.size) == (2, 0.02)
    assert found.remove == f"rm -- '{shm}/a b' {shm}/psm_1"


def test_a_command_to_paste_has_an_end(shm: Path) -> None:
    for number in range(100):
        _old(shm / f"psm_2{number}", 10)
    found = _shared()
    assert found.leftovers == 101
    assert found.remove is not None
    assert found.remove.endswith("   # the first 40 of 101")


def test_files_that_are_open_or_mapped_are_in_use(shm: Path) -> None:
    import mmap

    _old(shm / "psm_2", 4096)
    with (shm / "psm_1").open(), (shm / "psm_2").open("r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)
        file.close()
        found = _shared()
        mapped.close()
    assert (found.leftovers, found.remove) == (0, None)


def test_young_files_are_on_their_way(shm: Path) -> None:
    (shm / "psm_1").touch()
    assert _shared().leftovers == 0


def test_a_folder_that_can_not_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    for name, status in (("file", "unknown"), ("gone", "skipped")):
        monkeypatch.setattr(shared_memory, "FOLDER", tmp_path / name)
        assert look(shared_memory.PROBE, {})["VN203"].status == status


def test_what_is_said_of_files_that_nobody_uses(shm: Path) -> None:
    check = look(shared_memory.PROBE, {})["VN203"]
    assert (check.status, check.remedy) == ("info", f"rm -- {shm}/psm_1")
    _old(shm / "psm_1", 10)
    check = look(shared_memory.PROBE, {})["VN203"]
    assert (check.status, check.remedy) == ("ok", "")  # too small to be worth a word


def test_folders_are_left_alone(shm: Path) -> None:
    (shm / "psm_1").unlink()
    (shm / "folder").mkdir()
    assert _shared().leftovers == 0
