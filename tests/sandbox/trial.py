"""One script in the sandbox: fixed, run before and after, and compared."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from doctor.config import Config
from doctor.diagnostic import Source
from doctor.fix.offer import Examined
from doctor.fix.rounds import repaired
from doctor.scan import Examiner

from .host import Host, Run
from .promises import differences

CONFIG = Config(bad_nodes=("gpu[07-08]",), vllm_version="0.33.0")


@dataclass(frozen=True)
class Trial:
    """What became of a script: the rules whose fixes were made, and what they broke."""

    script: str
    fixed: str
    codes: frozenset[str]
    differences: tuple[str, ...] = ()


@cache
def _examiner() -> Examiner:
    return Examiner(CONFIG)


def fixed(script: str) -> Trial:
    """The script with its safe fixes, hints included."""

    def examine(text: str) -> Examined:
        return _examiner().examined(Source("job.sh", text))

    outcome = repaired(examine(script), examine, unsafe=False)
    return Trial(script, outcome.text, frozenset(found.code for found in outcome.fixed))


def tried(script: str, crowded: bool, user: str | None) -> Trial:
    """The script fixed, and run before and after where that changed it.

    A script that bash doesn't read shows nothing.
    """
    trial = fixed(script)
    if trial.fixed == script or not _bash_reads(script):
        return trial
    before, after = (_run(text, crowded, user) for text in (script, trial.fixed))
    found = differences(script, trial.fixed, before, after, trial.codes)
    return Trial(script, trial.fixed, trial.codes, tuple(found))


def _bash_reads(script: str) -> bool:
    done = subprocess.run(["bash", "-n"], input=script.encode(), capture_output=True, check=False)
    return done.returncode == 0


def _run(script: str, crowded: bool, user: str | None) -> Run:
    quick = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=quick) as folder:
        return Host(Path(folder), crowded).run(script, user)
