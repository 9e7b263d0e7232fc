"""A report shows the line of a secret, and never the secret."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

Command = Callable[..., Outcome]

TOKEN = "hf_" + "NqVwYSVPHbDXpPdkhxEpyIgKpaUnArlXyk"
EVERYWHERE = f"""\
#!/bin/bash
#SBATCH --gpus=1 --comment={TOKEN}
#SBATCH --output=$HOME/{TOKEN}/%j
export TORCHINDUCTOR_CACHE_DIR=/tmp/{TOKEN}/cache
rm -rf /tmp/{TOKEN}*
timeout 30 srun --jobid={TOKEN} nvidia-smi
vllm serve {TOKEN} --tool-call-parser {TOKEN} --api-key {TOKEN} > /tmp/{TOKEN}.log
"""


@pytest.mark.parametrize("options", [[], ["--show", "info"], ["--format", "json"]])
def test_no_report_prints_a_token(command: Command, options: list[str]) -> None:
    Path("serve.sh").write_text(
        f"export HF_TOKEN={TOKEN}\nrm -rf /tmp/a* # {TOKEN}\nvllm serve a/b\n"
    )
    out = command("scan", "serve.sh", *options).out
    assert "VD905" in out
    assert "VD101" in out
    assert TOKEN not in out


@pytest.mark.parametrize(
    "words",
    [
        ("scan", "--show", "info"),
        ("scan", "--format", "json"),
        ("trace",),
        ("trace", "--format", "json"),
    ],
)
def test_no_message_and_no_fact_prints_a_token(command: Command, words: tuple[str, ...]) -> None:
    Path("serve.sh").write_text(EVERYWHERE)
    outcome = command(*words, "serve.sh")
    assert "/tmp/" + "*" * len(TOKEN) in outcome.out
    assert TOKEN not in outcome.out + outcome.err
    if words == ("scan", "--format", "json"):
        contents = [e["content"] for d in outcome.found if d["fix"] for e in d["fix"]["edits"]]
        assert contents
        assert not any("***" in each for each in contents), "an edit is whole or not told"


@pytest.mark.parametrize("lines_between", [1, 2])
def test_a_patch_shows_no_token_beside_a_change(
    command: Command, tmp_path: Path, lines_between: int
) -> None:
    between = "echo\n" * lines_between
    text = f"export HF_TOKEN={TOKEN}\n{between}rm -rf /tmp/a*\n{between}: {TOKEN}\n"
    Path("serve.sh").write_text(text)
    outcome = command("scan", "serve.sh", "--diff", "--unsafe-fixes")
    assert "\n-rm -rf /tmp/a*\n" in outcome.out
    assert TOKEN not in outcome.out
    done = subprocess.run(["git", "apply"], input=outcome.out.encode(), cwd=tmp_path, check=False)
    assert done.returncode == 0
    assert Path("serve.sh").read_text() != text


BESIDE = f"export HF_TOKEN={TOKEN}\nrm -rf /tmp/a*\n"
IN_IT = f"echo\necho\nrm -rf /tmp/a* # {TOKEN}\necho\n"


@pytest.mark.parametrize("text", [BESIDE, IN_IT, f"{TOKEN}=1\n{IN_IT}\necho\n{BESIDE}"])
@pytest.mark.parametrize("program", [("git", "apply"), ("patch", "-p1", "--force")])
def test_a_patch_with_a_token_masks_it_and_cannot_be_applied(
    command: Command, tmp_path: Path, text: str, program: tuple[str, ...]
) -> None:
    Path("serve.sh").write_text(text)
    Path("other.sh").write_text("rm -rf /tmp/b*\n")
    outcome = command("scan", "serve.sh", "other.sh", "--diff", "--unsafe-fixes")
    assert "-rm -rf /tmp/a*" in outcome.out
    assert "*" * len(TOKEN) in outcome.out
    assert TOKEN not in outcome.out + outcome.err
    assert "serve.sh: a token stands beside what changes" in outcome.err
    if shutil.which(program[0]) is None:
        pytest.skip(f"missing part: {program[0]}")
    done = subprocess.run(program, input=outcome.out.encode(), cwd=tmp_path, check=False)
    assert done.returncode != 0
    assert Path("serve.sh").read_text() == text
    assert command("scan", "serve.sh", "--fix", "--unsafe-fixes").code is not None
    assert TOKEN in Path("serve.sh").read_text() != text


def test_what_is_said_of_fixes_has_no_token(command: Command) -> None:
    Path("serve.sh").write_text(EVERYWHERE)
    outcome = command("scan", "serve.sh", "--fix", "--unsafe-fixes", "--show", "info")
    assert "fixed VD" in outcome.err
    assert TOKEN not in outcome.out + outcome.err


def test_json_is_json_without_the_token(command: Command) -> None:
    Path("serve.sh").write_text(EVERYWHERE)
    assert json.loads(command("trace", "serve.sh", "--format", "json").out)
