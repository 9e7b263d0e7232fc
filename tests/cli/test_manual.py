"""The man page, as the wheel brings it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from doctor.cli.app import app

MAKER = Path(__file__).parents[2] / "packaging/manual.py"


@pytest.fixture(scope="module")
def page() -> str:
    made = subprocess.run(
        [sys.executable, str(MAKER)], capture_output=True, text=True, check=True, timeout=60
    )
    return made.stdout


def test_it_has_every_command_and_every_option(page: str) -> None:
    said = page.replace(r"\-", "-")
    root = click.Context(app, info_name="vllm-doctor")
    for name in app.list_commands(root):
        command = app.get_command(root, name)
        assert command is not None
        assert (f'.SS "vllm-doctor {name}"' in said) != command.hidden
        options = [each for each in command.params if isinstance(each, click.Option)]
        shown = [each.opts[-1] for each in options if not (command.hidden or each.hidden)]
        assert [word for word in shown if word not in said] == []


def test_no_line_is_taken_for_a_request_of_the_language(page: str) -> None:
    known = (".TH ", ".SH ", ".SS ", ".PP", ".TP")
    requests = [line for line in page.splitlines() if line.startswith((".", "'"))]
    assert [line for line in requests if not line.startswith(known)] == []


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff: it only warns of bad pages")
def test_groff_has_nothing_to_say_of_it(page: str) -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww"],
        input=page,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    assert "Finds what goes wrong with vLLM servers" in done.stdout
