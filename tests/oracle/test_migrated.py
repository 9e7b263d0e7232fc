"""Old scripts, migrated to the newest release, judged by that release's own argument parser.

The parser comes from the release's sources, whose folder VLLM_SOURCES names.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from doctor.config import Config
from doctor.diagnostic import Severity, Source
from doctor.fix.offer import Examined
from doctor.fix.rounds import repaired
from doctor.knowledge import load
from doctor.scan.examiner import Examiner
from doctor.trace.readers.servers import Started

HERE = Path(__file__).parent
OLD = sorted((HERE / "scripts").glob("*.sh"))
NEWEST = load().releases.newest
SOURCES = os.environ.get("VLLM_SOURCES", "")
#: The rules that say that a release refuses a command line.
LINE_CODES = ("VD604", "VD713", "VD721", "VD723", "VD724")
#: What the parser needs in place of vLLM's own requirements.
_NEEDED = ("pydantic", "regex", "yaml")


def _examined(text: str) -> Examined:
    config = Config(vllm_version=NEWEST)
    return Examiner(config).examined(Source("old.sh", text))


def _words(server: Started) -> list[str]:
    arguments = server.server.arguments
    given = [[flag.spelling, *(value.display for value in flag.values)] for flag in arguments.flags]
    return [value.display for value in arguments.positional] + [w for each in given for w in each]


def _refusals(lines: Iterable[Sequence[str]]) -> list[str | None]:
    """Why the newest release refuses each line, None where it takes it."""
    done = subprocess.run(
        [sys.executable, HERE / "release_parser.py", SOURCES],
        input="".join(f"{json.dumps(line)}\n" for line in lines),
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _told(examined: Examined, server: Started) -> list[str]:
    """What is told of a server's line as an error."""
    place = server.invocation.origin.location
    return [
        offer.diagnostic.message
        for offer in examined.offers
        if offer.diagnostic.code in LINE_CODES
        and offer.diagnostic.severity is Severity.ERROR
        and any(fact.location == place for fact in offer.verdict.facts)
    ]


def test_the_scripts_are_old_and_many() -> None:
    assert len(OLD) >= 12
    assert all("# written for vLLM 0." in path.read_text() for path in OLD)


@pytest.mark.skipif(
    not SOURCES, reason=f"missing part: the sources of vLLM {NEWEST} (VLLM_SOURCES)"
)
@pytest.mark.skipif(
    not all(map(importlib.util.find_spec, _NEEDED)), reason="missing part: pydantic and regex"
)
@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "all"])
def test_what_the_newest_release_refuses_is_told(unsafe: bool) -> None:
    servers = []
    for path in OLD:
        text = path.read_text()
        after = _examined(repaired(_examined(text), _examined, unsafe).text)
        assert after.traced.servers, path.name
        servers += [(path.name, after, server) for server in after.traced.servers]
    refusals = _refusals(_words(server) for _, _, server in servers)
    refused = {
        (name, server.invocation.origin.location)
        for (name, _, server), refusal in zip(servers, refusals, strict=True)
        if refusal is not None
    }
    for (name, after, server), refusal in zip(servers, refusals, strict=True):
        told = _told(after, server)
        line = f"{name}: {' '.join(_words(server))}: {refusal}; told: {told}"
        print("refused" if refusal else "accepted", line)
        assert told or refusal is None, line
        assert not told or (name, server.invocation.origin.location) in refused, line
