"""What people and scripts see of `vllm-doctor node`, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from doctor.base.errors import DoctorError
from doctor.base.unknown import UNKNOWN, UnknownType
from doctor.config import Config
from doctor.facts.node.base import NodeFact
from doctor.facts.node.needs import Need
from doctor.facts.node.processes import StuckProcess
from doctor.node import examination
from doctor.node.probe import Gap, NotHereError, Probe, Situation, UnseenError
from doctor.report import node_json, node_text
from tests.conftest import Outcome
from tests.node.conftest import DOCTOR, StandIn

Command = Callable[..., Outcome]
HELD = "gpu\nmemory 81559 70000\n"
JOB = {
    "SLURM_JOB_ID": "7",
    "SLURMD_NODENAME": "gpu07",
    "SLURM_JOB_PARTITION": "main",
    "SLURM_GPUS_ON_NODE": "1",
}


def _run(
    nvml: StandIn, scenario: str, *options: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    words = [*DOCTOR, "--no-config", "--select", "VN1", *options]
    env = {**nvml.environment(scenario), **environment}
    return subprocess.run(words, env=env, capture_output=True, text=True)


def test_a_node_that_is_not_fit(nvml: StandIn) -> None:
    done = _run(nvml, HELD, **JOB)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("gpu07 is not fit")
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert "salloc --exclude=gpu07 --partition=main --gpus-per-node=1" in lines
    assert "#SBATCH --exclude=gpu07" in lines
    assert any(line.startswith("To the administrators: on gpu07, GPU 0 (GPU-0") for line in lines)
    assert any(line.startswith("GPU 0") and "█" in line for line in lines)
    assert any(line.startswith("✗ VN101 gpu-memory-held: ") for line in lines)
    assert any(line.startswith("✗ GPUs, 7 checks") for line in lines)
    assert not any("✓" in line for line in lines)  # what is fine takes one line a group
    assert "\x1b" not in done.stdout


def test_a_machine_that_has_nothing(nvml: StandIn, tmp_path: Path) -> None:
    """No GPU, no Slurm and no vLLM: it says so, and checks the rest."""
    scenario = "answer nvmlInitWithFlags DRIVER_NOT_LOADED\n"
    done = _run(nvml, scenario, "--select", "VN", PATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    verdict, _, rest = done.stdout.partition("\n\n")
    assert "but has no GPU and no vLLM on the PATH." in " ".join(verdict.split())
    assert "✗" not in rest
    assert ", 7 checks" in next(line for line in rest.splitlines() if "Folders and disks" in line)


def test_a_node_of_which_not_all_can_be_seen(nvml: StandIn) -> None:
    silent = "gpu\nanswer nvmlDeviceGetCurrentClocksEventReasons NO_PERMISSION\n"
    assert " is fit, as far as can be seen." in _run(nvml, silent).stdout
    assert " is fit: vLLM should start here." in _run(nvml, "gpu\n").stdout


def test_the_exclude_list_has_the_sites_bad_nodes(nvml: StandIn, tmp_path: Path) -> None:
    config = tmp_path / ".vllm-doctor.toml"
    config.write_text('bad-nodes = ["gpu[03,08]"]\n')
    words = [*DOCTOR, "--config", str(config), "--select", "VN101"]
    env = {**nvml.environment(HELD), **JOB}
    done = subprocess.run(words, env=env, capture_output=True, text=True)
    assert "#SBATCH --exclude=gpu[03,07-08]" in done.stdout


def test_a_machine_that_slurm_may_not_know_is_not_to_be_excluded(nvml: StandIn) -> None:
    """A job that excludes a login node is refused."""
    job = {"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "gpu07", "SLURM_JOB_NUM_NODES": "1"}
    assert "exclude" not in _run(nvml, HELD, **job).stdout


def test_colours_are_for_terminals(nvml: StandIn) -> None:
    leader, follower = pty.openpty()
    words = [*DOCTOR, "--no-config", "--select", "VN1"]
    env = {**nvml.environment(HELD), "TERM": "xterm"}
    env.pop("NO_COLOR", None)
    with subprocess.Popen(words, env=env, stdout=follower) as process:
        os.close(follower)
        shown = b"".join(_all(leader))
    assert process.returncode == 1
    assert b"\x1b[1;31m\xe2\x9c\x97" in shown


def _all(leader: int) -> Iterator[bytes]:
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            return
        if not part:
            return
        yield part


def test_quiet(nvml: StandIn) -> None:
    fit, unfit = _run(nvml, "gpu\n", "--quiet"), _run(nvml, HELD, "--quiet")
    assert (fit.returncode, fit.stdout, fit.stderr) == (0, "", "")
    node = _run(nvml, HELD).stdout.partition(" ")[0]
    told = [line for line in unfit.stdout.splitlines() if line.startswith(f"{node}: ")]
    assert unfit.returncode == 1
    assert [line.split()[1:4] for line in told] == [
        ["✗", "VN101", "gpu-memory-held:"],
        ["✗", "VN102", "gpu-memory-too-low:"],
    ]
    assert "  - GPU 0: 68.4 of 79.1 GiB are held" in unfit.stdout
    assert "✓" not in unfit.stdout


def test_quiet_tells_what_must_be_known(nvml: StandIn) -> None:
    done = _run(nvml, "answer nvmlInitWithFlags DRIVER_NOT_LOADED\n", "--quiet", SLURM_JOB_ID="7")
    assert done.returncode == 2
    assert " ".join(done.stdout.split()).endswith(
        ": ? VN101 memory that others hold, VN102 free memory, VN103 health: no GPU can be seen: "
        "Slurm granted this job none (ask for some with --gres=gpu:N or --gpus-per-node=N)"
    )


def test_verbose_names_what_was_looked_at(nvml: StandIn) -> None:
    told = _run(nvml, HELD, "--verbose").stdout
    assert "✓ VN103 health, VN104 clocks" in told
    assert "gpu-unhealthy" not in told


def test_marks_tell_severities_apart_without_colour(nvml: StandIn) -> None:
    heat = "gpu\ngpu\nclock-reasons 0x40\n"
    job = {"SLURM_GPUS_ON_NODE": "2", "CUDA_VISIBLE_DEVICES": "1"}
    lines = [line.strip() for line in _run(nvml, heat, **job).stdout.splitlines()]
    assert any(line.startswith("! VN104 gpu-throttled") for line in lines)
    assert any(line.startswith("i VN107 gpu-count-differs") for line in lines)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 0),
        (("--fail-on", "warning"), 1),
        (("--fail-on", "never"), 0),
        (("--fail-on", "warning", "--ignore", "VN104"), 0),
    ],
)
def test_what_makes_a_node_unfit(nvml: StandIn, options: tuple[str, ...], code: int) -> None:
    assert _run(nvml, "gpu\nclock-reasons 0x40\n", *options).returncode == code


def test_json(nvml: StandIn) -> None:
    done = _run(nvml, HELD, "--format", "json", **JOB)
    told = json.loads(done.stdout)
    assert list(told) == ["node", "verdict", "seconds", "faults", "gpus", "checks"]
    assert (told["node"], told["verdict"]) == ("gpu07", "not fit")
    check = told["checks"][0]
    assert set(check) >= {
        "code", "name", "severity", "message", "lesson", "status", "evidence", "remedy", "seconds",
    }  # fmt: skip
    assert (check["code"], check["lesson"]) == ("VN101", "node-gpus")
    assert told["gpus"][0]["held_by"] == "unseen"


# --- in this process -------------------------------------------------------------------------


def test_the_list_of_checks(command: Command) -> None:
    lines = command("node", "--list-checks", "--no-config", "--ignore", "VN2").out.splitlines()
    severities = {line.split()[0]: line.split()[1] for line in lines}
    assert severities["VN101"] == "error"
    assert severities["VN201"] == "off"
    assert not any(code.startswith("VD") for code in severities)


@pytest.mark.parametrize(
    "options",
    [("--select", "VN9"), ("--timeout", "0"), ("--gpu-memory-utilization", "1.5"), ("--kb", "x")],
)
def test_a_wrong_call(command: Command, options: tuple[str, ...]) -> None:
    outcome = command("node", *options)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err


def test_a_configuration_speaks_of_both_kinds_of_rules(command: Command) -> None:
    Path(".vllm-doctor.toml").write_text('ignore = ["VN101", "shared-tmp-wildcard-delete"]\n')
    Path("a.sh").write_text("rm -rf /tmp/torchinductor_*\n")
    assert command("scan", "a.sh").code == 0
    listed = command("node", "--list-checks").out
    assert "VN101  off" in listed


def _looking(look: Callable[[Situation], object]) -> tuple[Probe, ...]:
    return (Probe("a test", (StuckProcess,), look),)  # type: ignore[arg-type]


def _status(look: Callable[[Situation], object], timeout: float = 60) -> tuple[str, str]:
    config = Config(select=("VN202",))
    deadline = time.monotonic() + timeout
    found = examination.examine(_looking(look), config, Situation({}, 0, 0.9), deadline)
    (check,) = found.checks
    return check.status.value, check.message


def _raising(error: Exception) -> Callable[[Situation], object]:
    def look(_: Situation) -> object:
        raise error

    return look


@pytest.mark.parametrize(
    ("look", "status", "said"),
    [
        (lambda _: [], "ok", ""),
        (_raising(NotHereError("no such thing")), "skipped", "no such thing"),
        (_raising(UnseenError("not for us")), "unknown", "not for us"),
        (_raising(KeyError("x")), "unknown", "it failed (KeyError: 'x')"),
        (lambda _: [Gap(StuckProcess, "half of it")], "unknown", "half of it"),
        (lambda _: os._exit(1), "unknown", "ended before it could tell"),
    ],
)
def test_what_a_probe_comes_to(look: Callable[[Situation], object], status: str, said: str) -> None:
    found, message = _status(look)
    assert found == status
    assert said in message


def _zombie(pid: int) -> StuckProcess:
    return StuckProcess(
        pid=pid, program="sh", user="alice", own=True, state="zombie", parent="bash (pid 1)"
    )


def _need(port: int, met: bool | UnknownType) -> Need:
    reasons = {"met": f"nobody knows of port {port}"}
    return Need(aspect="port", whose=f"Line {port}", needs=f"port {port}", met=met, reasons=reasons)


@pytest.mark.parametrize("facts", [
    [_zombie(pid) for pid in range(3000)],
    [_need(port, False) for port in range(3000)],
    [_need(port, UNKNOWN) for port in range(3000)],
])  # fmt: skip
def test_however_much_is_found_little_is_shown(facts: Sequence[NodeFact]) -> None:
    probe = Probe("a test", (type(facts[0]),), lambda _: facts)
    deadline = time.monotonic() + 60
    found = examination.examine((probe,), Config(), Situation({}, 0, 0.9), deadline)
    for lines in (node_json.render(found, "fit"), node_text.render(found, "fit", 100, False)):
        text = "\n".join(lines)
        assert "and 2984 more" in text
        assert len(text) < 6000


def test_a_probe_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "GRACE", 60)
    status, message = _status(lambda _: time.sleep(600), timeout=0.1)
    assert status == "unknown"
    assert "something hangs" in message


def test_rules_that_can_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "_known", lambda *_: time.sleep(600))
    with pytest.raises(DoctorError, match="the rules and the knowledge can't be read: no answer"):
        examination.examine((), Config(), Situation({}, 0, 0.9), time.monotonic())


@pytest.mark.parametrize("number", ["9" * 6000, "²", "٣", "-1", "1e3", ""])
def test_what_is_no_number_in_the_environment(
    number: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever starts us may have set anything; it is unknown then, and no fault of ours."""
    for name in (
        *("SLURM_JOB_ID", "SLURM_JOB_START_TIME", "SLURM_JOB_END_TIME", "SLURM_JOB_NUM_NODES"),
        *("SLURM_NNODES", "SLURM_GPUS_ON_NODE", "CUDA_VISIBLE_DEVICES", "VLLM_PORT"),
    ):
        monkeypatch.setenv(name, number)
    monkeypatch.setenv("SLURMD_NODENAME", "node[1-")
    monkeypatch.setenv("SLURM_JOB_NODELIST", "gpu[1-999999999999],[[,")
    Path("serve.sh").write_text("vllm serve m -tp 4 -pp 99999999999999\n")
    outcome = command("node", "--timeout", "60", "--format", "json", "--script", "serve.sh")
    told = json.loads(outcome.out)
    assert "report it" not in outcome.out + outcome.err
    assert told["checks"]
