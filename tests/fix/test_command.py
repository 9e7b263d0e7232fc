"""`scan --fix` and its options, as people use them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Outcome

from .conftest import Program

Command = Callable[..., Outcome]

FAULTY = "#!/bin/bash\nrm -rf /tmp/torchinductor_*\necho done\n"
FREE = "rm -rf /tmp/torchinductor_*"
CONFINED = (
    "find /tmp/ -mindepth 1 -maxdepth 1 -name 'torchinductor_*'"
    ' -user "$(id -u)" -exec rm -rf {} +'
)
REPAIRED = FAULTY.replace(FREE, CONFINED)
QUIET_JOB = """#!/bin/bash
#SBATCH --nodes=1 --nodelist=gpu01 --gpus=8
srun vllm serve openai/gpt-oss-120b
"""
JOB = QUIET_JOB.replace("srun", "mkdir -p /tmp/cache\nsrun")


def test_safe_fixes_are_made_and_told(command: Command) -> None:
    Path("job.sh").write_text(FAULTY)
    done = command("scan", "--fix", "job.sh")
    assert (done.code, Path("job.sh").read_text()) == (0, REPAIRED)
    assert "job.sh:2:8: fixed VD101: Delete only what belongs to you." in done.err
    assert "Fixed 1 problem." in done.err
    assert "No problem found" in done.out


def test_what_is_fixed_already_stays_the_same_file(command: Command) -> None:
    job = Path("job.sh")
    job.write_text(REPAIRED)
    before = job.stat()
    assert command("scan", "--fix", "job.sh").code == 0
    after = job.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_unsafe_fixes_are_made_only_when_asked_for(command: Command) -> None:
    job = Path("job.sbatch")
    job.write_text(JOB)
    done = command("scan", "--fix", "job.sbatch")
    assert (done.code, job.read_text()) == (1, JOB)
    assert "1 can be fixed (--fix --unsafe-fixes; look first with --diff)." in done.out
    done = command("scan", "--fix", "--unsafe-fixes", "job.sbatch")
    assert (done.code, done.out.startswith("No problem")) == (0, True)
    assert "mkdir -p /tmp/${USER}_cache" in job.read_text()


def test_what_is_not_shown_is_neither_counted_nor_fixed(command: Command) -> None:
    job = Path("job.sbatch")
    job.write_text(QUIET_JOB)
    assert "can be fixed" not in command("scan", "job.sbatch").out
    assert command("scan", "--fix", "--unsafe-fixes", "job.sbatch").code == 0
    assert job.read_text() == QUIET_JOB
    done = command("scan", "--show=info", "job.sbatch")
    assert "1 can be fixed (--fix --unsafe-fixes; look first with --diff)." in done.out
    assert command("scan", "--fix", "--unsafe-fixes", "--show=info", "job.sbatch").code == 0
    assert "vllm-doctor node" in job.read_text()


def test_a_flag_is_safely_removed_from_an_array_that_a_branch_appends_to(command: Command) -> None:
    text = """ARGS=(--swap-space 8 --use-v2-block-manager)
if [ -n "$LONG" ]; then ARGS+=(--enforce-eager); fi
vllm serve Qwen/Qwen3-8B "${ARGS[@]}"
"""
    Path("job.sh").write_text(text)
    command("scan", "--fix", "--vllm-version=0.33.0", "job.sh")
    assert Path("job.sh").read_text() == text.replace("--swap-space 8 --use-v2-block-manager", "")


def test_text_that_serves_other_models_is_not_changed(command: Command) -> None:
    job = Path("job.sh")
    text = """MODEL=${MODEL:-openai/gpt-oss-20b}
case "$MODEL" in
  *[Qq]wen*) PARSER=qwen3_xml ;;
  *) PARSER=hermes ;;
esac
vllm serve "$MODEL" --enable-auto-tool-choice --tool-call-parser "$PARSER"
"""
    job.write_text(text)
    done = command("scan", "--fix", "job.sh")
    assert (done.code, job.read_text()) == (1, text)
    assert "can be fixed" not in done.out
    assert command("scan", "--fix", "--unsafe-fixes", "job.sh").code == 1
    assert job.read_text() == text


def test_unsafe_fixes_alone_change_nothing(command: Command) -> None:
    Path("job.sh").write_text(FAULTY)
    assert command("scan", "--unsafe-fixes", "job.sh").code == 1
    assert Path("job.sh").read_text() == FAULTY


def test_remaining_problems_decide_the_exit_code(command: Command) -> None:
    Path("job.sh").write_text(FAULTY + "rsync -a --delete empty/ /tmp/\n")
    done = command("scan", "--fix", "job.sh")
    assert done.code == 1
    assert "job.sh:4" in done.out
    assert "job.sh:2" not in done.out


def test_the_exit_code_can_tell_that_something_was_fixed(command: Command) -> None:
    Path("job.sh").write_text(FAULTY)
    arguments = ("scan", "--fix", "--exit-non-zero-on-fix", "job.sh")
    assert [command(*arguments).code for _ in range(2)] == [1, 0]


def test_a_diff_changes_nothing(command: Command) -> None:
    Path("job.sh").write_text(FAULTY)
    done = command("scan", "--diff", "job.sh")
    assert done.code == 1
    assert done.out.startswith("--- a/job.sh\n+++ b/job.sh\n@@ -1,3 +1,3 @@\n")
    assert Path("job.sh").read_text() == FAULTY
    assert (command("scan", "--diff", "--fix", "job.sh").code, Path("job.sh").read_text()) == (
        1,
        FAULTY,
    )
    Path("job.sh").write_text(REPAIRED)
    done = command("scan", "--diff", "job.sh")
    assert (done.code, done.out) == (0, "")


# --- the patch -------------------------------------------------------------------------------

SCRIPTS = {
    "plain.sh": FAULTY.encode(),
    "two words.sh": FAULTY.encode(),
    "crlf.sh": FAULTY.replace("\n", "\r\n").encode(),
    "no-end.sh": FAULTY.encode() + b"rm -rf /tmp/torchinductor_*",
    "bom.sh": b"\xef\xbb\xbf" + FAULTY.encode(),
    "latin.sh": b"# caf\xe9\n" + FAULTY.encode(),
    "mixed.sh": b"#!/bin/bash\r\n# a form feed \x0c and \xe2\x80\xa8\n" + FAULTY.encode(),
    "sub folder/größer.sh": FAULTY.encode(),
    "job.sbatch": JOB.encode(),
}


@pytest.mark.skipif(shutil.which("git") is None, reason="missing part: git")
@pytest.mark.parametrize("place", [".", "below"])
def test_git_takes_the_patch_and_makes_of_it_what_fix_does(
    place: str, tmp_path: Path, program: Program
) -> None:
    for folder in (tmp_path / "patched" / place, tmp_path / "fixed" / place):
        for name, data in SCRIPTS.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (folder / "link.sh").symlink_to("plain.sh")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "patched", check=True)
    patched, fixed = tmp_path / "patched" / place, tmp_path / "fixed" / place
    named = [*[*SCRIPTS][1:], "link.sh"]

    patch = program("--diff", "--unsafe-fixes", *named, folder=patched).stdout
    assert {name: (patched / name).read_bytes() for name in SCRIPTS} == SCRIPTS
    applied = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"], input=patch, cwd=patched, check=False
    )
    assert applied.returncode == 0
    assert program("--fix", "--unsafe-fixes", *named, folder=fixed).returncode == 0
    for name, data in SCRIPTS.items():
        assert (patched / name).read_bytes() == (fixed / name).read_bytes() != data, name


# --- the standard input ----------------------------------------------------------------------


@pytest.mark.parametrize("data", [*SCRIPTS.values()][:-1])
def test_of_the_standard_input_the_fixed_text_is_printed(data: bytes, program: Program) -> None:
    done = program("--fix", "-", stdin=data)
    assert done.stdout == data.replace(FREE.encode(), CONFINED.encode()) != data
    assert b"<stdin>" in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"echo nothing to see\n", 0),
        (b"# caf\xe9, no problem in vllm\r\n", 0),
        (b"binary\0data", 1),
        (b"# vllm\n" * 200_000, 0),
        (b"", 0),
    ],
)
def test_what_is_not_fixed_comes_out_as_it_went_in(
    data: bytes, code: int, program: Program
) -> None:
    done = program("--fix", "-", stdin=data)
    assert (done.stdout == data, done.returncode) == (True, code)


def test_the_standard_input_may_be_excluded(tmp_path: Path, program: Program) -> None:
    (tmp_path / ".vllm-doctor.toml").write_text('exclude = ["vendor/"]\n')
    done = program(
        *"--force-exclude --fix - --stdin-filename vendor/x.sh".split(), stdin=FAULTY.encode()
    )
    assert done.stdout == FAULTY.encode()


# --- edits in JSON ---------------------------------------------------------------------------


def _offset(text: str, place: dict[str, int]) -> int:
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: place["row"] - 1]) + place["column"] - 1


def _applied(text: str, found: list[dict[str, Any]]) -> str:
    edits = [edit for each in found if each["fix"] for edit in each["fix"]["edits"]]
    for edit in sorted(edits, key=lambda e: _offset(text, e["location"]), reverse=True):
        start, end = _offset(text, edit["location"]), _offset(text, edit["end_location"])
        text = text[:start] + edit["content"] + text[end:]
    return text


def test_json_carries_the_edits(command: Command) -> None:
    text = (
        "# 中文 é\r\n"
        + JOB
        + (
            "rm -rf /tmp/torchinductor_*; echo 中 && rm -rf /dev/shm/vllm_*\n"
            "vllm serve openai/gpt-oss-20b --tool-call-parser hermes --enable-auto-tool-choice\n"
        )
    )
    job = Path("job.sbatch")
    job.write_bytes(text.encode())
    found = command("scan", "job.sbatch", "--format", "json").found
    fixes = [each["fix"] for each in found if each["fix"]]
    assert {fix["applicability"] for fix in fixes} == {"safe", "unsafe"}
    assert all(fix["message"] for fix in fixes)
    command("scan", "--fix", "--unsafe-fixes", "--show=info", "job.sbatch")
    assert _applied(text, found).encode() == job.read_bytes() != text.encode()


def test_json_can_be_had_of_what_remains(command: Command) -> None:
    Path("job.sh").write_text(FAULTY + "rsync -a --delete empty/ /tmp/\n")
    assert command("scan", "--fix", "job.sh", "--format", "json").codes == ["VD101"]


# --- each word of the tables that fixes go by ------------------------------------------------


@pytest.mark.parametrize(
    ("value", "written"),
    [(each, "") for each in ("true", "True", "1", "yes", "YES")]
    + [(each, "no-") for each in ("false", "False", "0", "no", "NO")],
)
def test_a_truth_that_a_flag_takes_no_more(command: Command, value: str, written: str) -> None:
    old = "vllm serve m --{}enable-prefix-caching{}\n"
    Path("serve.sh").write_text(old.format("", f" {value}"))
    command("scan", "--fix", "serve.sh")
    assert Path("serve.sh").read_text() == old.format(written, "")


@pytest.mark.parametrize(
    "option", ["--output=", "--error=", "--input=", "-o ", "-e ", "-i ", "-o", "-e", "-i"]
)
@pytest.mark.parametrize(
    ("variable", "pattern"),
    [
        ("$SLURM_JOB_ID", "%j"),
        ("${SLURM_JOBID}", "%j"),
        ("$SLURM_JOB_NAME", "%x"),
        ("$SLURM_ARRAY_JOB_ID", "%A"),
        ("${SLURM_ARRAY_TASK_ID}", "%a"),
        ("$SLURM_NODEID", "%n"),
        ("$SLURM_PROCID", "%t"),
        ("${USER}", "%u"),
    ],
)
def test_a_variable_in_the_name_of_a_job_s_file(
    command: Command, option: str, variable: str, pattern: str
) -> None:
    job = f"#!/bin/bash\n#SBATCH --gpus=1\n#SBATCH {option}logs/{{}}.txt\nvllm serve m\n"
    Path("job.sh").write_text(job.format(variable))
    command("scan", "--fix", "--select", "VD906", "job.sh")
    assert Path("job.sh").read_text() == job.format(pattern)


@pytest.mark.parametrize(
    ("before", "after", "safe"),
    [
        ("python prepare.py\n", "", True),
        ("", "python client.py\n", False),
        ("", "curl localhost:8000\n", True),
    ],
)
def test_a_variable_that_another_program_is_given(
    command: Command, before: str, after: str, safe: bool
) -> None:
    """Whether the fix takes it from that one, too."""
    Path(".vllm-doctor.toml").write_text('vllm-version = "0.12.0"\n')
    script = f"{before}export VLLM_USE_V1=1\nvllm serve m &\n{after}wait\n"
    Path("serve.sh").write_text(script)
    command("scan", "--fix", "--show", "info", "--select", "VD725", "serve.sh")
    assert (Path("serve.sh").read_text() != script) is safe


# --- what is not touched ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "rm -rf /tmp/torchinductor_*  # vllm-doctor: ignore[VD101] the node is ours alone",
        "# vllm-doctor: ignore-file\nrm -rf /tmp/torchinductor_*",
        "# rm -rf /tmp/torchinductor_*",
        "echo 'rm -rf /tmp/torchinductor_*'",
        "cat <<'EOF' > clean.sh\nrm -rf /tmp/torchinductor_*\nEOF",
        "ssh node 'rm -rf /tmp/torchinductor_*'",
        'srun bash -c "rm -rf \'/tmp/vllm_\'*; echo \\"$x\\""',
        "rm -rf {{ shared }}/torchinductor_*",
        "vllm serve {{ model }} --enable-auto-tool-choice --tool-call-parser {parser}",
        "vllm serve openai/gpt-oss-20b --enable-auto-tool-choice --tool-call-parser <PARSER>",
        "A='--enable-auto-tool-choice --tool-call-parser hermes'\n"
        "vllm serve openai/gpt-oss-20b $A &\nvllm serve Qwen/Qwen3-8B $A --port 80",
    ],
)
@pytest.mark.parametrize("unsafe", [True, False])
def test_text_that_is_left_alone(line: str, unsafe: bool, command: Command) -> None:
    Path("job.sh").write_text(f"#!/bin/bash\n{line}\n")
    command("scan", "--fix", "job.sh", *(["--unsafe-fixes"] if unsafe else []))
    assert Path("job.sh").read_text() == f"#!/bin/bash\n{line}\n"


def test_what_suits_another_model_is_no_safe_change(command: Command) -> None:
    line = 'vllm serve "${MODEL:-openai/gpt-oss-20b}" --tool-call-parser hermes'
    text = f"{line} --enable-auto-tool-choice\n"
    Path("serve.sh").write_text(text)
    command("scan", "--fix", "serve.sh")
    assert Path("serve.sh").read_text() == text
    command("scan", "--fix", "--unsafe-fixes", "serve.sh")
    assert Path("serve.sh").read_text() == text.replace("hermes", "openai")


def test_what_another_program_is_given_too_is_not_changed(command: Command) -> None:
    Path(".vllm-doctor.toml").write_text('vllm-version = "0.33.0"\n')
    start = 'ARGS=(--swap-space 4 --port 8001)\n{}vllm serve m "${{ARGS[@]}}"\n'
    shared = start.format('python bench.py "${ARGS[@]}"\n')
    Path("serve.sh").write_text(shared)
    done = command("scan", "--fix", "--unsafe-fixes", "--select", "VD721", "serve.sh")
    assert "`python bench.py --swap-space 4 --port 8001` would change" in done.err
    assert Path("serve.sh").read_text() == shared
    Path("serve.sh").write_text(start.format("python bench.py\n"))
    command("scan", "--fix", "--unsafe-fixes", "--select", "VD721", "serve.sh")
    assert "swap-space" not in Path("serve.sh").read_text()


def test_ignored_rules_fix_nothing(command: Command) -> None:
    Path("job.sh").write_text(FAULTY)
    assert command("scan", "--fix", "--ignore", "VD101", "job.sh").code == 0
    Path(".vllm-doctor.toml").write_text('[severity]\nVD101 = "off"\n')
    assert command("scan", "--fix", "job.sh").code == 0
    assert Path("job.sh").read_text() == FAULTY


def test_a_file_that_is_no_part_of_the_scan_is_not_touched(command: Command) -> None:
    common = "PARSER=hermes\n"
    serve = "source common.sh\nvllm serve openai/gpt-oss-20b --tool-call-parser $PARSER\n"
    Path("common.sh").write_text(common)
    Path("serve.sh").write_text(serve)
    done = command("scan", "--fix", "--unsafe-fixes", "--select", "VD701", "serve.sh")
    assert done.code == 1
    assert (Path("common.sh").read_text(), Path("serve.sh").read_text()) == (common, serve)


def test_each_file_of_a_folder_is_fixed_for_itself(command: Command) -> None:
    for name in ("a.sh", "b/c.sh", "d.txt"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(FAULTY if name != "d.txt" else FAULTY.removeprefix("#!/bin/bash\n"))
    done = command("scan", "--fix", ".")
    assert "Fixed 2 problems." in done.err
    assert Path("a.sh").read_text() == Path("b/c.sh").read_text() == REPAIRED
    assert "torchinductor_*" in Path("d.txt").read_text()
