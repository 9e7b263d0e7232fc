"""The scripts in `examples/`: each fault is found, and the repaired twin is clean."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from doctor import rulebook
from tests.conftest import Outcome

EXAMPLES = Path(__file__).parents[2] / "examples"

#: What each faulty script is there to show.
FAULTS = {
    "clear_cache.sbatch": "VD101",
    "gpt_oss.sbatch": "VD201",
    "one_node.sbatch": "VD202",
    "late_options.sbatch": "VD901",
    "install.sh": "VD711",
    "eight_servers.sbatch": "VD301",
    "speculation.sbatch": "VD601",
    "tool_calls.sbatch": "VD701",
}


def test_every_example_has_its_twin() -> None:
    for folder in ("faulty", "repaired"):
        assert {path.name for path in (EXAMPLES / folder).iterdir()} == set(FAULTS)


@pytest.mark.parametrize(("name", "code"), FAULTS.items())
def test_the_fault_is_found_and_nothing_else(
    command: Callable[..., Outcome], name: str, code: str
) -> None:
    faulty = command("scan", str(EXAMPLES / "faulty" / name), "--format", "json")
    told = {d["code"] for d in faulty.found if d["severity"] != "info"}
    assert told == {code} & set(rulebook.load().names)
    repaired = command("scan", str(EXAMPLES / "repaired" / name), "--format", "json")
    assert [d for d in repaired.found if d["severity"] != "info"] == []
    assert repaired.code == 0
