"""Ten old scripts, written for vLLM 0.6 to 0.9, migrated to the newest release."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from doctor.config import Config
from doctor.diagnostic import Source
from doctor.facts.servers import GivenFlag, GivenVariable
from doctor.fix.offer import Examined
from doctor.fix.rounds import Outcome, repaired
from doctor.knowledge import load
from doctor.scan import Examiner

OLD = sorted(Path(__file__).with_name("migration").glob("*.old.sh"))
CODES = ("VD721", "VD722", "VD724", "VD725")
KNOWLEDGE = load()
RELEASES = KNOWLEDGE.releases
NEWEST = RELEASES.newest
FLAGS = {flag.name: flag for flag in RELEASES.flags()}


def _examined(text: str, release: str) -> Examined:
    config = Config(select=CODES, vllm_version=release)
    return Examiner(config).examined(Source("old.sh", text))


def _migrated(text: str, unsafe: bool) -> Outcome:
    return repaired(_examined(text, NEWEST), lambda text: _examined(text, NEWEST), unsafe)


def _flags(text: str, release: str) -> list[GivenFlag]:
    facts = _examined(text, release).traced.facts
    return [fact for fact in facts if isinstance(fact, GivenFlag)]


def _release(text: str) -> str:
    found = re.search(r"# written for vLLM (\S+)", text)
    assert found
    return found[1]


def test_there_are_ten() -> None:
    assert len(OLD) == 10


@pytest.mark.parametrize("old", OLD, ids=lambda path: path.name)
def test_the_old_release_accepts_the_old_script(old: Path) -> None:
    text = old.read_text()
    release = _release(text)
    assert "0.6" <= release[:3] <= "0.9"
    flags = _flags(text, release)
    assert flags
    for flag in flags:
        assert release in FLAGS[flag.name].releases, flag.spelling
        assert not flag.fault_counts, flag.spelling


@pytest.mark.parametrize("old", OLD, ids=lambda path: path.name)
def test_the_newest_release_accepts_the_migrated_script(old: Path) -> None:
    text = old.read_text()
    done = _migrated(text, unsafe=True)
    assert done.text == old.with_name(old.name.replace(".old.", ".new.")).read_text()
    assert not done.refused
    flags = _flags(done.text, NEWEST)
    assert flags
    for flag in flags:
        assert NEWEST in FLAGS[flag.name].releases, flag.spelling
        assert not flag.fault_counts, flag.spelling
    for fact in _examined(done.text, NEWEST).traced.facts:
        if isinstance(fact, GivenVariable):
            variable = RELEASES.variable(fact.name)
            assert variable is not None, fact.name
            assert NEWEST in variable.releases, fact.name


@pytest.mark.parametrize("old", OLD, ids=lambda path: path.name)
def test_what_the_safe_fixes_leave_does_not_mean_quite_the_same(old: Path) -> None:
    done = _migrated(old.read_text(), unsafe=False)
    doubtful = {
        row.old.replace("=", " ").split()[0] for row in KNOWLEDGE.migrations if not row.same
    }
    left = {
        fact.name
        for fact in _examined(done.text, NEWEST).traced.facts
        if (isinstance(fact, GivenFlag) and fact.accepted is False)
        or (isinstance(fact, GivenVariable) and fact.read is False)
    }
    if old.name.startswith("05"):
        doubtful |= {"VLLM_USE_V1"}  # the client gets it, too
    assert left <= doubtful
