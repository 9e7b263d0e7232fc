"""Releases and their archives from the package index, by way of pip.

pip asks every source archive for its metadata before it hands it over, and would run the
archive's setup.py for that. So it is given a back end of ours (``stand_in``), which copies the
metadata that lies in the archive; a release that brought another back end would be refused.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from renew.errors import RenewError

#: The oldest release that the tables tell of.
OLDEST = (0, 6, 0)
_STAND_IN = Path(__file__).parent / "stand_in"
_COMMON = ("--no-deps", "--ignore-requires-python", "--no-cache-dir", "--quiet")
_SOURCE = ("--no-binary=:all:", "--no-build-isolation", "--use-pep517")
_WHEEL = ("--only-binary=:all:",)
_PATIENCE = 900


def order(release: str) -> tuple[int, ...]:
    """What puts releases in order: ``0.10.1`` before ``0.10.1.1`` and ``0.10.1.post1``."""
    return tuple(int(number) for number in re.findall(r"\d+", release))


def releases() -> list[str]:
    """All releases that the index has from ``OLDEST`` on, the oldest first."""
    said = _pip(["index", "versions", "vllm", "--ignore-requires-python"])
    listed = re.search(r"^Available versions: (.+)$", said, re.MULTILINE)
    if listed is None:
        raise RenewError("the package index names no release of vLLM")
    found = [release.strip() for release in listed[1].split(",")]
    return sorted((release for release in found if order(release) >= OLDEST), key=order)


def archive(release: str, folder: Path) -> Path | None:
    """The archive of a release that an earlier run has fetched, None if there is none."""
    kept = [folder / f"vllm-{release}.tar.gz", *sorted(folder.glob(f"vllm-{release}-*.whl"))]
    return next((file for file in kept if file.is_file()), None)


def fetch(release: str, folder: Path) -> Path:
    """Fetch the source archive of a release; where there is none, a wheel."""
    folder.mkdir(parents=True, exist_ok=True)
    problem = None
    for way in (_SOURCE, _WHEEL):
        try:
            _pip(["download", *_COMMON, *way, "--dest", str(folder), f"vllm=={release}"])
        except RenewError as refused:
            problem = problem or refused
        if (fetched := archive(release, folder)) is not None:
            return fetched
    raise problem or RenewError(f"pip fetched no archive of vLLM {release}")


def _pip(arguments: Sequence[str]) -> str:
    command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check"]
    environment = {**os.environ, "PYTHONPATH": str(_STAND_IN)}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise RenewError(f"pip {arguments[0]} took longer than {_PATIENCE} s") from None
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        said = (errors or done.stderr.splitlines() or ["it said nothing"])[-1]
        raise RenewError(f"pip {arguments[0]} failed: {said[:300]}")
    return done.stdout


def kept(folder: Path) -> list[str]:
    """The releases whose archives earlier runs have fetched, the oldest first."""
    names = (re.match(r"vllm-([\d.]+(?:post\d+)?)(?:\.tar\.gz|-.*\.whl)$", file.name)
             for file in folder.glob("vllm-*"))  # fmt: skip
    return sorted({name[1] for name in names if name}, key=order)
