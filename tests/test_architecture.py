"""The house stays as it was built: floors that know only those below, no circle, small modules."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: The packages and modules from the ground up: each imports from itself and those above it here.
FLOORS = """
    doctor
    doctor.base
    doctor.diagnostic
    doctor.values
    doctor.slurm
    doctor.facts
    doctor.shell
    doctor.vllm
    doctor.knowledge
    doctor.config
    doctor.sources
    doctor.rulebook
    doctor.trace.domain
    doctor.trace.words
    doctor.trace.programs
    doctor.trace.machine
    doctor.trace.readers
    doctor.trace
    doctor.trace.summary
    doctor.fix
    doctor.scan
    doctor.api
    doctor.log
    doctor.wait
    doctor.wait
    doctor.lessons
    doctor.node
    doctor.cluster
    doctor.log
    doctor.wait
    doctor.report
    doctor.cli
    doctor.__main__
""".split()

MOST_LINES = 350


@cache
def modules() -> Mapping[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted((ROOT / "doctor").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name: str) -> Iterator[str]:
    """The modules of ours that a module imports anywhere, `TYPE_CHECKING` counted."""
    for node in ast.walk(ast.parse(modules()[name].read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in modules() else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@cache
def graph() -> dict[str, set[str]]:
    """Which modules each module imports."""
    return {name: {to for to in imported(name) if to in modules()} - {name} for name in modules()}


def floor_of(name: str) -> int:
    """The floor on which a module stands: that of the innermost package in the table."""
    while name not in FLOORS:
        name = name.rpartition(".")[0]
    return FLOORS.index(name)


@pytest.mark.parametrize("name", modules())
def test_a_module_knows_only_its_own_floor_and_those_below(name: str) -> None:
    assert [to for to in graph()[name] if floor_of(to) > floor_of(name)] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    try:
        tuple(TopologicalSorter(graph()).static_order())
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


def test_every_module_can_be_the_first_to_be_imported() -> None:
    """Each in a process of its own, forked from one that has imported nothing of ours."""
    script = (
        "import os, sys\n"
        "failed = 0\n"
        "for name in sys.argv[1:]:\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        __import__(name)\n"
        "        os._exit(0)\n"
        "    if os.waitpid(child, 0)[1]:\n"
        "        failed = 1\n"
        "sys.exit(failed)\n"
    )
    names = [name for name in modules() if name != "doctor.__main__"]
    done = subprocess.run(
        [sys.executable, "-c", script, *names], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", modules())
def test_a_module_can_be_read_in_one_sitting(name: str) -> None:
    assert len(modules()[name].read_text("utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("name", modules())
def test_python_knows_no_rule_by_its_code(name: str) -> None:
    tree = ast.parse(modules()[name].read_text("utf-8"))
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    codes = {text for text in texts if re.fullmatch(r"V[DNL]\d{3}", text)}
    assert not codes
