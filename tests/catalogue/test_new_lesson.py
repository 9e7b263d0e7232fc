"""`vllm-doctor new-lesson`."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

Command = Callable[..., Outcome]

ANSWERS = {
    "title": "Images: absolute paths only",
    "fact": "allocation",
    "when": '{container-image: {like: "*", not: {like: "/*"}}}',
    "message": 'The image "{container-image}" is not an absolute path.',
    "bad": "#SBATCH -N 1\n#SBATCH --container-image=vllm.sqsh",
    "good": "#SBATCH --container-image=/images/vllm.sqsh\n",
}


def words(**changes: str) -> list[str]:
    answers = {**ANSWERS, **changes}
    return [word for name, value in answers.items() for word in (f"--{name}", value)]


def test_it_passes_the_check_and_works(command: Command) -> None:
    outcome = command("new-lesson", *words())
    assert (outcome.code, outcome.err) == (0, "")
    assert "; its examples hold.\nPut both in force in .vllm-doctor.toml:\n" in outcome.out
    assert '  kb = ["lint/kb"]\n  rules = ["lint/rules"]\n' in outcome.out
    Path(".vllm-doctor.toml").write_text('kb = ["lint/kb"]\nrules = ["lint/rules"]\n')
    assert command("kb", "check").code == 0
    Path("a.sbatch").write_text("#!/bin/bash\n#SBATCH --container-image=a.sqsh\n")
    assert command("scan", "a.sbatch", "--format", "json").codes == ["SITE001"]
    second = command("new-lesson", *words(title="Another"))
    assert "SITE002-another.yaml" in second.out
    assert "Put both in force" not in second.out


def test_examples_that_do_not_hold(command: Command) -> None:
    outcome = command("new-lesson", *words(good="#SBATCH --container-image=a.sqsh"))
    assert outcome.code == 1
    assert "SITE001 speaks on this good example" in outcome.out


def test_a_rule_about_any_command(command: Command) -> None:
    """Such a rule makes every script matter, though no rule of ours could speak of it."""
    answers = words(
        title="No downloads in jobs",
        fact="command",
        when='{line: {like: ["huggingface-cli download *", "hf download *"]}, in-job: true}',
        message="`{program}` downloads in a job.",
        bad="#!/bin/bash\n#SBATCH --gpus=1\nhf download Qwen/Qwen3-8B",
        good="hf download Qwen/Qwen3-8B",
    )
    assert command("new-lesson", *answers).code == 0
    Path(".vllm-doctor.toml").write_text('kb = ["lint/kb"]\nrules = ["lint/rules"]\n')
    rule = Path("lint/rules/SITE002-no-cuda-11.yaml")
    rule.write_text(
        "code: SITE002\nname: no-cuda-11\nlesson: no-downloads-in-jobs\nfact: command\n"
        "severity: error\nwhen: {line: {like: module load *cuda/11*}}\nat: line\n"
        'message: "`{line}`: CUDA 11 is not there any more."\n'
        "examples:\n  - {bad: module load cuda/11.8}\n  - {good: module load cuda/12.4}\n"
        "  - {good: module load $CUDA}\n"
    )
    Path("a.sh").write_text("#!/bin/bash\nmodule load gcc cuda/11.4\nmodule load $X\n")
    Path("b.sh").write_text("#!/bin/bash\n#SBATCH -N1\nhf download $MODEL\n")
    outcome = command("scan", "a.sh", "b.sh", "--format", "json")
    assert [(each["code"], each["message"]) for each in outcome.found] == [
        ("SITE002", "`module load gcc cuda/11.4`: CUDA 11 is not there any more."),
        ("SITE001", "`hf` downloads in a job."),
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fact": "step-by-step"}, "--fact: there is no kind of fact 'step-by-step'"),
        ({"when": "{image: 1}"}, "--when: a fact of kind 'allocation' has no attribute 'image'"),
        ({"when": "{output: [}"}, "--when: is not YAML"),
        ({"message": "{image}"}, "--message: a fact of kind 'allocation' has no attribute"),
        ({"bad": "a\x07b"}, "is not YAML"),
        ({"title": "!"}, "the title must begin with a letter"),
        ({"title": ""}, "--title is missing"),
    ],
)
def test_wrong_answers(command: Command, changes: dict[str, str], said: str) -> None:
    outcome = command("new-lesson", *words(**changes))
    assert outcome.code == 2
    assert said in outcome.err
    assert not Path("lint").exists()


def test_conditions_on_lines_of_their_own(command: Command) -> None:
    assert command("new-lesson", *words(when='container-image: {like: "*.sqsh"}')).code == 1
    rule = Path("lint/rules/SITE001-images-absolute-paths-only.yaml").read_text()
    assert '\nwhen:\n  container-image: {like: "*.sqsh"}\nat: container-image\nrelated: ' in rule


def test_conditions_of_which_any_may_hold(command: Command) -> None:
    when = '{any: [{container-image: {like: "*.sqsh"}}]}'
    command("new-lesson", *words(when=when))
    rule = Path("lint/rules/SITE001-images-absolute-paths-only.yaml").read_text()
    assert f"\nwhen: {when}\nmessage: " in rule


def test_a_terminal_is_asked_until_the_answers_are_right(tmp_path: Path) -> None:
    typed = [
        "Images", "A registry can't be reached.", "stepp", "step", "{image: x}",
        '{container-image: {not: {like: "/*"}}}', "{image}", "{container-image}!",
        "IMAGE=a.sqsh", "srun --container-image=$IMAGE true", "", "srun true", "",
    ]  # fmt: skip
    leader, follower = pty.openpty()
    os.write(leader, "\n".join([*typed, ""]).encode())
    done = subprocess.run(
        [sys.executable, "-m", "doctor", "new-lesson"],
        stdin=follower,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    os.close(leader)
    os.close(follower)
    assert done.returncode == 1, "`null` is not like /*, so the good example doesn't hold"
    assert "\n  step          An srun command" in done.stdout
    assert "\n- container-image (a string, or null): " in done.stdout
    assert done.stdout.count("That can't be: ") == 3
    assert "SITE001 speaks on this good example: none!" in done.stdout
    assert "\nA registry can't be reached.\n" in (tmp_path / "lint/kb/images.md").read_text()


def test_nothing_is_overwritten(command: Command) -> None:
    command("new-lesson", *words())
    outcome = command("new-lesson", *words())
    assert (outcome.code, outcome.out) == (2, "")
    assert "is there already" in outcome.err
