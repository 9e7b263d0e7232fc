"""`vllm-doctor scan` as people and hooks call it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor import sources
from tests.conftest import Outcome

Command = Callable[..., Outcome]

DELETE = "#!/bin/bash\nrm -rf /tmp/torchinductor_*\n"
JOB = "#!/bin/bash\n#SBATCH --gpus=8\nnvidia-smi\nsrun vllm serve openai/gpt-oss-120b -tp 8\n"
CLEAN = "#!/bin/bash\necho hello\n"
UNPARSED = "#!/bin/bash\nvllm serve x\nif then fi\n"


def write(name: str, text: str | bytes) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(text.encode() if isinstance(text, str) else text)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "COLUMNS", "TERM"):
        monkeypatch.delenv(name, raising=False)


def process(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "doctor", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        **options,  # type: ignore[call-overload]
    )


# --- exit codes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "arguments", "code"),
    [
        (CLEAN, [], 0),
        (DELETE, [], 1),
        (DELETE, ["--fail-on", "error"], 1),
        (DELETE, ["--fail-on", "never"], 0),
        (DELETE, ["--ignore", "VD1"], 0),
        (JOB, [], 1),
        (JOB, ["--fail-on", "error"], 0),
        (UNPARSED, [], 0),
        (UNPARSED, ["--fail-on", "info"], 1),
        (CLEAN, ["no-such-file.sh"], 2),
        (DELETE, ["no-such-file.sh", "--fail-on", "never"], 2),
        (DELETE, ["--selct", "VD1"], 2),
        (DELETE, ["--format", "xml"], 2),
        (DELETE, ["--select", "VD999"], 2),
        (DELETE, ["--config", "missing.toml"], 2),
        (DELETE, ["--vllm-version", "new"], 2),
        (DELETE, ["--kb", "missing.md"], 2),
        (DELETE, ["--rules", "missing"], 2),
    ],
)
def test_exit_codes(command: Command, text: str, arguments: list[str], code: int) -> None:
    write("x.sh", text)
    outcome = command("scan", "x.sh", *arguments)
    assert outcome.code == code, outcome
    assert bool(outcome.err) == (code == 2)
    assert "Traceback" not in outcome.err


def test_a_missing_path_does_not_stop_the_rest(command: Command) -> None:
    write("x.sh", DELETE)
    outcome = command("scan", "no.sh", "x.sh", "no/where", "--format", "json")
    assert outcome.codes == ["VD101"]
    assert outcome.err.splitlines() == [
        "vllm-doctor: no.sh: there is no such file or folder",
        "vllm-doctor: no/where: there is no such file or folder",
    ]


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_tells_what_the_tables_know(command: Command, option: str) -> None:
    pattern = r"vllm-doctor \d+\.\d+\.\d+ \(tables of vLLM up to \d[\d.]+ of \d{4}-\d\d-\d\d\)\n"
    assert re.fullmatch(pattern, command(option).out)


def test_a_bare_call_helps(command: Command) -> None:
    outcome = command()
    assert outcome.code == 0
    assert "Usage: vllm-doctor" in outcome.out
    assert "scan" in outcome.out
    assert "init" in outcome.out
    assert command("--help").out == command("-h").out == outcome.out
    assert command("scan", "--help").code == 0


def test_an_interrupt(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sources, "discover", interrupt)
    outcome = command("scan")
    assert (outcome.code, outcome.out) == (130, "")
    assert "Traceback" not in outcome.err


def test_an_interrupt_while_it_waits_for_input() -> None:
    with process("scan", "-", stdin=subprocess.PIPE) as running:
        time.sleep(1)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=20)
    assert running.returncode == 130
    assert (out, b"Traceback" in err) == (b"", False)


def test_a_reader_that_has_had_enough() -> None:
    for number in range(400):
        write(f"{number}.sh", DELETE)
    with process("scan", ".") as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.wait(timeout=60) == 1
        assert running.stderr is not None
        assert running.stderr.read() == b""


def test_output_that_cannot_be_written() -> None:
    write("x.sh", DELETE)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "doctor", "scan"], stdout=full, stderr=subprocess.PIPE
        )
    message = b"vllm-doctor: the output can't be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, message)


def test_no_standard_input_is_needed() -> None:
    write("x.sh", CLEAN)
    shell = f"'{sys.executable}' -m doctor scan x.sh <&-"
    assert subprocess.run(shell, shell=True, capture_output=True).returncode == 0
    done = subprocess.run(shell.replace("x.sh", "-"), shell=True, capture_output=True)
    assert (done.returncode, b"Traceback" in done.stderr) == (2, False)


# --- what is shown ---------------------------------------------------------------------------


def test_text_and_json_of_one_file(command: Command) -> None:
    write("x.sh", DELETE)
    shown = command("scan", "x.sh").out.splitlines()
    assert shown[:4] == [
        "x.sh:2:8: error[VD101]: `/tmp/torchinductor_*` also means other users' files.",
        "  |",
        "2 | rm -rf /tmp/torchinductor_*",
        "  |        ^^^^^^^^^^^^^^^^^^^^",
    ]
    assert shown[-3:-1] == ["Found 1 error in 1 script.", "1 can be fixed (--fix)."]
    (found,) = command("scan", "x.sh", "--output-format=json").found
    assert found["location"] == {"row": 2, "column": 8}
    assert found["end_location"] == {"row": 2, "column": 28}


def test_infos_are_counted_unless_asked_for(command: Command) -> None:
    write("x.sh", UNPARSED)
    assert command("scan").out == (
        "No problem found in 1 script.\n1 info is not shown (--show info).\n"
    )
    assert "x.sh:3:1: info[VD002]" in command("scan", "--show", "info").out
    assert command("scan", "--format", "json", "--show", "error").codes == ["VD002"]


def test_no_colour_where_there_is_no_terminal(command: Command) -> None:
    write("x.sh", DELETE)
    assert "\x1b" not in command("scan").out


def test_colour_on_a_terminal_unless_it_is_not_wanted() -> None:
    import pty

    write("x.sh", DELETE)
    for environment, coloured in (
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ):
        parent, child = pty.openpty()
        subprocess.run(
            [sys.executable, "-m", "doctor", "scan"],
            stdout=child,
            env={**os.environ, "TERM": "xterm", **environment},
            check=False,
        )
        os.close(child)
        shown = os.read(parent, 1 << 16)
        os.close(parent)
        assert (b"\x1b[1;31merror[VD101]" in shown) is coloured


def test_any_terminal_encoding() -> None:
    write("é.sh", DELETE.replace("rm", ": 模型; rm"))
    for encoding in ("ascii", "latin-1", "utf-8"):
        environment = {**os.environ, "PYTHONIOENCODING": encoding}
        with process("scan", env=environment) as running:
            out, err = running.communicate(timeout=60)
        assert (running.returncode, err) == (1, b"")
        assert b"VD101" in out


# --- which rules -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        ([], ["VD201", "VD101"]),
        (["--select", "VD1"], ["VD101"]),
        (["--select", "VD101,VD201"], ["VD201", "VD101"]),
        (["--select", "VD1", "--select", "bad-node-not-excluded"], ["VD201", "VD101"]),
        (["--select", "VD", "--ignore", "VD2, VD711"], ["VD101"]),
        (["--ignore", "shared-tmp-wildcard-delete"], ["VD201"]),
    ],
)
def test_selection(command: Command, arguments: list[str], codes: list[str]) -> None:
    write("x.sbatch", JOB + "rm -rf /tmp/torchinductor_*\n")
    assert command("scan", "--format", "json", *arguments).codes == codes


def test_the_configuration_chooses_rules_and_severities(command: Command) -> None:
    write("old/x.sbatch", JOB + "rm -rf /tmp/torchinductor_*\n")
    write("x.sbatch", JOB + "rm -rf /tmp/torchinductor_*\n")
    write(
        ".vllm-doctor.toml",
        'severity = {VD201 = "off", VD1 = "info"}\nper-file-ignores = {"old/" = ["VD101"]}',
    )
    found = command("scan", "--format", "json").found
    assert [(d["filename"], d["code"], d["severity"]) for d in found] == [
        ("x.sbatch", "VD101", "info")
    ]
    assert len(command("scan", "--format", "json", "--no-config").found) == 4
    write("other.toml", 'ignore = ["VD1"]')
    outcome = command("scan", "--format", "json", "--config", "other.toml")
    assert outcome.codes == ["VD201", "VD201"]
    outcome = command("scan", "--format", "json", "--config", "other.toml", "--ignore", "VD2")
    assert outcome.codes == []


def test_a_wrong_configuration_is_one_sentence(command: Command) -> None:
    write("x.sh", CLEAN)
    write("pyproject.toml", '[tool.vllm-doctor]\nignore = ["VD1"]\nselekt = []\n')
    outcome = command("scan", "x.sh")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.endswith("pyproject.toml:3: unknown key 'selekt'; did you mean 'select'?\n")
    write("pyproject.toml", '[tool.vllm-doctor]\n\nignore = ["unparsed"]\n')
    outcome = command("scan", "x.sh")
    assert outcome.err.endswith(
        "pyproject.toml:3: no rule is called 'unparsed'; did you mean 'unparsed-statement'?\n"
    )


def test_site_settings_reach_the_rules(command: Command) -> None:
    write("x.sbatch", JOB)
    write(".vllm-doctor.toml", 'bad-nodes = ["gpu[07-08]"]')
    (found,) = command("scan", "--format", "json").found
    assert (found["code"], found["severity"]) == ("VD201", "error")
    assert "gpu07" in found["message"]
    write(".vllm-doctor.toml", "bad-nodes = []")
    assert command("scan").code == 0
    write("y.sh", "rm -rf /scratch/all/vllm_*\n")
    assert command("scan").code == 0
    write(".vllm-doctor.toml", 'bad-nodes = []\nshared-folders = ["/scratch/all"]')
    assert command("scan", "--format", "json").codes == ["VD101"]


# --- suppressions ----------------------------------------------------------------------------


def test_suppressions_and_useless_ones(command: Command) -> None:
    write("x.sh", DELETE.replace("_*", "_*  # vllm-doctor: ignore[VD101] mine alone"))
    assert command("scan").code == 0
    write("x.sh", DELETE.replace("_*", "_*  # vllm-doctor: ignore[VD201]"))
    assert command("scan", "--format", "json").codes == ["VD101", "VD003"]
    write("x.sh", "# vllm-doctor: ignore[VD2]\necho\n# vllm-doctor: ignore-file[VD003]\n")
    assert command("scan", "--format", "json").codes == []


def test_a_suppression_is_not_useless_because_its_rule_was_not_asked_for(command: Command) -> None:
    write("x.sh", DELETE.replace("_*", "_*  # vllm-doctor: ignore[VD101]"))
    for arguments in (["--select", "VD0,VD2"], ["--ignore", "VD1"]):
        assert command("scan", "--format", "json", *arguments).codes == []


# --- input -----------------------------------------------------------------------------------


def test_standard_input(command: Command) -> None:
    outcome = command("scan", "-", "--format", "json", stdin=DELETE.encode())
    assert [d["filename"] for d in outcome.found] == ["<stdin>"]
    arguments = ("scan", "-", "--stdin-filename", "jobs/x.sbatch", "--format", "json")
    outcome = command(*arguments, stdin=DELETE.encode())
    assert [d["filename"] for d in outcome.found] == ["jobs/x.sbatch"]
    assert command("scan", "-", stdin=b"").code == 0
    assert command("scan", "-", "--format", "json", stdin=b"\0").codes == ["VD001"]
    write(".vllm-doctor.toml", 'exclude = ["jobs/"]')
    assert command(*arguments, "--force-exclude", stdin=DELETE.encode()).found == []


def test_hostile_files_get_one_line_each_and_the_scan_goes_on(command: Command) -> None:
    write("binary.sh", b"#!/bin/bash\n\0\1\2vllm")
    write("latin.sh", b"# \xe9\n" + DELETE.encode())
    write("crlf.sh", DELETE.replace("\n", "\r\n"))
    write("quote.sh", "vllm serve 'x\n")
    write("line.sh", "echo vllm " + "x" * 10_000_000)
    write("deep.sh", "vllm " + "$(" * 20_000)
    os.symlink("loop.sh", "loop.sh")
    os.symlink("gone", "gone.sh")
    os.mkfifo("pipe.sh")
    write("good.sh", DELETE)
    found = command("scan", "--format", "json").found
    codes = {d["filename"]: d["code"] for d in found}
    assert len(codes) == len(found)
    assert codes.pop("deep.sh") in ("VD001", "VD002")
    assert codes == {
        "binary.sh": "VD001",
        "crlf.sh": "VD101",
        "gone.sh": "VD001",
        "good.sh": "VD101",
        "latin.sh": "VD101",
        "line.sh": "VD005",
        "loop.sh": "VD001",
        "pipe.sh": "VD001",
        "quote.sh": "VD002",
    }
    shown = command("scan", "--show", "info")
    assert shown.code == 1
    assert shown.err == ""
    assert max(map(len, shown.out.splitlines())) < 300


def test_the_same_file_is_told_once_in_order(command: Command) -> None:
    write("b.sh", DELETE + DELETE)
    write("a/c.sh", DELETE)
    found = command("scan", "b.sh", ".", "b.sh", "--format", "json").found
    assert [(d["filename"], d["location"]["row"]) for d in found] == [
        ("a/c.sh", 2),
        ("b.sh", 2),
        ("b.sh", 4),
    ]


def test_what_several_scripts_lead_to_is_told_once_and_can_be_mended(command: Command) -> None:
    write("lib/common.sh", "rm -rf /tmp/vllm*\nexport VLLM_CACHE_ROOT=$HOME/cache/vllm\n")
    for name in ("a", "b", "c"):
        servers = "vllm serve Qwen/Qwen3-8B --port 1 &\nvllm serve Qwen/Qwen3-8B --port 2 &\nwait\n"
        write(f"{name}.sh", f"#!/bin/bash\n#SBATCH --gpus=2\nsource lib/common.sh\n{servers}")
    found = command("scan", ".", "--select", "VD101,VD301", "--format", "json").found
    assert [(d["filename"], d["code"]) for d in found] == [
        ("lib/common.sh", "VD101"),
        ("lib/common.sh", "VD301"),
    ]
    assert found[0]["fix"] is not None
    assert sorted({place["filename"] for place in found[1]["related"]}) == ["a.sh", "b.sh", "c.sh"]


# --- start-up --------------------------------------------------------------------------------


def test_an_irrelevant_file_costs_no_heavy_import() -> None:
    write("x.sh", CLEAN)
    with process("scan", "x.sh", env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"}) as running:
        out, err = running.communicate(timeout=60)
    assert out == b"No problem found in 1 script.\n"
    imported = {line.rpartition("|")[2].strip() for line in err.decode().splitlines()}
    assert "click" in imported
    assert not imported & {"bashlex", "yaml", "rich", "markdown_it", "ClusterShell", "packaging"}
    assert not {name for name in imported if name.startswith(("doctor.trace", "doctor.shell"))}
    others = {"sarif", "junit", "gitlab", "github", "jsonl", "concise", "json", "statistics"}
    assert not imported & {f"doctor.report.{name}" for name in others}
    assert not imported & {"doctor.sources.gitignore", "doctor.sources.changed", "subprocess"}


def test_what_an_included_or_started_script_does_matters(command: Command) -> None:
    write("lib/common.sh", 'rm -rf "$CACHE"/*\n')
    write("deep/more", "rm -rf $CACHE/*")
    for line in (
        "source lib/common.sh",
        "bash lib/common.sh",
        "./lib/common.sh &",
        "source deep/more",
    ):
        write("main.sh", f"export CACHE=/dev/shm\n{line}\n")
        found = command("scan", "main.sh", "--format", "json").found
        assert [(d["code"], d["filename"]) for d in found] == [("VD101", "main.sh")], line


def test_what_a_script_names_is_looked_for_in_the_folders_above_its_own(command: Command) -> None:
    Path("jobs/serve/qwen").mkdir(parents=True)
    Path("jobs/lib.sh").write_text("MODEL=openai/gpt-oss-20b\n")
    script = Path("jobs/serve/qwen/serve.sh")
    script.write_text(
        "source lib.sh\n"
        'vllm serve "$MODEL" --enable-auto-tool-choice --tool-call-parser hermes --port 8001\n'
    )
    assert "VD701" in command("scan", str(script), "--format", "json").codes
    assert "VD701" in command("scan", "jobs/serve/qwen", "--format", "json").codes


def test_a_folder_that_a_script_nearby_makes_may_be_there_in_time(command: Command) -> None:
    job = "#!/bin/bash\n#SBATCH --gpus=1\n#SBATCH --output=logs/%j.out\nmkdir -p logs\n"
    write("jobs/serve.sbatch", job + "vllm serve Qwen/Qwen3-8B\n")
    write("jobs/other.sbatch", job + "vllm serve Qwen/Qwen3-14B\n")
    call = ("scan", "jobs/serve.sbatch", "--select", "VD804", "--format", "json")
    assert len(command(*call).found) == 1  # another job makes it too late, too
    for name in ("submit.sh", "jobs/setup.sh", "jobs/Makefile"):
        write(name, "# mkdir logs\nmkdir -p other_logs\nsbatch jobs/serve.sbatch\n")
        assert len(command(*call).found) == 1
        write(name, 'mkdir -p "$PROJECT/logs"\nsbatch jobs/serve.sbatch\n')
        assert command(*call).found == []
        write(name, "sbatch jobs/serve.sbatch\n")


def test_a_script_nearby_with_work_of_its_own_need_not_run_first(command: Command) -> None:
    job = "#!/bin/bash\n#SBATCH --gpus=1\n#SBATCH --output=logs/%j.out\nmkdir -p logs\n"
    write("serve.sbatch", job + "vllm serve Qwen/Qwen3-8B\n")
    call = ("scan", "serve.sbatch", "--select", "VD804", "--format", "json")
    write("bench.sh", "mkdir -p logs\npython bench.py > logs/bench.log\n")
    assert len(command(*call).found) == 1
    write("setup_env.sh", "mkdir -p logs\npip install vllm\n")
    assert command(*call).found == []


def test_a_log_folder_that_is_there_is_not_missing(command: Command) -> None:
    header = "#!/bin/bash\n#SBATCH --gpus=1\n#SBATCH --output=logs/%j.out\n"
    write("jobs/serve.sbatch", header + "mkdir -p logs\nvllm serve Qwen/Qwen3-8B\n")
    call = ("scan", "jobs/serve.sbatch", "--select", "VD804", "--format", "json")
    assert len(command(*call).found) == 1
    write("jobs/logs/41.out", "an earlier job's\n")
    assert command(*call).found == []  # nor is the answer taken from before
    Path("jobs/logs/41.out").unlink()
    Path("jobs/logs").rmdir()
    assert len(command(*call).found) == 1
    write("logs/41.out", "the job was handed in from here\n")
    assert command(*call).found == []


def test_a_log_folder_that_the_readme_says_to_make_is_there_in_time(command: Command) -> None:
    header = "#!/bin/bash\n#SBATCH --gpus=1\n#SBATCH --output=logs/%j.out\n"
    write("jobs/serve.sbatch", header + "mkdir -p logs\nvllm serve Qwen/Qwen3-8B\n")
    call = ("scan", "jobs/serve.sbatch", "--select", "VD804", "--format", "json")
    for told, count in (("    mkdir -p old_logs\n", 1), ("    mkdir -p data logs\n", 0)):
        write("README.md", told + "    sbatch jobs/serve.sbatch\n")
        assert len(command(*call).found) == count, told


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("uv.lock", '[[package]]\nname = "vllm"\nversion = "0.11.0"\n', None),
        (
            "uv.lock",
            '[[package]]\nname = "vllm"\nversion = "0.19.1"\n',
            "line 2 mentions vLLM 0.19.1",
        ),
        ("README.md", "# Ours\n\nIt serves with vLLM.\n", None),
        ("README.md", "# Ours\n\nTested with vLLM 0.19.1.\n", "../README.md, line 3 mentions"),
        ("README.md", "It does not run with vLLM 0.19.1.\n", None),
        ("pyproject.toml", 'dependencies = ["vllm>=0.19"]\n', "vLLM 0.19 or later"),
        ("requirements.txt", "vllm==0.19.1+cu129\n", "mentions vLLM 0.19.1, "),
        ("requirements.txt", "vllm>=0.6.0\n", None),
        ("requirements.txt", "# vllm==0.20.0\n", None),
        ("run/other.sh", "pip install vllm==0.22.1\nvllm serve google/gemma-4-31B-it\n", None),
        ("run/setup.sh", "pip install vllm==0.22.1\n", "setup.sh, line 1 mentions vLLM 0.22.1"),
    ],
)
def test_a_project_says_on_what_release_it_runs(
    command: Command, file: str, text: str, said: str | None
) -> None:
    write("run/two.sh", "for i in 0 1; do vllm serve Qwen/Qwen3-8B --port 800$i & done\nwait\n")
    write(file, text)
    found = command("scan", "run/two.sh", "--select", "VD301", "--format", "json").found
    assert [each["severity"] for each in found] == ["warning" if said is None else "info"]
    assert (said or "name it with `vllm-version`") in found[0]["message"]


def test_what_a_script_says_itself_outranks_what_stands_near_it(command: Command) -> None:
    environment = "source ~/envs/vllm-0.11.2/bin/activate\n"
    servers = "for i in 0 1; do vllm serve Qwen/Qwen3-8B --port 800$i & done\nwait\n"
    write("run/two.sh", environment + servers)
    write("run/setup.sh", "pip install vllm==0.22.1\n")
    found = command("scan", "run/two.sh", "--select", "VD301", "--format", "json").found
    assert [each["severity"] for each in found] == ["warning"]


def test_the_readme_of_another_project_says_nothing(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("one/run/two.sh", "for i in 0 1; do vllm serve m --port 800$i & done\nwait\n")
    write("other/README.md", "Tested with vLLM 0.19.1.\n")
    monkeypatch.chdir("other")
    call = ("scan", str(Path("../one").absolute()), "--select", "VD301", "--format", "json")
    assert command(*call).codes == ["VD301"]
    assert command("scan", "../one", *call[2:]).codes == ["VD301"]


def test_the_script_nearby_that_sets_the_environment_up_says_on_what_release_a_project_runs(
    command: Command,
) -> None:
    servers = "".join(f"vllm serve Qwen/Qwen3-8B --port 800{i} &\n" for i in range(2)) + "wait\n"
    Path("serve.sh").write_text(servers)
    assert command("scan", "serve.sh", "--format", "json").codes == ["VD301"]
    for release in ("0.25.1", "0.5.4"):  # safe to share, and too old to compile
        Path("setup.sh").write_text(f'VLLM_PIN="{release}"\npip install "vllm==$VLLM_PIN"\n')
        (found,) = command("scan", "serve.sh", "--format", "json").found
        assert (found["code"], found["severity"]) == ("VD301", "info")
        assert f"setup.sh, line 1 mentions vLLM {release}" in found["message"]
    Path("setup.sh").write_text("pip install vllm==0.11.0\n")
    (found,) = command("scan", "serve.sh", "--format", "json").found
    assert (found["code"], found["severity"]) == ("VD301", "warning")


def test_what_two_scripts_lead_to_is_told_once(command: Command) -> None:
    write("serve.sh", "for i in 0 1; do vllm serve $1 --port 800$i & done\nwait\n")
    write("run.sh", "bash serve.sh Qwen/Qwen3-8B\n")
    call = ("scan", "run.sh", "serve.sh", "--select", "VD301", "--format", "json")
    assert len(command(*call).found) == 1


def test_a_function_of_an_included_script_that_nothing_calls_is_told_in_that_script_alone(
    command: Command,
) -> None:
    write("lib/common.sh", "# what all jobs use\nclean() {\n  rm -rf /tmp/vllm_*\n}\n")
    write("main.sh", "#!/bin/bash\nsource lib/common.sh\n")
    [found] = command("scan", "--format", "json").found
    assert (found["filename"], found["location"]["row"]) == ("lib/common.sh", 3)
    assert command("scan", "main.sh", "--format", "json").found == []


def test_what_stands_behind_backslashes_in_a_text_for_another_shell_has_its_own_place(
    command: Command,
) -> None:
    lines = [
        "#!/bin/bash",
        "#SBATCH --gpus=1",
        'srun bash -c "',
        '  echo \\"\\$HOME\\"; \\',
        "  vllm serve Qwen/Qwen3-8B --port 1 \\",
        '    --max-modell-len 8192"',
    ]
    write("job.sh", "\n".join(lines) + "\n")
    [found] = command("scan", "job.sh", "--select", "VD723", "--format", "json").found
    assert found["location"] == {"row": 6, "column": 5}
    assert found["end_location"] == {"row": 6, "column": 21}


def test_json_is_one_array_even_if_nothing_is_found(command: Command) -> None:
    assert json.loads(command("scan", "--format", "json").out) == []
    assert command("scan").out == "No script found.\n"
