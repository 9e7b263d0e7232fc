"""Each refusal of a fix, on a script that it saves: ``refusals.yaml`` has them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import doctor.fix
from doctor.config import from_mapping
from doctor.diagnostic import Source
from doctor.scan import Examiner

CASES = yaml.safe_load(Path(__file__).with_name("refusals.yaml").read_text("utf-8"))
#: Refusals of what the rules that ship never ask for, or that another comes before.
GUARDS = {
    "it is not clear where the test would go",
    "it can't be known which nodes are excluded already",
    "it can't be known which nodes are asked for",
    "the header stands in a text that another program writes",
    "{} does not stand there literally",
    "the script has no first line that a header could follow",
    "the servers are not started in this file",
    "the value is not written anywhere",
    "the flag's value is not written anywhere",
    "the action does not stand there literally",
}


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case['code']}: {case['script'].splitlines()[-1][:50]}"
)
def test_a_fix_that_is_refused(
    case: Mapping[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in case.get("files", {}).items():
        Path(name).write_text(text + "\n")
    settings = dict(case.get("config", {}))
    if "kb" in case:
        Path("kb.md").write_text(case["kb"])
        settings["kb"] = ["kb.md"]
    header = "#!/bin/bash\n" if case["script"].startswith("#SBATCH") else ""
    examiner = Examiner(from_mapping(settings, tmp_path), ["."])
    found = examiner.examined(Source("serve.sh", f"{header}{case['script'].rstrip()}\n"))
    assert not found.failures
    offers = [offer for offer in found.offers if offer.diagnostic.code == case["code"]]
    assert offers
    assert all(offer.diagnostic.fix is None for offer in offers)
    assert any(case["refused"] in (offer.refused or "") for offer in offers)


def test_each_refusal_has_a_script() -> None:
    reasons = {case["refused"] for case in CASES}
    untold = {
        reason
        for reason in _reasons()
        if reason not in GUARDS and not any(_is_of(reason, each) for each in reasons)
    }
    assert not untold, "add a script to refusals.yaml"
    assert set(_reasons()) >= GUARDS


def _is_of(reason: str, told: str) -> bool:
    """Whether a reason, ``{}`` for each value in it, may be what was told."""
    pieces = [piece.strip() for piece in reason.split("{}") if piece.strip()]
    return all(piece in told for piece in pieces)


def _reasons() -> Iterator[str]:
    """The texts of all refusals in the package."""
    for path in Path(doctor.fix.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Raise(exc=ast.Call(func=ast.Name("NoFixError"), args=[reason])):
                    yield _text(reason)


def _text(reason: ast.expr) -> str:
    if isinstance(reason, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in reason.values)
        return "".join(map(str, parts))
    assert isinstance(reason, ast.Constant)
    return str(reason.value)
