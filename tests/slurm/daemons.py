"""Slurm's daemons and munge, as tests start them: in a folder of their own, and ended with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

_COMMON = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser=root
SlurmdUser=root
SlurmctldPort={port}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmdSpoolDir={folder}/spool/%n
StateSaveLocation={folder}/state
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0
MpiDefault=none
GresTypes=gpu
PartitionName=gpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def require(*programs: str) -> None:
    """Leave the test out unless the programs are here and we may start daemons."""
    missing = [program for program in programs if not find(program)]
    if missing:
        pytest.skip(f"missing part: Slurm and munge ({', '.join(missing)} not installed)")
    if os.geteuid():
        pytest.skip("missing part: only root can start Slurm's daemons")


def configure(folder: Path, lines: str) -> None:
    """Write a slurm.conf with these lines besides the common ones."""
    for name in ("spool", "state"):
        (folder / name).mkdir(exist_ok=True)
    values = {"host": socket.gethostname(), "folder": folder, "port": free_port()}
    (folder / "slurm.conf").write_text(_COMMON.format_map(values) + lines)


def environment(folder: Path) -> dict[str, str]:
    """This process's environment, for clients of the Slurm that was configured there."""
    kept = {name: value for name, value in os.environ.items() if "SLURM" not in name}
    return kept | {"SLURM_CONF": str(folder / "slurm.conf")}


def start_munge(folder: Path, daemons: ExitStack) -> None:
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    files = [
        f"--{name}={folder / 'munge'}.{end}"
        for name, end in (
            ("socket", "socket"),
            ("key-file", "key"),
            ("pid-file", "pid"),
            ("log-file", "log"),
            ("seed-file", "seed"),
        )
    ]
    start([find("munged"), "--foreground", "--force", *files], folder, daemons)
    wait_for(lambda: (folder / "munge.socket").exists(), folder / "munge.log")


def start_controller(folder: Path, daemons: ExitStack) -> None:
    start([find("slurmctld"), "-D", "-c", "-f", str(folder / "slurm.conf")], folder, daemons)
    wait_for(lambda: _controller_is_up(folder), folder / "slurmctld.log")


def start_node(folder: Path, name: str, daemons: ExitStack) -> None:
    """Start the daemon of a node, which is this machine under another name."""
    (folder / "spool" / name).mkdir(exist_ok=True)
    configuration = str(folder / "slurm.conf")
    start([find("slurmd"), "-D", "-f", configuration, "-N", name], folder, daemons)


def start(command: list[str], folder: Path, daemons: ExitStack) -> None:
    with (folder / "output").open("ab") as output:
        daemon = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
    daemons.callback(daemon.wait, timeout=30)
    daemons.callback(daemon.terminate)


def wait_for(ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + 30
    while not ready():
        if time.monotonic() > deadline:
            pytest.fail(f"the daemon does not answer: {log.read_text() if log.exists() else ''}")
        time.sleep(0.05)


def find(program: str) -> str:
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") or ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _controller_is_up(folder: Path) -> bool:
    ping = subprocess.run(
        ["scontrol", "ping"], capture_output=True, text=True, env=environment(folder)
    )
    return " is UP" in ping.stdout
