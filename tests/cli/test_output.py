"""How a scan's report is written, and where: the options about its output."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doctor.cli import progress
from tests.conftest import Outcome

Command = Callable[..., Outcome]

DELETE = "#!/bin/bash\n#SBATCH --ntasks=1\nrm -rf /tmp/vllm_*\n"


@pytest.fixture(autouse=True)
def _scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    Path("x.sh").write_text(DELETE)


class TestFile:
    def test_it_holds_what_would_be_printed(self, command: Command) -> None:
        printed = command("scan", "--output-format", "json")
        outcome = command("scan", "--output-format", "json", "--output-file", "found.json")
        assert (outcome.code, outcome.out, outcome.err) == (1, "", "")
        assert Path("found.json").read_text() == printed.out
        assert sorted(os.listdir()) == ["found.json", "x.sh"]

    def test_one_that_can_not_be_written(self, command: Command) -> None:
        outcome = command("scan", "-o", "none/found")
        assert (outcome.code, outcome.out) == (2, "")
        assert (
            outcome.err == "vllm-doctor: none/found: can't be written: No such file or directory\n"
        )

    def test_a_link_stays_one(self, command: Command) -> None:
        Path("kept").mkdir()
        Path("found").symlink_to("kept/found")
        command("scan", "-o", "found")
        assert Path("found").is_symlink()
        assert "VD101" in Path("kept/found").read_text()

    def test_a_pipe_is_written_to_and_not_replaced(self, command: Command) -> None:
        os.mkfifo("pipe")
        with subprocess.Popen(["cat", "pipe"], stdout=subprocess.PIPE, text=True) as reader:
            command("scan", "-o", "pipe")
            assert "VD101" in reader.communicate(timeout=20)[0]
        assert stat.S_ISFIFO(os.stat("pipe").st_mode)

    def test_a_patch(self, command: Command) -> None:
        printed = command("scan", "--diff").out
        assert command("scan", "--diff", "-o", "fixes.patch").out == ""
        assert Path("fixes.patch").read_text() == printed
        assert printed.startswith("--- a/x.sh")

    def test_the_report_on_what_is_fixed_on_the_standard_input(self, command: Command) -> None:
        outcome = command("scan", "--fix", "-", "-o", "found", stdin=DELETE.encode())
        assert outcome.out.startswith("#!/bin/bash")
        assert Path("found").read_text() == "No problem found in 1 script.\n"

    def test_a_log_has_one_too(self, command: Command) -> None:
        Path("server.log").write_text("INFO all is well\n")
        outcome = command("log", "server.log", "--output-file", "found")
        assert (outcome.code, outcome.out) == (0, "")
        assert Path("found").read_text() == "No problem found in 1 log.\n"


class TestStatistics:
    def test_as_text(self, command: Command) -> None:
        Path("y.sh").write_text(DELETE * 2)
        outcome = command("scan", "--statistics")
        assert outcome.out.splitlines()[0] == "3  VD101  error    [*] shared-tmp-wildcard-delete"
        assert outcome.code == 1

    def test_as_json(self, command: Command) -> None:
        (row,) = json.loads(command("scan", "--statistics", "--format", "json").out)
        assert row == {
            "code": "VD101", "name": "shared-tmp-wildcard-delete", "severity": "error",
            "count": 1, "fixable": 1, "safely_fixable": 1,
        }  # fmt: skip

    def test_as_nothing_else(self, command: Command) -> None:
        outcome = command("scan", "--statistics", "--format", "sarif")
        assert (outcome.code, outcome.out) == (2, "")
        assert "--statistics are text or json, not sarif" in outcome.err

    def test_of_nothing(self, command: Command) -> None:
        assert command("scan", "--select=VD9", "--statistics").out == ""


class TestQuiet:
    def test_no_summary(self, command: Command) -> None:
        outcome = command("scan", "-q")
        assert "VD101" in outcome.out
        assert "Found" not in outcome.out

    def test_nothing_is_said_where_nothing_is_found(self, command: Command) -> None:
        outcome = command("scan", "--quiet", "--select", "VD9")
        assert (outcome.code, outcome.out, outcome.err) == (0, "", "")

    def test_nothing_is_said_of_what_was_fixed(self, command: Command) -> None:
        outcome = command("scan", "--fix", "-q")
        assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


def test_exit_zero_whatever_is_found_but_not_where_the_job_is_not_done(command: Command) -> None:
    assert command("scan", "--exit-zero").code == 0
    assert command("scan", "--exit-zero", "--diff").code == 0
    assert command("scan", "--exit-zero", "x.sh", "none.sh").code == 2
    assert command("scan", "--exit-zero", "--fix", "--exit-non-zero-on-fix").code == 0


class TestColour:
    @pytest.mark.parametrize(
        ("environment", "arguments", "coloured"),
        [
            ({}, [], False),
            ({}, ["--color", "always"], True),
            ({"NO_COLOR": "1"}, ["--color=always"], True),
            ({"FORCE_COLOR": "1"}, [], True),
            ({"FORCE_COLOR": "0"}, [], False),
            ({"CLICOLOR_FORCE": "1"}, [], True),
            ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, [], False),
            ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
            ({"FORCE_COLOR": "1"}, ["-o", "found"], False),
            ({}, ["-o", "found", "--color", "always"], True),
        ],
    )
    @pytest.mark.parametrize("format_name", ["text", "concise"])
    def test_who_decides(
        self,
        environment: dict[str, str],
        arguments: list[str],
        coloured: bool,
        format_name: str,
        command: Command,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        shown = command("scan", "--format", format_name, *arguments).out
        if "-o" in arguments:
            shown = Path("found").read_text()
        assert ("\x1b[1;31merror[VD101]" in shown) is coloured

    def test_before_the_command_too(self, command: Command) -> None:
        assert "\x1b[1;31m" in command("--color", "always", "scan").out


def test_without_a_cache_nothing_is_read_or_kept(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = command("scan", "--no-cache").out
    assert not list(tmp_path.glob("cache/vllm-doctor/results-*"))
    assert command("scan").out == found
    assert len(list(tmp_path.glob("cache/vllm-doctor/results-*"))) == 1


@pytest.mark.parametrize("jobs", ["1", "2", "3"])
def test_so_many_processes_share_the_scripts(
    jobs: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("many").mkdir()
    for number in range(100):
        Path(f"many/{number:03}.sh").write_text(DELETE)
    started: list[int] = []
    fork = os.fork

    def counted() -> int:
        child = fork()
        started.append(child)
        return child

    monkeypatch.setattr(os, "fork", counted)
    outcome = command("scan", "many", "--no-cache", "--statistics", "--jobs", jobs)
    assert outcome.out.startswith("100  VD101")
    assert len([child for child in started if child]) == (0 if jobs == "1" else int(jobs))


class TestProgress:
    def things(self) -> Iterator[int]:
        for number in range(4):
            time.sleep(0.01)
            yield number

    def test_a_terminal_shows_it_and_then_forgets_it(self) -> None:
        program = (
            "import sys; from doctor.cli import progress; progress._PATIENCE = 0\n"
            "print(list(progress.watched(iter(range(3)), 3)), 'rich' in sys.modules)"
        )
        parent, child = pty.openpty()
        done = subprocess.run(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE, stderr=child, text=True, check=True,
            env={**os.environ, "TERM": "xterm"},
        )  # fmt: skip
        os.close(child)
        shown = os.read(parent, 1 << 16)
        os.close(parent)
        assert done.stdout == "[0, 1, 2] True\n"
        assert b"Examining scripts" in shown
        assert shown.endswith((b"\x1b[2K", b"\x1b[2K\r")) or b"\x1b[2K" in shown

    def test_nobody_is_told_where_nobody_looks(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(progress, "_PATIENCE", 0)
        assert list(progress.watched(self.things(), 4)) == [0, 1, 2, 3]
        assert capsys.readouterr().err == ""
