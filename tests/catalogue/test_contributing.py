"""CONTRIBUTING.md: what its lists name is there, and the commands in them run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
LISTS = re.findall(r"^## (Add .*)\n((?:\d+\. .*\n)+)", TEXT, re.MULTILINE)
QUOTED = re.compile(r"`([^`]+)`")
#: Words of the lists that stand for a name of one's own.
PLACEHOLDERS = {"GROUP": "*", "CODE": "*", "TOPIC": "*", "name": "*"}


def quoted() -> list[str]:
    return [words for _, steps in LISTS for words in QUOTED.findall(steps)]


def paths() -> list[str]:
    return [words for words in quoted() if re.fullmatch(r"[\w./-]+/[\w./-]*", words)]


def commands() -> list[str]:
    return [words for words in quoted() if words.startswith("vllm-doctor ")]


def test_there_is_a_list_for_each_kind_of_thing() -> None:
    assert len(LISTS) == 6
    assert all(len(steps.splitlines()) <= 6 for _, steps in LISTS)


@pytest.mark.parametrize("path", paths())
def test_each_place_that_a_list_names_is_there(path: str) -> None:
    pattern = re.sub(r"[A-Za-z]+", lambda m: PLACEHOLDERS.get(m[0], m[0]), path)
    roots = [ROOT] if (ROOT / path.split("/")[0]).exists() else [ROOT / "doctor" / "trace"]
    assert any(list(root.glob(pattern.rstrip("/"))) for root in roots), path


@pytest.mark.parametrize("line", commands())
def test_each_command_that_a_list_names_runs(line: str, command: Callable[..., Outcome]) -> None:
    words = shlex.split(line.partition(">")[0])[1:]
    outcome = command(*words)
    assert outcome.code == 0, outcome.err
