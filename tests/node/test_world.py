"""What a server needs beside GPUs and folders: each check failing, passing and unknown."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from doctor.base.unknown import UNKNOWN
from doctor.node import limits, machine, ports, surroundings
from doctor.node.checks import Check

from .conftest import DOCTOR, Node, StandIn
from .looking import look
from .slurm import GROUP, USER, python_for_everybody, shell

NAME, CLOCK = machine.PROBES
#: Where a memory limit can be set for a process of the tests.
CGROUP = Path("/sys/fs/cgroup/memory")

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="missing part: only root may do that")


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def environment(folder: Path, **versions: str) -> Path:
    """A folder for the PATH whose Python has these packages, and this Python's own headers."""
    site = folder / "site"
    for name, version in versions.items():
        info = site / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        plain = name.replace("_", "-")
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {plain}\nVersion: {version}\n"
        )
    script(folder / "bin" / "python3", f'PYTHONPATH={site} exec {sys.executable} -S "$@"')
    return folder / "bin"


def around(path: Path | str, **more: str) -> dict[str, Check]:
    return look(surroundings.PROBE, {"PATH": f"{path}", **more})


class TestVllm:
    """VN501, VN502 and VN508"""

    def test_none_is_installed(self, tmp_path: Path) -> None:
        checks = around(environment(tmp_path))
        assert checks["VN508"].status == "warning"
        assert {checks["VN501"].status, checks["VN502"].status} == {"skipped"}

    def test_no_python_at_all(self) -> None:
        assert "no Python on the PATH" in around("")["VN508"].message

    def test_a_sound_release(self, tmp_path: Path) -> None:
        checks = around(environment(tmp_path, vllm="0.11.2"))
        assert {checks["VN501"].status, checks["VN508"].status} == {"ok"}

    def test_a_broken_release(self, tmp_path: Path) -> None:
        check = around(environment(tmp_path, vllm="0.12.0"))["VN501"]
        assert check.status == "warning"
        assert "vLLM 0.12.0, which is installed here" in check.message

    def test_the_one_that_the_command_vllm_belongs_to(self, tmp_path: Path) -> None:
        there = environment(tmp_path / "there", vllm="0.12.0") / "python3"
        first = tmp_path / "first"
        first.mkdir()
        (first / "vllm").write_text(f"#!{there}\nimport vllm\n")
        (first / "vllm").chmod(0o755)
        here = environment(tmp_path / "here", vllm="0.11.2")
        assert "0.12.0" in around(f"{first}:{here}")["VN501"].message

    def test_a_python_that_fails(self, tmp_path: Path) -> None:
        script(tmp_path / "python3", "echo 'libpython is gone' >&2; exit 127")
        checks = around(tmp_path)
        assert {checks["VN501"].status, checks["VN508"].status} == {"unknown"}
        assert "libpython is gone" in checks["VN508"].message

    @pytest.mark.parametrize(
        ("driver", "versions", "status"),
        [
            ("550.54.15", {"nvidia_cuda_runtime": "13.0.48"}, "error"),
            ("580.65.06", {"nvidia_cuda_runtime": "13.0.48"}, "ok"),
            ("535.104.05", {"nvidia_cuda_runtime_cu12": "12.8.90"}, "ok"),
            ("470.82.01", {"torch": "2.8.0+cu128"}, "error"),
            ("535.104.05", {"torch": "2.8.0"}, "unknown"),
        ],
    )
    def test_the_driver(
        self, node: Node, tmp_path: Path, driver: str, versions: Mapping[str, str], status: str
    ) -> None:
        path = environment(tmp_path, vllm="0.11.2", **versions)
        told = node(
            f"driver {driver}\ngpu\n", "--select", "VN5", PATH=f"{path}:{os.environ['PATH']}"
        )
        assert told.checks["VN502"]["status"] == status

    def test_a_compatibility_library(self, tmp_path: Path) -> None:
        path = environment(tmp_path, vllm="0.20.0", nvidia_cuda_runtime="13.0.48")
        check = around(path, LD_LIBRARY_PATH="/usr/local/cuda/compat")["VN502"]
        assert check.status == "unknown"
        assert "compatibility library" in check.message

    def test_a_gpu_without_bfloat16(self, node: Node) -> None:
        told = node("gpu\ncompute 7.0\n", "--select", "VN5")
        assert told.checks["VN509"]["status"] == "warning"
        assert node("gpu\n", "--select", "VN5").checks["VN509"]["status"] == "ok"
        silent = "gpu\nanswer nvmlDeviceGetCudaComputeCapability NO_PERMISSION\n"
        assert node(silent, "--select", "VN5").checks["VN509"]["status"] == "unknown"


class TestCompiler:
    """VN505"""

    def at(self, path: Path | str, **more: str) -> Check:
        return around(path, **more)["VN505"]

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """A folder for the PATH with a Python that has vLLM, and nothing else."""
        return environment(tmp_path, vllm="0.11.2")

    def test_one_that_works(self, path: Path) -> None:
        assert self.at(f"{path}:/usr/bin:/bin").status == "ok"

    def test_none(self, path: Path) -> None:
        check = self.at(path)
        assert check.status == "error"
        assert "no C compiler" in check.message

    def test_none_where_vllm_will_not_run(self, tmp_path: Path) -> None:
        assert self.at(environment(tmp_path)).status == "skipped"

    def test_one_without_the_c_library(self, path: Path) -> None:
        script(path / "gcc", "echo 'stdlib.h: No such file or directory' >&2; exit 1")
        check = self.at(path)
        assert (check.status, "stdlib.h" in check.message) == ("error", True)

    def test_one_that_a_variable_names_and_that_is_gone(self, path: Path) -> None:
        check = self.at(f"{path}:/usr/bin:/bin", CC="/opt/gone/gcc")
        assert check.remedy == "unset CC"

    def test_a_python_without_headers(self, path: Path) -> None:
        script(path / "python3", """echo '{"vllm": "0.11.2", "headers": false}'""")
        check = self.at(f"{path}:/usr/bin:/bin")
        assert (check.status, "Python.h" in check.message) == ("error", True)

    def test_one_that_does_not_answer(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(surroundings, "_SECONDS", 5.0)
        script(path / "gcc", "exec /bin/sleep 60")
        check = self.at(path)
        assert (check.status, "gave no answer" in check.message) == ("unknown", True)

    def test_a_python_that_fails(self, path: Path) -> None:
        script(path / "python3", "echo 'libpython is gone' >&2; exit 127")
        assert self.at(f"{path}:/usr/bin:/bin").status == "unknown"


class TestPorts:
    """VN503"""

    @pytest.fixture
    def listener(self) -> Iterator[socket.socket]:
        with socket.create_server(("", 0)) as server:
            yield server

    def at(self, port: int) -> Check:
        return look(ports.PROBE, {"VLLM_PORT": str(port)})["VN503"]

    def test_one_that_we_listen_on(self, listener: socket.socket) -> None:
        port = listener.getsockname()[1]
        check = self.at(port)
        assert check.status == "warning"
        assert f"Port {port} of this node, which VLLM_PORT names" in check.message
        assert "(pid " in check.message  # of ours, or of a child that has it from us

    def test_one_that_is_free(self, listener: socket.socket) -> None:
        port = listener.getsockname()[1]
        listener.close()
        assert f"Port {port} " not in self.at(port).message

    @as_root
    def test_one_that_an_ordinary_user_may_not_take(self) -> None:
        ask = "from doctor.node.ports import look_at; print(look_at(1).taken.name)"
        setting = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
        if int(setting.read_text()) <= 1:
            pytest.skip("here every port is for everybody")
        done = subprocess.run(
            [*python_for_everybody(), "-c", ask],
            user=USER,
            group=GROUP,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
        )
        assert done.stdout == "UNKNOWN\n"


def told_within(nvml: StandIn, before: str, code: str, **more: str) -> dict[str, Any]:
    """A check of the command, run by a shell after other commands."""
    ask = f"exec {shell(list(DOCTOR))} --no-config --format json --select {code}"
    done = subprocess.run(
        ["sh", "-ec", f"{before}; {ask}"],
        env={**nvml.environment("gpu\n"), **more},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    (check,) = json.loads(done.stdout)["checks"]
    return dict(check)


def _remove(group: Path) -> None:
    while True:  # until the kernel has taken leave of what ran there
        try:
            return group.rmdir()
        except OSError:
            time.sleep(0.05)


class TestLimits:
    """VN504"""

    def test_few_open_files(self, nvml: StandIn) -> None:
        check = told_within(nvml, "ulimit -n 1024", "VN504")
        assert "at most 1024 files open" in check["message"]

    @as_root
    def test_a_small_shared_memory(self, nvml: StandIn) -> None:
        before = "mount -t tmpfs -o size=64m test /dev/shm"
        ask = f"{shell(list(DOCTOR))} --no-config --format json --select VN504"
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-ec", f"{before}; {ask}"],
            env=nvml.environment("gpu\n"),
            capture_output=True,
            text=True,
        )
        (check,) = json.loads(done.stdout)["checks"]
        assert check["status"] == "warning"
        assert "/dev/shm holds only 0.062 GiB" in check["message"]

    @as_root
    @pytest.mark.skipif(not CGROUP.is_dir(), reason="control groups of the second version alone")
    def test_little_memory_for_the_job(self, nvml: StandIn) -> None:
        group = CGROUP / f"vllm-doctor-{os.getpid()}"
        group.mkdir()
        try:
            (group / "memory.limit_in_bytes").write_text(str(4 << 30))
            check = told_within(nvml, f"echo $$ > {group}/cgroup.procs", "VN504")
        finally:
            _remove(group)
        assert "may use at most 4 GiB of memory" in check["message"]

    def test_limits_that_are_high_enough(self) -> None:
        check = look(limits.PROBE, {})["VN504"]
        assert "of memory" not in check.message
        assert "/dev/shm" not in check.message

    def test_a_shared_memory_that_can_not_be_looked_at(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limits, "_SHARED_MEMORY", "/gone")
        monkeypatch.setattr(limits.resource, "getrlimit", lambda _: (1 << 20, 1 << 20))
        check = look(limits.PROBE, {})["VN504"]
        assert (check.status, check.message) == ("unknown", "/gone can't be looked at")


class TestHostName:
    """VN506"""

    @as_root
    def test_one_that_has_no_address(self, nvml: StandIn) -> None:
        ask = f"{shell(list(DOCTOR))} --no-config --format json --select VN506"
        done = subprocess.run(
            ["unshare", "--uts", "sh", "-ec", f"hostname nowhere.invalid; {ask}"],
            env=nvml.environment("gpu\n"),
            capture_output=True,
            text=True,
        )
        (check,) = json.loads(done.stdout)["checks"]
        assert check["status"] in ("warning", "unknown")  # where name servers don't answer
        assert "nowhere.invalid" in check["message"]

    def test_one_that_leads_home(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "gethostname", lambda: "localhost")
        assert look(NAME, {})["VN506"].status == "ok"
        check = look(NAME, {"SLURM_JOB_NUM_NODES": "2"})["VN506"]
        assert "other nodes can't reach" in check.message

    def test_name_servers_that_do_not_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(60))
        check = look(NAME, {})["VN506"]
        assert (check.status, "does not answer" in check.message) == ("unknown", True)


class TestClock:
    """VN507"""

    def at(self, start: float, monkeypatch: pytest.MonkeyPatch, kept: object = True) -> Check:
        monkeypatch.setattr(machine, "_synchronised", lambda: kept)
        return look(CLOCK, {"SLURM_JOB_START_TIME": str(int(start))})["VN507"]

    def test_a_job_that_began_in_the_future(self, monkeypatch: pytest.MonkeyPatch) -> None:
        check = self.at(time.time() + 900, monkeypatch)
        assert (check.status, "seconds behind" in check.message) == ("warning", True)

    def test_a_job_that_began_before(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.at(time.time() - 60, monkeypatch).status == "ok"
        assert self.at(time.time() - 60, monkeypatch, kept=False).status == "info"

    def test_a_kernel_that_does_not_tell(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.at(time.time() - 60, monkeypatch, kept=UNKNOWN).status == "unknown"

    def test_outside_a_job(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(machine, "_synchronised", lambda: True)
        assert look(CLOCK, {})["VN507"].status == "ok"

    def test_the_kernel_tells(self) -> None:
        assert look(CLOCK, {})["VN507"].status in ("ok", "info")
