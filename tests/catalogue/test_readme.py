"""The README's steps for a lesson of one's own, followed word by word; and the schema."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.rulebook import schema
from tests.conftest import Outcome

Command = Callable[..., Outcome]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def _followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes the files that the section shows, each after its name."""
    monkeypatch.chdir(tmp_path)
    readme = (ROOT / "README.md").read_text("utf-8")
    text = readme.partition("## Add a lesson\n")[2].partition("\n## What it knows\n")[0]
    files = re.findall(r"^`([^`]+\.\w+)`.*?\n(`{3,4})\w+\n(.*?)\n\2\n", text, re.M | re.S)
    assert len(files) == 3
    for name, _, content in files:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content + "\n", "utf-8")


@pytest.mark.usefixtures("_followed")
def test_the_lesson_of_the_readme(command: Command) -> None:
    checked = command("kb", "check")
    assert (checked.code, checked.out) == (0, "All is well.\n")
    Path("job.sbatch").write_text(
        "#!/bin/bash\n#SBATCH -N 1\nsrun --container-image vllm.sqsh nvidia-smi\n"
    )
    scan = ("scan", "job.sbatch", "--select", "SITE001", "--format", "json")
    found = command(*scan).found
    assert [(each["code"], each["severity"]) for each in found] == [("SITE001", "error")]
    assert found[0]["location"]["row"] == 3
    assert found[0]["lesson"] == "container-images"
    Path("job.sbatch").write_text(
        "IMAGE=vllm.sqsh\nsrun --container-image $IMAGE true\nsrun --container-image=$X true\n"
    )
    found = command(*scan).found
    places = [found[0]["location"]["row"], found[0]["related"][0]["location"]["row"]]
    assert (len(found), places) == (1, [1, 2]), "where the value is written, and where it matters"
    explained = command("explain", "relative-container-image").out
    assert "# Container images have absolute paths" in explained
    assert "SITE001" in command("rules").out
    assert command(*scan, "--ignore", "SITE001").found == []


def test_the_schema_in_the_repository_is_fresh(command: Command) -> None:
    kept = Path(schema.__file__).with_name("rule.schema.json").read_text("utf-8")
    fresh = "vllm-doctor rules schema > doctor/rulebook/rule.schema.json"
    assert command("rules", "schema").out == kept, f"run: {fresh}"
    assert json.loads(kept) == schema.schema()
