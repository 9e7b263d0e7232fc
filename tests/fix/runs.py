"""Scripts run by a real bash, with stand-ins on the PATH that record how they are called."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

#: What a shell sets by itself.
_SHELL = {"_", "SHLVL", "PWD", "OLDPWD"}
STAND_INS = (
    "vllm",
    "srun",
    "sbatch",
    "salloc",
    "docker",
    "pip",
    "nvidia-smi",
    "tmux",
    "vllm-doctor",
)
RECORDER = """#!/bin/sh
record=$(mktemp "$RECORDS/XXXXXXXX")
{ printf '%s\\0' "${0##*/}" "$@"; printf '\\0'; env -0; } > "$record"
echo "${0##*/} says"
echo "${0##*/} complains" >&2
"""
USER = pwd.getpwuid(os.geteuid()).pw_name


@dataclass(frozen=True)
class Run:
    """What a script did: the calls, the files that are there after it, and how it ended.

    A call is the variables that the script has set for it, and its words.
    """

    calls: Counter[str]
    files: dict[str, str]
    code: int


class Host:
    """A home, a folder that others share, and a PATH with stand-ins, below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home, self.shared, self.bin = (folder / each for each in ("home", "shared", "bin"))
        for each in (self.home, self.shared, self.bin):
            each.mkdir(parents=True)
        for name in STAND_INS:
            (self.bin / name).write_text(RECORDER)
            (self.bin / name).chmod(0o755)

    def run(self, script: str) -> Run:
        """Run a script as Slurm would: its header is read, then bash runs it."""
        records = self.folder / "records"
        records.mkdir()
        job = self.folder / "job.sh"
        job.write_bytes(script.encode())
        environment = {
            "PATH": f"{self.bin}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
            "USER": USER,
            "RECORDS": str(records),
            "SLURM_JOB_ID": "4711",
        }
        done = subprocess.run(
            ["bash", "--norc", "--noprofile", str(job)],
            cwd=self.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        calls = Counter(self._call(record.read_text(), environment) for record in records.iterdir())
        calls.update(directives(script))
        places = (self.home, self.shared)
        found = (path for place in places for path in place.rglob("*") if path.is_file())
        files = {str(path.relative_to(self.folder)): path.read_text() for path in found}
        return Run(calls, files, done.returncode)

    def _call(self, record: str, environment: dict[str, str]) -> str:
        words, _, variables = record.partition("\0\0")
        pairs = dict(pair.split("=", 1) for pair in variables.split("\0") if "=" in pair)
        own = sorted(
            f"{name}={value}"
            for name, value in pairs.items()
            if name not in _SHELL and environment.get(name) != value
        )
        return " ".join([*own, *words.split("\0")]).replace(str(self.folder), "HOST")


def directives(script: str) -> list[str]:
    """The lines that sbatch reads: those above the first command that begin with #SBATCH."""
    found = []
    for line in script.splitlines()[1:]:
        if line.startswith("#SBATCH"):
            found.append(line)
        elif re.match(r"\s*[^#\s]", line):
            break
    return found
