"""`scan --add-ignores`: comments that ignore what is told, where a person would put them."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from doctor.config import Config
from doctor.diagnostic import Severity
from doctor.lessons.trial import Bench, as_user
from doctor.rulebook import load
from doctor.rulebook.examples import Example, examples
from doctor.scan.repair import Wish, repair
from tests.conftest import Outcome

Command = Callable[..., Outcome]

CASES = {
    "at the end of the line": (
        "rm -rf /tmp/vllm_*\n",
        "rm -rf /tmp/vllm_*  # vllm-doctor: ignore[VD101]\n",
    ),
    "behind another comment": (
        "rm -rf /tmp/vllm_*  # clean up\n",
        "rm -rf /tmp/vllm_*  # clean up  # vllm-doctor: ignore[VD101]\n",
    ),
    "in the brackets that are there": (
        "rm -rf /tmp/vllm_*  # vllm-doctor: ignore[VD102] mine alone\n",
        "rm -rf /tmp/vllm_*  # vllm-doctor: ignore[VD102, VD101] mine alone\n",
    ),
    "beside a directive": (
        "#SBATCH --ntasks=1 --output=$HOME/log\nvllm serve Qwen/Qwen3-8B\n",
        "#SBATCH --ntasks=1 --output=$HOME/log  # vllm-doctor: ignore[VD906]\n"
        "vllm serve Qwen/Qwen3-8B\n",
    ),
    "above a continued command": (
        "if true; then\n    rm -rf \\\n        /tmp/vllm_* \\\n        /tmp/x_*\nfi\n",
        "if true; then\n    # vllm-doctor: ignore[VD101]\n    rm -rf \\\n        /tmp/vllm_* \\\n"
        "        /tmp/x_*\nfi\n",
    ),
    "above a text of several lines": (
        "bash -c '\nrm -rf /tmp/vllm_*\n'\n",
        "# vllm-doctor: ignore[VD101]\nbash -c '\nrm -rf /tmp/vllm_*\n'\n",
    ),
    "above a here-document": (
        "cat > job.sh <<X\nrm -rf /tmp/vllm_*\nX\nbash job.sh\n",
        "# vllm-doctor: ignore[VD101]\ncat > job.sh <<X\nrm -rf /tmp/vllm_*\nX\nbash job.sh\n",
    ),
    "within an array": (
        "A=(\n  --tool-call-parser hermes\n  --enable-auto-tool-choice\n)\n"
        'vllm serve openai/gpt-oss-20b "${A[@]}"\n',
        "A=(\n  --tool-call-parser hermes  # vllm-doctor: ignore[VD701]\n"
        '  --enable-auto-tool-choice\n)\nvllm serve openai/gpt-oss-20b "${A[@]}"\n',
    ),
    "with the line ends of the script": (
        "rm -rf \\\r\n  /tmp/vllm_*\r\nbash -c '\r\nrm -rf /tmp/x_*\r\n'\r\n",
        "rm -rf \\\r\n  /tmp/vllm_*  # vllm-doctor: ignore[VD101]\r\n"
        "# vllm-doctor: ignore[VD101]\r\nbash -c '\r\nrm -rf /tmp/x_*\r\n'\r\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_where_the_comment_stands(command: Command, before: str, after: str) -> None:
    job = Path("job.sh")
    job.write_bytes(b"#!/bin/bash\n" + before.encode())
    done = command("scan", "--add-ignores", "--select=VD1,VD7,VD906,VD003", "job.sh")
    assert job.read_bytes().decode() == f"#!/bin/bash\n{after}"
    told = "by VD102" in done.out  # what the user has written in vain is the user's
    assert done.code == int(told)
    again = command("scan", "--add-ignores", "--select=VD1,VD7,VD906", "job.sh")
    assert job.read_bytes().decode() == f"#!/bin/bash\n{after}"
    assert again.err == "No comment was added.\n"


def test_what_it_says(command: Command) -> None:
    for name in ("a.sh", "b.sh"):
        Path(name).write_text("#!/bin/bash\nrm -rf /tmp/vllm_*\nrm -rf /tmp/x_*\n")
    done = command("scan", "--add-ignores")
    assert done.err == "Ignored 4 problems by comments in 2 scripts.\n"
    assert done.out == "No problem found in 2 scripts.\n"


def test_only_what_is_shown_is_ignored(command: Command) -> None:
    Path("a.sh").write_text("#!/bin/bash\n#SBATCH --gpus=1\nvllm serve Qwen/Qwen3-8B | cat\n")
    command("scan", "--add-ignores", "--ignore=VD201")
    assert "ignore" not in Path("a.sh").read_text()
    command("scan", "--add-ignores", "--ignore=VD201", "--show=info")
    assert "ignore[VD" in Path("a.sh").read_text()


def test_a_patch_of_it(command: Command) -> None:
    Path("a.sh").write_text("#!/bin/bash\nrm -rf /tmp/vllm_*\n")
    done = command("scan", "--add-ignores", "--diff")
    assert "+rm -rf /tmp/vllm_*  # vllm-doctor: ignore[VD101]" in done.out
    assert "ignore" not in Path("a.sh").read_text()


def test_the_standard_input(command: Command) -> None:
    done = command("scan", "--add-ignores", "-", stdin=b"#!/bin/bash\nrm -rf /tmp/vllm_*\n")
    assert done.out == "#!/bin/bash\nrm -rf /tmp/vllm_*  # vllm-doctor: ignore[VD101]\n"


def test_a_comment_in_vain_is_not_ignored_but_left_to_the_fixes(command: Command) -> None:
    job = Path("a.sh")
    job.write_text("#!/bin/bash\necho  # vllm-doctor: ignore[VD101]\n")
    done = command("scan", "--add-ignores")
    assert (done.code, job.read_text()) == (1, "#!/bin/bash\necho  # vllm-doctor: ignore[VD101]\n")
    assert "a.sh:2: VD003 was not ignored: --fix takes such a comment out." in done.err
    assert command("scan", "--fix").code == 0
    assert job.read_text() == "#!/bin/bash\necho\n"


def test_fixes_are_a_step_of_their_own(command: Command) -> None:
    done = command("scan", "--fix", "--add-ignores")
    assert done.code == 2
    assert "--fix and --add-ignores are two steps" in done.err


BENCH = Bench(Config())
#: One example in so many; there are many hundreds.
_STEP = 16
BAD = [
    pytest.param(example, id=f"{rule.code}:{example.line}")
    for rule in load().rules
    for example in examples(rule.path)
    if example.bad and isinstance(example.script, str)
][::_STEP]


@pytest.mark.parametrize("example", BAD)
def test_what_is_told_of_the_examples_of_rules_can_be_ignored(example: Example) -> None:
    with as_user(example, BENCH) as examiner:
        wish = Wish(ignore=True, write=False, least=Severity.INFO)
        given = BytesIO(example.text.encode())
        done = repair(["-"], examiner.config, wish, given, example.filename, like=examiner)
    left = [
        each.code for each in done.result.diagnostics if each.location.filename == example.filename
    ]
    assert left == [each.diagnostic.code for each in done.refused]
    assert len(left) < 2
