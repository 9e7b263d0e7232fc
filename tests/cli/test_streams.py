"""Closed and full streams, signals, and terminals: one sentence, and the right exit code."""

from __future__ import annotations

import os
import pty
import select
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

ROOT = Path(__file__).parents[2]
DOCTOR = f"{shlex.quote(sys.executable)} -m doctor"
DELETE = "#!/bin/bash\nrm -rf /tmp/torchinductor_*\n"
SERVERS = "#!/bin/bash\n" + "".join(f"vllm serve m --port 8{n:03} &\n" for n in range(60))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
CLOSED = "the output can't be written: the standard output is closed"
FULL = "No space left on device"

Command = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.sh").write_text(DELETE)


def shell(line: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["bash", "-c", line], env=ENVIRONMENT, capture_output=True, timeout=60, check=False
    )


# --- streams ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        "scan .",
        "scan --diff .",
        "scan --fix - < x.sh",
        "trace x.sh",
        "rules",
        "kb",
        "explain VD101",
        "node --timeout 5 --select VN4",
        "--version",
    ],
)
@pytest.mark.parametrize(("stream", "said"), [(">&-", CLOSED), (">/dev/full", FULL)])
def test_an_output_that_nobody_takes(arguments: str, stream: str, said: str) -> None:
    done = shell(f"{DOCTOR} {arguments} {stream}")
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert said in done.stderr.decode()
    assert b"fault of vllm-doctor" not in done.stderr


@pytest.mark.parametrize("arguments", ["--help", "scan --help", "init"])
def test_other_output_that_nobody_takes(arguments: str) -> None:
    done = shell(f"{DOCTOR} {arguments} >/dev/full")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert FULL in done.stderr.decode()


@pytest.mark.parametrize("stream", ["2>&-", "2>/dev/full", ">&- 2>&-", ">&- 2>&- <&-"])
@pytest.mark.parametrize("arguments", ["scan missing", "scan --wrong", "kb --config missing"])
def test_a_complaint_that_nobody_hears(arguments: str, stream: str) -> None:
    assert shell(f"{DOCTOR} {arguments} {stream}").returncode == 2


def test_nothing_goes_into_a_file_that_has_the_number_of_a_stream() -> None:
    Path("x.sh").write_text(DELETE + "vllm serve '\n")  # bash complains
    for number in range(20):
        Path(f"{number}.sh").write_text(DELETE)
    assert shell(f"{DOCTOR} scan --fix . >&- 2>&- <&-").returncode == 2
    for path in Path().glob("*.sh"):
        lines = path.read_text().split("\n")
        assert (lines[0], lines[-1]) == ("#!/bin/bash", "")
        assert len(lines) == (4 if path.name == "x.sh" else 3)


@pytest.mark.parametrize("arguments", ["scan -", "scan --fix -", "scan --diff -", "trace -"])
def test_an_input_that_is_closed(arguments: str) -> None:
    done = shell(f"{DOCTOR} {arguments} <&-")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"vllm-doctor: `-` can't be read: the standard input is closed\n"


@pytest.mark.parametrize("option", ["--fix", "--diff"])
def test_an_input_without_an_end(option: str) -> None:
    limited = "ulimit -v 1000000; yes 'vllm serve m' | "
    done = shell(f"{limited} {DOCTOR} scan {option} -")
    assert (done.returncode, done.stdout) == (2, b"")
    said = "<stdin>: it has more than 16 MiB; nothing is read or printed of it"
    assert done.stderr.decode() == f"vllm-doctor: {said}\n"


# --- signals ---------------------------------------------------------------------------------


def _heed_signals() -> None:
    """Undo what runs the tests: `nohup` ignores SIGHUP, a job in the background SIGINT."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _interrupted(arguments: str, number: int, after: float) -> tuple[int, bytes]:
    """The exit code and what is said, if the signal comes so many seconds after the start."""
    words = [*shlex.split(DOCTOR), *arguments.split()]
    with subprocess.Popen(
        words,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_heed_signals,
    ) as running:
        try:
            running.wait(after)
        except subprocess.TimeoutExpired:
            running.send_signal(number)
        _, said = running.communicate(timeout=60)
    return running.returncode, said


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
@pytest.mark.parametrize("arguments", ["scan -", "scan --fix -", "trace -"])
def test_a_signal_is_told_in_a_sentence(arguments: str, number: signal.Signals, code: int) -> None:
    said = f"vllm-doctor: ended by {number.name}\n"
    assert _interrupted(arguments, number, 2.0) == (code, said.encode())


def test_a_signal_that_is_ignored_stays_so() -> None:
    trap = "trap '' HUP; (sleep 2; echo 'rm -rf /tmp/torchinductor_*') |"
    done = shell(f"{trap} ({DOCTOR} scan - & sleep 1; kill -HUP $!; wait $!)")
    assert b"VD101" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_an_interrupted_scan(number: signal.Signals) -> None:
    """The streams are closed only once the last process that has them is gone."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("missing part: a second processor")
    for each in range(128):
        Path(f"{each}.sh").write_text(f"{SERVERS}# {each}\n")
    code, said = _interrupted("scan .", number, 2.5)
    expected = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
    assert code == expected[number]
    assert b"Traceback" not in said


# --- terminals -------------------------------------------------------------------------------

#: A title for the window, a colour, a C1 control character and one that turns the direction.
STEERING = "\x1b]0;owned\x07\x1b[31m\u009b2J\u202e"


def _raw(text: str) -> list[str]:
    """The characters in a text that would steer a terminal."""
    return [c for c in text if c in STEERING and not c.isprintable()]


def _on_terminal(*arguments: str, **environment: str) -> str:
    """What a terminal gets to see."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "doctor", *arguments],
        env={**ENVIRONMENT, "NO_COLOR": "1", **environment},
        stdin=subprocess.DEVNULL,
        stdout=child,
        stderr=child,
    )
    os.close(child)
    shown = b""
    while select.select([parent], [], [], 60)[0]:
        try:
            shown += os.read(parent, 1 << 16)
        except OSError:
            break
    process.wait()
    os.close(parent)
    return shown.decode()


@pytest.mark.parametrize("options", [("--diff",), ("--fix",), ()])
def test_neither_names_nor_texts_steer_a_terminal(options: tuple[str, ...]) -> None:
    name = f"{STEERING}.sh"
    Path(name).write_text(f"#!/bin/bash\n# {STEERING}\nrm -rf /tmp/torchinductor_*\n")
    shown = _on_terminal("scan", ".", *options)
    assert "torchinductor" in shown or "fixed VD101" in shown
    assert _raw(shown) == []


def test_a_patch_that_no_terminal_shows_is_exact(command: Command) -> None:
    Path("x.sh").write_text(f"#!/bin/bash\n# {STEERING}\nrm -rf /tmp/torchinductor_*\n")
    patch = subprocess.run(
        [sys.executable, "-m", "doctor", "scan", "--diff", "x.sh"],
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
    ).stdout
    assert STEERING.encode() in patch


@pytest.mark.parametrize(
    "arguments",
    [
        ("scan", f"no{STEERING}"),
        ("scan", f"--no{STEERING}"),
        ("scan", "x.sh", "--kb", f"no{STEERING}"),
        ("scan", "x.sh", "--rules", f"no{STEERING}"),
        ("scan", "x.sh", "--config", f"no{STEERING}"),
        ("scan", "x.sh", "--select", f"no{STEERING}"),
        ("scan", "--fix", f"{STEERING}.sh"),
        ("trace", f"no{STEERING}"),
        ("explain", f"no{STEERING}"),
        ("node", "--script", f"no{STEERING}", "--select", "VN6"),
        ("node", "--select", f"no{STEERING}"),
        ("kb", "--kb", f"{STEERING}.md"),
        ("kb", "check", "--kb", f"{STEERING}.md"),
        ("rules", "--rules", f"{STEERING}.yaml"),
        ("explain", "tool-parsers", "--kb", f"{STEERING}.md"),
    ],
    ids=" ".join,
)
def test_no_message_steers_a_terminal(command: Command, arguments: tuple[str, ...]) -> None:
    Path(f"{STEERING}.sh").write_text(DELETE)
    Path(f"{STEERING}.md").write_text(f"| Model | Tool parser |\n|---|---|\n| a{STEERING} | `x` |")
    Path(f"{STEERING}.yaml").write_text("code: VD101\nseverity: info\n")
    outcome = command(*arguments)
    assert outcome.out + outcome.err
    assert _raw(outcome.out + outcome.err) == []


def test_the_node_s_name_does_not_steer_a_terminal(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURMD_NODENAME", f"gpu{STEERING}")
    for options in ((), ("--quiet",)):
        outcome = command("node", "--select", "VN4", "--timeout", "60", *options)
        assert _raw(outcome.out + outcome.err) == []
