"""The documents for Slurm's own hooks in `examples/slurm`, in force on a real Slurm."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.node.conftest import StandIn
from tests.node.slurm import OneHostSlurm, one_host_slurm

pytestmark = pytest.mark.xdist_group("hooks-slurm")

HOOKS = Path(__file__).parents[2] / "examples" / "slurm"
HERE = Path(__file__).parents[2]
FREE = "gpu\n" * 8
HELD = "gpu\nmemory 81559 70000\n" + "gpu\n" * 7


def _installed(folder: Path) -> None:
    """A `vllm-doctor` for root that sees the GPUs of the node's scenario."""
    paths = [str(HERE), *(path for path in sys.path if path.endswith("-packages"))]
    words = [
        "env",
        f"PYTHONPATH={os.pathsep.join(paths)}",
        f"LD_LIBRARY_PATH={folder}",
        f"NVML_STAND_IN={folder}/scenario",
        sys.executable,
        "-m",
        "doctor",
    ]
    (folder / "bin").mkdir()
    program = folder / "bin" / "vllm-doctor"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    program.chmod(0o755)


def _hook(folder: Path, name: str) -> Path:
    """A hook beside slurm.conf; only the places of that and of our program are changed."""
    text = (HOOKS / name).read_text().replace("/opt/vllm-doctor/bin", str(folder / "bin"))
    text = text.replace("set -u\n", f"set -u\nexport SLURM_CONF={folder}/slurm.conf\n")
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def running(nvml: StandIn) -> Iterator[Callable[[str, str], OneHostSlurm]]:
    """A Slurm with a hook, by its file's name and the lines that put it in force."""
    opened = []

    def run(name: str, lines: str, scenario: str = FREE) -> OneHostSlurm:
        def prepare(folder: Path) -> str:
            _installed(folder)
            (folder / "scenario").write_text(scenario)
            shutil.copy(nvml.library, folder)
            return lines.format(hook=_hook(folder, name))

        context = one_host_slurm(prepare=prepare)
        opened.append(context)
        return context.__enter__()

    yield run
    for context in opened:
        context.__exit__(None, None, None)


def until(slurm: OneHostSlurm, words: tuple[str, ...], wanted: str) -> str:
    """What a command prints, once that holds the word; asked once a second."""
    for _ in range(40):
        said = slurm.run(*words).stdout
        if wanted in said:
            return said
        time.sleep(1)
    pytest.fail(f"never {wanted!r} in {said!r}")


SINFO = ("sinfo", "--noheader", "--Node", "--format=%N %T %E")
HEALTH = "HealthCheckProgram={hook}\nHealthCheckInterval=2\nHealthCheckNodeState=IDLE"


def test_a_health_check_drains(running: Callable[..., OneHostSlurm]) -> None:
    slurm = running("health_check.sh", HEALTH)
    (slurm.folder / "scenario").write_text(HELD)
    said = until(slurm, SINFO, "drained vllm-doctor: ")
    assert "gpu-memory-held" in said


def test_a_health_check_leaves_alone_what_can_not_be_seen(
    running: Callable[..., OneHostSlurm],
) -> None:
    slurm = running("health_check.sh", HEALTH, "answer nvmlDeviceGetMemoryInfo UNKNOWN\n" + FREE)
    time.sleep(6)
    assert "drain" not in slurm.run(*SINFO).stdout


def test_a_prolog_keeps_a_job_off(running: Callable[..., OneHostSlurm]) -> None:
    slurm = running("prolog.sh", "Prolog={hook}\nPrologFlags=Alloc")
    assert slurm.sbatch("echo runs", "--gres=gpu:8").endswith("runs\n")
    (slurm.folder / "scenario").write_text(HELD)
    sent = slurm.run("sbatch", "--parsable", "--nodelist=gpu01", "--gres=gpu:8", "--wrap", "true")
    assert sent.returncode == 0
    until(slurm, SINFO, "Prolog error")
    assert "PENDING" in slurm.run("squeue", "--noheader", "--format=%T").stdout


def test_a_prolog_judges_the_job_s_own_gpus_alone(running: Callable[..., OneHostSlurm]) -> None:
    """The first GPU is held, and the first job has it."""
    slurm = running("prolog.sh", "Prolog={hook}\nPrologFlags=Alloc", "gpu\n" * 8)
    words = ("--nodelist=gpu01", "--gres=gpu:1", "--mem=1000")
    started = slurm.home / "started"
    slurm.run("sbatch", *words, "--wrap", f"touch {started}; sleep 60")
    for _ in range(40):  # until its own prolog is over
        if started.exists():
            break
        time.sleep(1)
    (slurm.folder / "scenario").write_text(HELD)
    assert slurm.sbatch("echo runs", *words).endswith("runs\n")


def test_a_submit_plugin_refuses(running: Callable[..., OneHostSlurm]) -> None:
    if not list(Path("/usr/lib").glob("*/slurm-wlm/job_submit_lua.so")):
        pytest.skip("missing part: Slurm's plugin for Lua")
    slurm = running("job_submit.lua", "JobSubmitPlugins=lua")
    script = slurm.home / "job.sbatch"
    script.write_text("#!/bin/bash\nrm -rf /tmp/torchinductor_*\nvllm serve Qwen/Qwen3-8B\n")
    refused = slurm.run("sbatch", str(script))
    assert refused.returncode == 1
    assert "vllm-doctor finds in this script:" in refused.stderr
    assert "VD101" in refused.stderr
    script.write_text("#!/bin/bash\nvllm serve Qwen/Qwen3-8B\n")
    assert slurm.run("sbatch", "--output=/dev/null", str(script)).returncode == 0
