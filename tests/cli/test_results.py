"""What a scan found is kept: the next one says the same, and sees whatever has changed."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from doctor.base.kept import keep, recall
from doctor.knowledge import register
from tests.conftest import Outcome

SERVER = """\
#!/bin/bash
#SBATCH --gpus=1
source lib/models.sh
vllm serve "$MODEL" --enable-auto-tool-choice --tool-call-parser hermes
"""
GPT_OSS = "MODEL=openai/gpt-oss-20b\n"
QWEN = "MODEL=Qwen/Qwen3-8B\n"

Command = Callable[..., Outcome]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/vllm-doctor"


@pytest.fixture
def project(cache: Path, tmp_path: Path) -> Path:
    (tmp_path / "jobs/lib").mkdir(parents=True)
    (tmp_path / "jobs/serve.sbatch").write_text(SERVER)
    (tmp_path / "jobs/lib/models.sh").write_text(GPT_OSS)
    return tmp_path


def scan(command: Command, *arguments: str) -> Outcome:
    return command("scan", "jobs", "--format", "json", *arguments)


def results(cache: Path) -> list[Path]:
    return list(cache.glob("results-*"))


def mark(cache: Path) -> None:
    """Change what is kept, so that one can tell it from what is found anew."""
    (kept,) = results(cache)
    name = kept.name.partition(".")[0]
    keep(name, json.loads(json.dumps(recall(name)).replace("hermes", "recalled")))


def test_a_second_scan_says_the_same(project: Path, command: Command) -> None:
    assert command("scan", "jobs").out == command("scan", "jobs").out
    assert scan(command).out == scan(command).out
    assert "VD701" in scan(command).codes


def test_only_changed_scripts_are_examined(project: Path, cache: Path, command: Command) -> None:
    (project / "jobs/other.sbatch").write_text(SERVER)
    scan(command)
    mark(cache)
    (project / "jobs/other.sbatch").write_text(SERVER + "date\n")
    told = {found["filename"]: found["message"] for found in scan(command).found}
    assert "recalled" in told["jobs/serve.sbatch"]
    assert "hermes" in told["jobs/other.sbatch"]


def test_a_changed_file_that_a_script_reads_counts(project: Path, command: Command) -> None:
    models = project / "jobs/lib/models.sh"
    assert "VD701" in scan(command).codes
    models.write_text(QWEN)
    assert "VD701" not in scan(command).codes
    models.unlink()
    assert "VD701" not in scan(command).codes
    models.write_text(GPT_OSS)
    assert "VD701" in scan(command).codes


def test_a_script_that_comes_to_lie_nearby_counts(project: Path, command: Command) -> None:
    (project / "jobs/serve.sbatch").write_text(
        "#!/bin/bash\n#SBATCH --output=logs/%j.out\nmkdir -p logs\npython train.py\n"
    )
    assert "VD804" in scan(command).codes
    (project / "jobs/submit.sh").write_text("mkdir -p logs\nsbatch serve.sbatch\n")
    assert "VD804" not in scan(command).codes


@pytest.mark.parametrize("options", [("--ignore", "VD701"), ("--select", "VD1"), ("--kb", "kb.md")])
def test_other_settings_give_other_results(
    project: Path, command: Command, options: tuple[str, str]
) -> None:
    (project / "kb.md").write_text("| Model | Tool parser |\n|---|---|\n| gpt-oss | `hermes` |\n")
    assert "VD701" in scan(command).codes
    assert "VD701" not in scan(command, *options).codes
    assert "VD701" in scan(command).codes


def test_a_changed_rule_or_page_of_the_site_counts(project: Path, command: Command) -> None:
    page = project / "kb.md"
    page.write_text("nothing yet\n")
    assert "VD701" in scan(command, "--kb", "kb.md").codes
    page.write_text("| Model | Tool parser |\n|---|---|\n| gpt-oss | `hermes` |\n")
    assert "VD701" not in scan(command, "--kb", "kb.md").codes


def test_a_node_that_leaves_the_register_is_forgotten(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = register.entry("gpu07", "ada", ["68 GiB are held"])
    register.record(project / "register", found)
    (project / ".vllm-doctor.toml").write_text('register = "register"\nbad-nodes = []\n')
    script = project / "jobs/serve.sbatch"
    script.write_text(SERVER.replace("--gpus=1", "--gpus=1\n#SBATCH --nodes=1"))
    assert "VD201" in scan(command).codes

    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + register.LASTS + timedelta(seconds=1)

    monkeypatch.setattr(register, "datetime", Later)
    assert "VD201" not in scan(command).codes


@pytest.mark.parametrize("nonsense", ["", "{", "[]", "null", '{"KEY": 1}', '{"KEY": [{}, [[1]]]}'])
def test_nonsense_is_not_believed(
    project: Path, cache: Path, command: Command, nonsense: str
) -> None:
    before = scan(command).out
    (kept,) = results(cache)
    name = kept.name.partition(".")[0]
    for key in recall(name):
        kept.write_text(nonsense.replace("KEY", key))
        assert scan(command).out == before


@pytest.mark.parametrize("changed", ["3", "null", '[""]', '{"a":1}', "-1"])
def test_a_field_that_somebody_changed_is_not_believed(
    project: Path, cache: Path, command: Command, changed: str
) -> None:
    before = scan(command)
    (kept,) = results(cache)
    content = kept.read_text()
    for field in ('"VD701"', '"wrong-tool-parser"', '"error"', '"tool-parsers"', ",4,"):
        assert field in content
        kept.write_text(content.replace(field, f",{changed}," if field[0] == "," else changed))
        assert scan(command) == before


@pytest.mark.parametrize("oddity", ["fifo", "endless", "large", "folder", "loop"])
def test_what_lies_in_its_place_is_not_read(
    project: Path, cache: Path, command: Command, oddity: str
) -> None:
    before = scan(command)
    for kept in cache.iterdir():
        kept.unlink()
        if oddity == "fifo":
            os.mkfifo(kept)
        elif oddity == "large":
            with kept.open("wb") as file:
                file.truncate(1 << 40)
        elif oddity == "folder":
            kept.mkdir()
        else:
            kept.symlink_to("/dev/zero" if oddity == "endless" else kept.name)
    assert scan(command) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="missing part: root, to be two users")
def test_what_somebody_else_put_there_is_not_believed(
    project: Path, cache: Path, command: Command
) -> None:
    scan(command)
    mark(cache)
    assert "recalled" in scan(command).out
    (kept,) = results(cache)
    os.chown(kept, 4711, -1)
    assert "recalled" not in scan(command).out


@pytest.mark.parametrize("home", ["relative", "", "."])
def test_a_home_that_is_no_absolute_path_is_none(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "also/relative")
    monkeypatch.setenv("HOME", home)
    before = sorted(project.iterdir())
    assert "VD701" in scan(command).codes
    assert sorted(project.iterdir()) == before


def test_no_place_to_keep_them_costs_nothing(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc")
    assert scan(command).out == scan(command).out != "[]\n"


def test_only_the_user_may_read_them(project: Path, cache: Path, command: Command) -> None:
    scan(command)
    (kept,) = results(cache)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_names_and_texts_that_are_no_utf_8(project: Path, cache: Path, command: Command) -> None:
    odd = os.fsencode(project) + b"/jobs/caf\xe9.sh"
    Path(os.fsdecode(odd)).write_bytes(b"# caf\xe9\nrm -rf /tmp/torchinductor_*\n")
    assert scan(command).out == scan(command).out
    assert results(cache)


def test_a_fix_is_made_of_what_is_kept(project: Path, command: Command) -> None:
    script = project / "jobs/serve.sbatch"
    assert "VD701" in scan(command).codes
    command("scan", "jobs", "--fix", "--unsafe-fixes")
    assert "--tool-call-parser openai" in script.read_text()
    assert "VD701" not in scan(command).codes
