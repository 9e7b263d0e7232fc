"""Whatever lies on a file system that hangs costs its own answer, and never the end of the run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import DOCTOR, StandIn

#: What is not asked of the frozen folder has answered by then, on a busy machine too.
LIMIT = "5"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def frozen(served: Callable[[str], Path]) -> Path:
    return served("freeze")


@pytest.fixture
def run(nvml: StandIn, tmp_path: Path) -> Run:
    """Runs the command on a node with a GPU; a test of it hangs if the command does."""

    def run(*options: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*DOCTOR, "--format", "json", "--timeout", LIMIT, *options],
            env={**nvml.environment("gpu\n"), **more},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    return run


def _checks(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    assert done.stderr == ""
    return {check["code"]: check for check in json.loads(done.stdout)["checks"]}


def test_a_script(run: Run, frozen: Path) -> None:
    checks = _checks(run("--script", str(frozen / "serve.sbatch"), "--no-config"))
    assert checks["VN601"]["status"] == "unknown"
    assert "something hangs" in checks["VN601"]["message"]
    assert checks["VN101"]["status"] == "ok"


def test_a_home(run: Run, frozen: Path) -> None:
    """There the tool's own cache lies, too: it does without."""
    environment = {"HOME": str(frozen), "XDG_CACHE_HOME": "", "TMPDIR": "/tmp"}
    checks = _checks(run("--no-config", **environment))
    assert {checks[code]["status"] for code in ("VN302", "VN303", "VN304")} == {"unknown"}
    assert f"{frozen} does not answer" in checks["VN304"]["message"]
    assert checks["VN101"]["status"] == "ok"


def test_a_folder_on_the_path(run: Run, frozen: Path) -> None:
    checks = _checks(run("--no-config", PATH=str(frozen)))
    assert {checks[code]["status"] for code in ("VN306", "VN508")} == {"unknown"}
    assert checks["VN101"]["status"] == "ok"


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--config", "the configuration can't be read (--no-config does without one): no answer"),
        ("--kb", "the configuration can't be read (--no-config does without one): no answer"),
    ],
)
def test_what_an_option_names(run: Run, frozen: Path, option: str, said: str) -> None:
    done = run(option, str(frozen / "site"))
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_the_list_of_checks(run: Run, frozen: Path) -> None:
    done = run("--list-checks", "--rules", str(frozen))
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("options", [(), ("--record",)])
def test_the_register(run: Run, frozen: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / ".vllm-doctor.toml").write_text(f'register = "{frozen}"\n')
    done = run(*options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"vllm-doctor: {frozen}: its file system hangs\n"
