"""What scripts would do, as a table: ``cases/TOPIC.yaml`` has scripts and what they must yield.

A case has a ``script`` and what is expected of it:

- ``runs``: the argument lists of each start of ``program`` (``vllm`` if not given), as text, with
  unknowns by their names; alternatives and copies count once;
- ``assumes``: words of assumptions on which some of these starts rest;
- a kind of fact (``launch``, ``deletion``, …): attributes and their values that some fact of this
  kind must have, or ``none`` where there must be no such fact.

``files`` holds the text of the scripts that this one reads or runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from doctor.diagnostic import Source
from doctor.facts import FACTS
from doctor.facts.base import Fact
from doctor.knowledge import load as load_knowledge
from doctor.shell import parse
from doctor.trace.machine.journal import Load
from doctor.trace.readers.scene import Settings
from doctor.trace.trace import Traced, trace
from doctor.values.value import UNKNOWN

Case = Mapping[str, Any]

_OTHER_KEYS = frozenset(["why", "script", "filename", "program", "runs", "assumes", "files"])


def _cases() -> Iterator[Any]:
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml")):
        for number, case in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")), 1):
            first = case["script"].strip().splitlines()[0]
            yield pytest.param(case, id=f"{path.stem}-{number}: {first[:60]}")


CASES = list(_cases())


@pytest.mark.parametrize("case", CASES)
def test_case(case: Case) -> None:
    kinds = case.keys() - _OTHER_KEYS
    assert kinds <= FACTS.keys()
    assert kinds or "runs" in case
    if "runs" in case or "assumes" in case:
        runs, assumed = _started(case)
        if "runs" in case:
            assert runs == {str(run) for run in case["runs"] or ()}
        assert set(case.get("assumes", ())) <= assumed
    facts = facts_of(case) if kinds else ()
    for kind in kinds:
        found = [fact for fact in facts if fact.kind == kind]
        if case[kind] == "none":
            assert found == []
            continue
        for expected in case[kind]:
            shown = [{name: _shown(fact, name) for name in expected} for fact in found]
            assert {name: _plain(value) for name, value in expected.items()} in shown


def test_every_topic_has_cases() -> None:
    scripts = [(case.values[0]["script"], str(case.values[0].get("files"))) for case in CASES]
    assert len(set(scripts)) == len(scripts) >= 300


def _started(case: Case) -> tuple[set[str], set[str]]:
    """The argument lists of the case's program, and the words of what they rest on."""
    walk = traced(case).walk
    program = case.get("program", "vllm")
    runs: set[str] = set()
    assumed: set[str] = set()
    for invocation in walk.invocations:
        if not invocation.arguments or invocation.arguments[0].display != program:
            continue
        arguments = invocation.arguments[1:]
        runs.add(" ".join(argument.display for argument in arguments))
        guards = [invocation.assumes, *(argument.assumes for argument in arguments)]
        assumed |= {assumption.words for guard in guards for assumption in guard}
    return runs, assumed


def facts_of(case: Case) -> tuple[Fact, ...]:
    return traced(case).facts


def traced(case: Case) -> Traced:
    source = Source(case.get("filename", "case.sh"), case["script"])
    folders = {str(Path(name).parent) for name in case.get("files", ())}
    return trace(
        source,
        parse(source.text),
        _settings(),
        _loader(case),
        has_folder=lambda folder, near: bool(folders & {folder, f"../{folder}"}),
    )


@cache
def _settings() -> Settings:
    return Settings(load_knowledge())


def _loader(case: Case) -> Load:
    files: Mapping[str, str] = case.get("files", {})

    def load(name: str, near: Source) -> Source | None:
        text = files.get(name.removeprefix("./"))
        return None if text is None else Source(name, text)

    return load


def _shown(fact: Fact, name: str) -> Any:
    value = getattr(fact, name.replace("-", "_"))
    return "unknown" if value is UNKNOWN else value


def _plain(value: Any) -> Any:
    return frozenset(value) if isinstance(value, list) else value
