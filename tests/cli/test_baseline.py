"""A baseline: what was found before is held back, and what is new is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor import api
from tests.conftest import Outcome

Command = Callable[..., Outcome]

FREE = "rm -rf /tmp/vllm_*\n"


@pytest.fixture(autouse=True)
def _scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("jobs/a.sh", FREE)
    write("jobs/b.sh", FREE + "rm -rf /tmp/x_*\n")


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(f"#!/bin/bash\n{text}")


@pytest.fixture
def made(command: Command) -> Command:
    """The command, in a project with a baseline that its configuration names."""
    Path(".vllm-doctor.toml").write_text('baseline = "known.json"\n')
    outcome = command("scan", "--update-baseline")
    assert (outcome.code, outcome.out) == (
        0,
        "known.json now holds back 3 diagnostics (before: 0).\n",
    )
    return command


def held() -> list[tuple[str, str, int]]:
    entries = json.loads(Path("known.json").read_text())["held"]
    return [(entry["file"], entry["code"], entry["count"]) for entry in entries]


def test_what_was_found_before_is_held_back_and_counted(made: Command) -> None:
    outcome = made("scan")
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "No new problem found in 2 scripts.",
        "3 errors held back by known.json.",
    ]
    assert made("scan", "--no-config").code == 1
    assert made("scan", "--force-exclude", "--", "jobs/a.sh").code == 0, "so do the hooks"


def test_lines_may_move_and_what_is_there_once_more_is_new(made: Command) -> None:
    write("jobs/a.sh", f"# first\n\necho {FREE}{FREE}")
    assert made("scan").code == 0
    write("jobs/a.sh", FREE + FREE)
    outcome = made("scan", "--format=json")
    assert (outcome.code, [found["location"]["row"] for found in outcome.found]) == (1, [3])


def test_a_line_that_was_changed_is_new(made: Command) -> None:
    write("jobs/a.sh", FREE.replace("-rf", "-fr"))
    outcome = made("scan", "jobs/a.sh")
    assert outcome.code == 1
    assert "1 of the diagnostics in known.json is there no more (--update-baseline)." in outcome.out


def test_what_is_gone_is_told_and_dropped(made: Command) -> None:
    write("jobs/b.sh", FREE)
    said = "2 errors held back by known.json; 1 of its diagnostics is there no more"
    assert f"{said} (--update-baseline)." in made("scan").out
    outcome = made("scan", "--update-baseline")
    assert outcome.out == "known.json now holds back 2 diagnostics (before: 3).\n"
    Path("jobs/b.sh").unlink()
    assert "1 of its diagnostics is there no more" in made("scan", "jobs/a.sh").out
    made("scan", "jobs/a.sh", "--update-baseline")
    assert held() == [("jobs/a.sh", "VD101", 1)]


def test_a_scan_of_a_part_says_nothing_of_the_rest_and_keeps_it(made: Command) -> None:
    before = held()
    for part in (["jobs/a.sh"], ["--select=VD2"], ["--exclude=b.sh"]):
        assert "no more" not in made("scan", *part).out
        made("scan", "--update-baseline", *part)
        assert held() == before


def test_it_holds_wherever_one_is(made: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("jobs")
    assert made("scan", "b.sh").code == 0
    assert made("scan", "--baseline=../known.json", "--no-config").code == 0
    assert made("scan", str(Path("a.sh").absolute())).code == 0


def test_what_is_held_back_is_neither_fixed_nor_ignored(made: Command) -> None:
    write("jobs/a.sh", FREE + "rm -rf /tmp/new_*\n")
    made("scan", "--add-ignores", "jobs/a.sh")
    ignored = "rm -rf /tmp/new_*  # vllm-doctor: ignore[VD101]\n"
    assert Path("jobs/a.sh").read_text() == f"#!/bin/bash\n{FREE}{ignored}"
    write("jobs/a.sh", FREE + "rm -rf /tmp/new_*\n")
    outcome = made("scan", "--fix", "jobs/a.sh")
    assert (outcome.code, FREE in Path("jobs/a.sh").read_text()) == (0, True)
    assert "new_*'" in Path("jobs/a.sh").read_text()


def test_one_for_programs_holds_back_too(made: Command) -> None:
    config = {"baseline": "known.json"}
    assert api.scan(["."], config).diagnostics == ()
    assert len(api.scan(["."], {}).diagnostics) == 3


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2, "held": []}', "[" * 5000])
def test_what_is_none_is_refused_and_not_written_over(command: Command, text: str) -> None:
    Path("known.json").write_text(text)
    for more in ([], ["--update-baseline"], ["--fix"]):
        outcome = command("scan", "--baseline=known.json", *more)
        assert (outcome.code, outcome.out) == (2, "")
        said = "known.json: this is no baseline; delete it, and --update-baseline makes one"
        assert outcome.err == f"vllm-doctor: {said}\n"
    assert Path("known.json").read_text() == text


def test_one_that_is_not_there(command: Command) -> None:
    outcome = command("scan", "--baseline=known.json")
    assert (outcome.code, outcome.out) == (2, "")
    said = "there is no such baseline; --update-baseline makes one"
    assert outcome.err == f"vllm-doctor: known.json: {said}\n"


def test_one_that_is_not_named(command: Command) -> None:
    outcome = command("scan", "--update-baseline")
    assert outcome.code == 2
    assert "--baseline FILE" in outcome.err


def test_it_stays_as_it_was_where_not_all_could_be_examined(made: Command) -> None:
    before = held()
    outcome = made("scan", "jobs", "missing", "--update-baseline")
    assert (outcome.code, outcome.out) == (2, "")
    assert "known.json was left as it was" in outcome.err
    assert held() == before


def test_it_holds_no_secret(command: Command) -> None:
    write(
        "jobs/a.sh",
        "export HF_TOKEN=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\nvllm serve Qwen/Qwen3-8B\n",
    )
    command("scan", "--baseline=known.json", "--update-baseline")
    assert ("jobs/a.sh", "VD905", 1) in held()
    assert "hf_" not in Path("known.json").read_text()
