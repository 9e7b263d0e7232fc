"""What bash runs is what the trace says, in scripts made at random.

Each run that bash makes is among those of the trace, where what isn't known may be anything;
and each run that the trace is sure of is made.

A stand-in for ``vllm`` records its arguments and the one variable that it is interested in.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from random import Random

import pytest

from doctor.diagnostic import Source
from doctor.shell import parse
from doctor.trace.domain.state import Missing
from doctor.trace.programs.invocation import Invocation
from doctor.trace.trace import walked
from doctor.values.value import Text, Unknown, Value

from .launchers import launcher

BASH = shutil.which("bash")
STAND_IN = """#!/bin/bash
printf -v run '%s\\x1f' "$@" "${CACHE-unset}"
printf '%s\\x1e' "$run" >> "$RECORD"
"""


@pytest.mark.skipif(BASH is None, reason="missing part: bash")
@pytest.mark.parametrize("seed", range(100))
def test_the_trace_has_every_run_that_bash_makes(seed: int) -> None:
    compare(launcher(Random(seed)))


def compare(text: str) -> None:
    """Run a script, walk it, and compare."""
    walk = walked(Source("case.sh", text), parse(text), lambda name, near: None)
    assert not walk.truncated
    told = [i for i in walk.invocations if i.arguments and i.arguments[0].text == "vllm"]
    recorded = _recorded(text)
    for arguments, cache in recorded if walk.complete else ():
        assert any(_means(i, arguments, cache) for i in told), (
            f"bash runs vllm {arguments} with CACHE={cache} in\n{text}\nthe trace says\n"
            + "\n".join(repr([argument.display for argument in i.arguments]) for i in told)
        )
    runs = [arguments for arguments, _ in recorded]
    for sure in map(_sure, told if "exec" not in text else ()):  # which ends a loop, too
        assert sure is None or sure in runs, f"bash never runs vllm {sure} in\n{text}"


def _recorded(text: str) -> list[tuple[list[str], str]]:
    """The runs that bash makes: the arguments of each and its ``CACHE``."""
    with tempfile.TemporaryDirectory() as folder:
        programs = Path(folder, "bin")
        programs.mkdir()
        (programs / "vllm").write_text(STAND_IN, encoding="utf-8")
        (programs / "vllm").chmod(0o755)
        record = Path(folder, "record")
        record.touch()
        Path(folder, "one").write_text("1", encoding="utf-8")
        environment = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "RECORD": str(record),
            "LC_ALL": "C.UTF-8",
            "U": "u",
            "TURNS": "1 2 3",
            "MANY": "3",
        }
        subprocess.run(
            [str(BASH), "-c", text, "case.sh"],
            cwd=folder,
            env=environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=20,
            check=False,
        )
        runs = record.read_text(encoding="utf-8").split("\x1e")[:-1]
    fields = [run.split("\x1f")[:-1] for run in runs]
    return [(words[:-1], words[-1]) for words in fields]


def _means(invocation: Invocation, arguments: list[str], cache: str) -> bool:
    """Whether an invocation of the trace may be this run."""
    pattern = "".join(_pattern(value) for value in invocation.arguments[1:])
    if not re.fullmatch(pattern, "".join(f"{word}\x1f" for word in arguments), re.DOTALL):
        return False
    held = invocation.environment.get("CACHE", (Missing(),))
    known = [value.text for value in held if isinstance(value, Value)]
    return cache in known or None in known or (cache == "unset" and len(known) < len(held))


def _sure(invocation: Invocation) -> list[str] | None:
    """The arguments of a run that the trace leaves no doubt of."""
    values = invocation.arguments[1:]
    doubted = invocation.assumes or any(value.assumes for value in values)
    if doubted or any(turn.index is None for turn in invocation.context.turns):
        return None
    texts = [value.text for value in values if value.text is not None]
    return texts if len(texts) == len(values) else None


def _pattern(value: Value) -> str:
    """A word as a pattern; what isn't known is anything in it, and on its own any words."""
    if value.many or (value.pieces and not any(isinstance(p, Text) for p in value.pieces)):
        return ".*"
    return (
        "".join(re.escape(p.text) if isinstance(p, Text) else _any(p) for p in value.pieces)
        + "\x1f"
    )


def _any(unknown: Unknown) -> str:
    """What an unknown may be: a variable no more than a word, what is made of others any."""
    return ".*" if unknown.name.startswith(("$(", "${")) else "[^\x1f]*"


def test_an_unknown_is_anything() -> None:
    assert re.fullmatch(_pattern(Value((Text("m"), Unknown("$X")))), "m1\x1f")
    assert not re.fullmatch(_pattern(Value((Text("m"),))), "n\x1f")
