"""The library, used from outside as its page says: by a program in a folder of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from doctor import api
from doctor.api import UNKNOWN, DoctorError, Launch, Severity, scan, scan_text, trace

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/library.md").read_text("utf-8")

DELETE = "#!/bin/bash\n#SBATCH --ntasks=1\nrm -rf /tmp/vllm_*\n"
SERVE = '#!/bin/bash\nvllm serve "$1"\n'


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def program() -> Path:
    """The example of the page."""
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    path = Path("program.py")
    path.write_text(text)
    return path


def test_the_example_of_the_page(program: Path) -> None:
    Path("jobs").mkdir()
    Path("jobs/x.sh").write_text(DELETE)
    words = [sys.executable, "-W", "error", str(program)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    first, *_, last = done.stdout.splitlines()
    assert first.startswith("jobs/x.sh:3: VD101 ")
    assert "VD723 safe" in done.stdout or "VD721 safe" in done.stdout
    assert last == "Qwen/Qwen3-8B 2"


def test_a_type_checker_knows_its_types(program: Path) -> None:
    program.write_text(
        "from doctor.api import scan, scan_text, trace\n"
        "reveal_type(scan(['x']).diagnostics)\n"
        "reveal_type(scan_text('', config={}))\n"
        "reveal_type(trace(''))\n"
        "scan(1)\n"
    )
    words = ["--strict", "--follow-imports=silent", "--cache-dir", str(ROOT / ".mypy_cache")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *words, str(program)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 'Revealed type is "tuple[doctor.diagnostic.Diagnostic, ...]"' in done.stdout
    assert 'Revealed type is "list[doctor.diagnostic.Diagnostic]"' in done.stdout
    assert 'Revealed type is "tuple[doctor.facts.base.Fact, ...]"' in done.stdout
    assert 'Argument 1 to "scan" has incompatible type "int"' in done.stdout


def test_a_scan_takes_the_configuration_in_force_or_another() -> None:
    Path("x.sh").write_text(DELETE)
    Path(".vllm-doctor.toml").write_text('severity = {VD101 = "warning"}')
    (found,) = scan().diagnostics
    assert found.severity is Severity.WARNING
    (found,) = scan([Path("x.sh")], {}).diagnostics
    assert found.severity is Severity.ERROR
    assert scan(["none.sh"]).problems == ("none.sh: there is no such file or folder",)


def test_a_text_and_what_it_would_do() -> None:
    assert [each.code for each in scan_text(DELETE)] == ["VD101"]
    assert scan_text(DELETE.encode(), config={"ignore": ["VD101"]}) == []
    (launch,) = [fact for fact in trace(SERVE) if isinstance(fact, Launch)]
    assert (launch.model, launch.speculative) == (UNKNOWN, False)


def test_a_wrong_configuration() -> None:
    with pytest.raises(DoctorError, match="unknown key 'bad-node'; did you mean 'bad-nodes'"):
        scan_text(DELETE, config={"bad-node": []})


def test_the_page_names_what_there_is() -> None:
    rows = set(re.findall(r"^\| `(\w+)", PAGE, re.MULTILINE))
    assert rows <= set(api.__all__)
    assert {"scan", "scan_text", "trace", "Diagnostic", "UNKNOWN"} <= rows
    assert all(hasattr(api, name) for name in api.__all__)


def test_it_says_that_it_is_typed() -> None:
    assert (Path(api.__file__).parent / "py.typed").is_file()
