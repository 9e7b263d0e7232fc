"""`vllm-doctor new-lesson`."""

from __future__ import annotations

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
    assert outcome.out.endswith('kb = ["lint/kb"], rules = ["lint/rules"].\n')
    Path(".vllm-doctor.toml").write_text('kb = ["lint/kb"]\nrules = ["lint/rules"]\n')
    assert command("kb", "check").code == 0
    Path("a.sbatch").write_text("#!/bin/bash\n#SBATCH --container-image=a.sqsh\n")
    assert command("scan", "a.sbatch", "--format", "json").codes == ["SITE001"]
    second = command("new-lesson", *words(title="Another"))
    assert "SITE002-another.yaml" in second.out
    assert "Put it in force" not in second.out


def test_examples_that_do_not_hold(command: Command) -> None:
    outcome = command("new-lesson", *words(good="#SBATCH --container-image=a.sqsh"))
    assert outcome.code == 1
    assert "SITE001 speaks on this good example" in outcome.out


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fact": "step-by-step"}, "there is no kind of fact 'step-by-step'"),
        ({"when": "{image: 1}"}, "a fact of kind 'allocation' has no attribute 'image'"),
        ({"title": "!"}, "the title must begin with a letter"),
        ({"title": ""}, "--title is missing"),
    ],
)
def test_wrong_answers(command: Command, changes: dict[str, str], said: str) -> None:
    outcome = command("new-lesson", *words(**changes))
    assert outcome.code == 2
    assert said in outcome.err
    assert [path for path in Path("lint").rglob("*") if path.is_file()] == []


def test_nothing_is_overwritten(command: Command) -> None:
    command("new-lesson", *words())
    outcome = command("new-lesson", *words())
    assert (outcome.code, outcome.out) == (2, "")
    assert "is there already" in outcome.err
