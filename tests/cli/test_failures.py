"""Faults of our own: what they cost, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from doctor import shell, sources
from doctor.diagnostic import Edit
from doctor.fix.offer import HOW
from doctor.fix.work import How
from doctor.rulebook import engine
from doctor.trace.machine import simple
from doctor.trace.readers import kills
from tests.conftest import Outcome

Command = Callable[..., Outcome]

DELETE = "#!/bin/bash\nrm -rf /tmp/torchinductor_*\n"


def write(name: str, text: str) -> None:
    Path(name).write_text(text, "utf-8")


def test_a_fault_of_ours_costs_one_file(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_on_poison(monkeypatch, shell, "parse", lambda text: text)
    write("a.sh", "vllm poison\n")
    write("b.sh", DELETE)
    outcome = command("scan", "--format", "json")
    assert [(d["code"], d["filename"]) for d in outcome.found] == [("VD101", "b.sh")]
    assert outcome.code == 2
    assert outcome.err == (
        "vllm-doctor: a.sh: vllm-doctor itself failed in all of it (KeyError: 'oops'), so what "
        "that would have found is missing; please report it to its maintainers, with the script "
        "and what the same command says with --traceback\n"
    )
    shown = command("scan", "--traceback").err
    assert "Traceback (most recent call last)" in shown
    assert "in fails" in shown
    assert command("trace", "a.sh", "b.sh").code == 2


READER = (kills, "_of_one", lambda invocation, *_: invocation.arguments[-1].display)
STATEMENT = (simple, "execute", lambda _, command, *__: command.words[-1].literal or "")


@pytest.mark.parametrize(
    ("script", "where", "what"),
    [
        ("kill poison\n", "what is killed", READER),
        ("echo poison\n", "the walk, at line 3", STATEMENT),
    ],
)
def test_a_fault_of_ours_costs_only_what_it_happened_in(
    script: str, where: str, what: Any, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on_poison(monkeypatch, *what)
    write("a.sh", DELETE + script + DELETE)
    for _ in range(2):  # what failed is not kept
        outcome = command("scan", "--format", "json")
        assert outcome.codes == ["VD101", "VD101"]
        assert outcome.code == 2
        assert f"a.sh: vllm-doctor itself failed in {where} (KeyError: 'oops')" in outcome.err
    outcome = command("trace", "a.sh")
    assert outcome.code == 2
    assert where in outcome.err


def test_a_rule_or_a_fix_that_fails_costs_only_itself(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> Iterator[Edit]:
        raise KeyError("oops")

    script = DELETE + "vllm serve m --tool-call-parser nonsense\n"
    write("a.sh", script)
    codes = command("scan", "--format", "json").codes
    assert "VD101" in codes
    write("a.sh", script + "\n")  # what is kept of the first scan is no answer for this one
    monkeypatch.setitem(HOW, "delete-own-only", How(fails))  # type: ignore[misc]
    outcome = command("scan", "--format", "json")
    assert outcome.codes == codes
    assert outcome.found[codes.index("VD101")]["fix"] is None
    assert outcome.code == 2
    assert "failed in the fix of VD101 (KeyError: 'oops')" in outcome.err
    apply = engine._apply
    monkeypatch.setattr(
        engine, "_apply", lambda s, *_: fails() if s.rule.code == "VD101" else apply(s, *_)
    )
    outcome = command("scan", "--format", "json")
    assert outcome.codes == [code for code in codes if code != "VD101"]
    assert outcome.code == 2
    assert "failed in VD101 (KeyError: 'oops')" in outcome.err
    assert command("scan", "--fix").code == 2


def fail_on_poison(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, text_of: Callable[..., str]
) -> None:
    """Let a function of ours fail where ``text_of`` its arguments has `poison` in it."""
    works = getattr(module, name)

    def fails(*given: Any, **named: Any) -> Any:
        if "poison" in text_of(*given):
            raise KeyError("oops")
        return works(*given, **named)

    monkeypatch.setattr(module, name, fails)


def test_faults_elsewhere_are_told_without_a_traceback(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr(sources, "discover", fails)
    outcome = command("scan")
    assert outcome.code == 2
    assert outcome.err.startswith(
        "vllm-doctor: vllm-doctor itself failed in this command (RuntimeError: oops), so"
    )
    assert "Traceback" not in outcome.err
    assert "Traceback" in command("scan", "--traceback").err
