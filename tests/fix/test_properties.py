"""What holds of every fix, on each rule's examples and on scripts put together of them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doctor.config import Config
from doctor.diagnostic import Applicability, Source
from doctor.fix.offer import Examined
from doctor.fix.rounds import Outcome, repaired
from doctor.rulebook import load
from doctor.rulebook.examples import examples
from doctor.scan import Examiner

RULES = [rule for rule in load().rules if rule.code.startswith("VD") and rule.fix.action]
SCRIPTS = [
    example.script
    for rule in RULES
    for example in examples(rule.path)
    if isinstance(example.script, str) and len(example.script) < 4_000
]
CONFIG = Config(bad_nodes=("gpu[07-08]",))


def _fixed(text: str, unsafe: bool) -> Outcome:
    examiner = Examiner(CONFIG)

    def examine(text: str) -> Examined:
        return examiner.examined(Source("script.sh", text))

    return repaired(examine(text), examine, unsafe)


def _bash_reads(text: str) -> bool:
    done = subprocess.run(["bash", "-n"], input=text.encode(), capture_output=True, check=False)
    return done.returncode == 0


def _check(text: str, unsafe: bool) -> None:
    once = _fixed(text, unsafe)
    assert _fixed(once.text, unsafe).text == once.text
    refused = {refusal.diagnostic.code for refusal in once.refused}
    for found in (offer.diagnostic for offer in once.remaining):
        if found.fix is not None and found.fix.applicability is Applicability.SAFE:
            assert found.code in refused, f"{found.code} could still be fixed"
    if not once.fixed:
        assert once.text == text
    elif shutil.which("bash") and _bash_reads(text):
        assert _bash_reads(once.text)
    assert once.text.endswith("\n") == text.endswith("\n")
    if "\r" not in text:
        assert "\r" not in once.text


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@pytest.mark.parametrize("number", range(len(SCRIPTS)))
def test_each_example_stays_fixed(number: int, unsafe: bool) -> None:
    _check(SCRIPTS[number], unsafe)


def _in_a_loop(text: str) -> str:
    return f"for turn in 1 2; do\n{text}done\n"


def _in_a_function(text: str) -> str:
    return f"start() {{\n{text}}}\nstart\n"


def _under_a_condition(text: str) -> str:
    return f'if [ -n "$WANTED" ]; then\n{text}fi\n'


def _crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def _as_it_is(text: str) -> str:
    return text


AROUND: tuple[Callable[[str], str], ...] = (
    _as_it_is,
    _in_a_loop,
    _in_a_function,
    _under_a_condition,
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from(SCRIPTS), st.sampled_from(AROUND)), min_size=1, max_size=3),
    st.sampled_from([_as_it_is, _crlf]),
    st.booleans(),
)
def test_scripts_put_together_stay_fixed(
    parts: list[tuple[str, Callable[[str], str]]], ends: Callable[[str], str], unsafe: bool
) -> None:
    text = "".join(around(text if text.endswith("\n") else text + "\n") for text, around in parts)
    _check(ends(text), unsafe)


def test_fixes_beyond_so_many_examinations_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doctor.fix.offer.MAX_FIXES", 1)
    monkeypatch.setattr("doctor.fix.rounds.MAX_EXAMINED", 2)
    done = _fixed(
        "#!/bin/bash\nrm -rf /tmp/a*\nrm -rf /tmp/b*\nrm -rf /tmp/c*\nvllm serve m\n", False
    )
    assert len(done.fixed) == 2
    assert ["run --fix again" in refusal.reason for refusal in done.refused] == [True]
