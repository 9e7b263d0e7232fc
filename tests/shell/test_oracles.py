"""The same commands as shfmt finds, in scripts that bash takes for valid."""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from doctor.shell import parse

from .scripts import valid_scripts
from .snippets import SNIPPETS

BENCHMARK = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "parser.py"))
BASH = shutil.which("bash")

needs_bash = pytest.mark.skipif(BASH is None, reason="bash is not installed")
needs_shfmt = pytest.mark.skipif(BENCHMARK["SHFMT"] is None, reason="shfmt is not installed")


def assert_same_commands(text: str) -> None:
    data = text.encode()
    shfmt = BENCHMARK["run_shfmt"](data)
    assert shfmt.returncode == 0, shfmt.stderr
    tree: Any = json.loads(shfmt.stdout)
    theirs = BENCHMARK["shfmt_commands"](tree, text, BENCHMARK["character_offsets"](text, data))
    assert BENCHMARK["our_commands"](parse(text)) == theirs


def assert_valid(text: str) -> None:
    result = subprocess.run(
        [str(BASH), "-O", "extglob", "-n"], input=text.encode(), capture_output=True, check=False
    )
    assert result.returncode == 0, result.stderr.decode()


@needs_bash
@pytest.mark.parametrize("snippet", SNIPPETS)
def test_the_snippets_are_valid(snippet: str) -> None:
    assert_valid(snippet)


@needs_shfmt
@pytest.mark.parametrize("snippet", SNIPPETS)
def test_the_snippets_have_the_commands_that_shfmt_finds(snippet: str) -> None:
    assert_same_commands(snippet)


@needs_bash
@settings(max_examples=40, deadline=None)
@given(valid_scripts())
def test_random_scripts_are_valid(text: str) -> None:
    assert_valid(text)


@needs_shfmt
@settings(max_examples=100, deadline=None)
@given(valid_scripts())
def test_random_scripts_have_the_commands_that_shfmt_finds(text: str) -> None:
    assert_same_commands(text)
