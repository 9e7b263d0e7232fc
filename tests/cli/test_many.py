"""Many scripts are examined by several processes: nobody sees a difference."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from doctor.scan.parallel import ENOUGH

FAULTY = """\
#!/bin/bash
#SBATCH --gpus=1
source lib/models.sh
rm -rf /tmp/torchinductor_*
vllm serve "$MODEL" --enable-auto-tool-choice --tool-call-parser hermes --port {port}
"""


def scan(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "doctor", "scan", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def written(folder: Path, count: int) -> list[str]:
    (folder / "lib").mkdir()
    (folder / "lib/models.sh").write_text("MODEL=openai/gpt-oss-20b\n")
    names = [f"serve_{number:03}.sbatch" for number in range(count)]
    for number, name in enumerate(names):
        (folder / name).write_text(FAULTY.format(port=8000 + number))
    return names


def test_many_scripts_give_what_each_gives_alone(tmp_path: Path) -> None:
    names = written(tmp_path, 3 * ENOUGH)
    options = ("--format", "json", "--ignore", "VD201")  # which is told once for all
    together = json.loads(scan(tmp_path, ".", *options).stdout)
    few = [names[0], names[ENOUGH], names[-1]]
    for name in few:
        alone = json.loads(scan(tmp_path, name, "lib", *options).stdout)
        assert [d for d in together if d["filename"] == name] == [
            d for d in alone if d["filename"] == name
        ]
    assert {d["code"] for d in together} >= {"VD101", "VD701"}
    assert together == sorted(
        together, key=lambda d: (d["filename"], d["location"]["row"], d["location"]["column"])
    )


def test_the_text_shows_lines_of_all_files(tmp_path: Path) -> None:
    written(tmp_path, 3 * ENOUGH)
    shown = scan(tmp_path, ".").stdout
    assert shown.count("rm -rf /tmp/torchinductor_*") == 3 * ENOUGH
    assert "MODEL=openai/gpt-oss-20b" in shown
    assert f"in {3 * ENOUGH} of {3 * ENOUGH + 1} scripts" in shown


def test_a_broken_rule_is_one_sentence(tmp_path: Path) -> None:
    written(tmp_path, 3 * ENOUGH)
    rule = tmp_path / "rule.yaml"
    rule.write_text("code: SITE001\nname: Bad Name\n")
    done = scan(tmp_path, ".", "--rules", "rule.yaml")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "rule.yaml:1: a rule needs the key" in done.stderr
