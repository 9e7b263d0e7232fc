"""Patterns as in a `.gitignore` mean what git takes them for, and none takes for ever."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from doctor.config.ignores import Ignores

FILES = [
    *("a.sh", "b.sh", "ab.sh", ".a", "[a]", "a b", "a ", "#a", "!a", "-", "^", "]"),
    *("a/a.sh", "a/b/a.sh", "b/a/b.sh", "a/a/a/b", "b/b/b/a.sh", "a/ab/b", "c/a", "c/b"),
]
FOLDERS = sorted({str(above) for file in FILES for above in [*Path(file).parents][:-1]})
PATTERNS = [
    *("a", "/a", "a/", "/a/", "*.sh", "/*.sh", "a/*", "a/**", "**/a", "**/a/", "a/**/b", "**"),
    *("*", "/", "//", "", " ", "#a", "\\#a", "!a", "\\!a", "a\\ ", "a ", "?.sh", "[ab].sh"),
    *("[!a].sh", "[^a].sh", "[a-b]", "[]]", "[-]", "[\\^]", "\\[a\\]", "a/b", "/a/b/", "**/**/a"),
    *("a**", "**b", "a*b*.sh", "***", "a/**/**/b", "*/b", "*/*/b", "!a/b", "!*.sh", "b/**/a.sh"),
]


def ignored_by_git(repository: Path, patterns: list[str], paths: list[str]) -> set[str]:
    (repository / ".gitignore").write_text("".join(f"{pattern}\n" for pattern in patterns))
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", "-z", "--stdin"],
        input="\0".join(paths).encode(),
        cwd=repository,
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return {path.decode() for path in done.stdout.split(b"\0") if path}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    if shutil.which("git") is None:
        pytest.skip("missing part: git")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def _same(repository: Path, patterns: list[str]) -> None:
    ours = Ignores(patterns)
    meant = {path for path in FILES if ours.mean(path)}
    meant |= {path for path in FOLDERS if ours.mean(path, folder=True)}
    assert meant == ignored_by_git(repository, patterns, [*FILES, *FOLDERS]), patterns


def test_each_pattern_means_what_git_takes_it_for(repository: Path) -> None:
    for pattern in PATTERNS:
        _same(repository, [pattern])


@pytest.mark.parametrize("seed", range(4))
def test_several_patterns_mean_what_git_takes_them_for(repository: Path, seed: int) -> None:
    chosen = random.Random(seed)
    for _ in range(40):
        _same(repository, chosen.choices(PATTERNS, k=chosen.randint(2, 4)))


@pytest.mark.parametrize(
    "pattern",
    ["*a" * 100 + "b", "*?" * 200 + "b", "**/a/" * 60 + "b", "[a-z]*" * 60 + "0", "*a*" * 80 + "0"],
)
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    """With an engine that goes back, each would take longer than the universe is old."""
    ignores = Ignores([pattern])
    assert not ignores.mean("a" * 250)
    assert not ignores.mean("/".join("a" * 60))
    assert not ignores.mean("/".join(["a" * 250] * 8))
