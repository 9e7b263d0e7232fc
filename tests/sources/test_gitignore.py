"""What git ignores is left alone: compared with what a real git says."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from doctor.config import Config, from_mapping
from doctor.diagnostic import Source
from doctor.sources import Omitted, discover
from doctor.sources.gitignore import GitIgnore

SCRIPT = "#!/bin/bash\necho hello\n"

git_is_here = pytest.mark.skipif(shutil.which("git") is None, reason="missing part: git")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for a repository, and a home that nobody else's settings reach."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")


def write(path: str, text: str = SCRIPT) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout


def ls_files() -> set[str]:
    """The scripts that git would add."""
    listed = git("ls-files", "-z", "--others", "--exclude-standard").split("\0")
    return {name for name in listed if name.endswith(".sh")}


def found(*paths: str, **settings: object) -> set[str]:
    table = {key.replace("_", "-"): value for key, value in settings.items()}
    each = discover(paths or (".",), from_mapping(table, Path.cwd()))
    return {source.filename for source in each if isinstance(source, Source)}


@git_is_here
class TestAsGit:
    def test_every_kind_of_pattern(self) -> None:
        git("init", "-q")
        write(
            ".gitignore",
            "# a comment\r\n\nresults/\n*.gen.sh\n!keep.gen.sh\n/top.sh\ndeep/**/x.sh\n"
            "a?c.sh\n[0-9]*.sh\n\\#odd.sh\n\\!odd.sh\ntrailing.sh   \nblank\\ .sh\nsub/only.sh\n"
            "all/*\n!all/but.sh\n",
        )
        write("sub/.gitignore", "!one.gen.sh\nlocal.sh\n*.tmp/\n")
        write(".git/info/exclude", "private.sh\n")
        write("../home/git/ignore", "mine.sh\n")
        for name in (
            *("results/a.sh", "sub/results/a.sh", "results.sh", "x.gen.sh", "keep.gen.sh"),
            *("top.sh", "sub/top.sh", "deep/x.sh", "deep/a/b/x.sh", "abc.sh", "abbc.sh", "1.sh"),
            *("#odd.sh", "!odd.sh", "trailing.sh", "blank .sh", "only.sh", "sub/only.sh"),
            *("sub/one.gen.sh", "sub/two.gen.sh", "local.sh", "sub/local.sh", "sub/x.tmp/a.sh"),
            *("private.sh", "sub/private.sh", "mine.sh", "all/a.sh", "all/but.sh", "all/b/c.sh"),
        ):
            write(name)
        assert found() == ls_files()
        assert 5 < len(found()) < 25

    @pytest.mark.parametrize("seed", range(60))
    def test_patterns_at_random(self, seed: int) -> None:
        """Names of few letters, so that patterns often fit."""
        chance = random.Random(seed)
        git("init", "-q")
        folders = ["", "a/", "b/", "a/b/", "a/b/a/"]
        for folder in folders:
            for name in ("a.sh", "b.sh", "ab.sh", "ba.sh"):
                write(folder + name)
        pieces = ["a", "b", "*", "?", "[ab]", "[!a]", "a*", "*b", ".sh", "a.sh", "*.sh"]
        for folder in chance.sample(folders, 3):
            lines = []
            for _ in range(chance.randint(1, 5)):
                words = ["".join(chance.choices(pieces, k=chance.randint(1, 2)))]
                words += chance.choices([*pieces, "**", "***"], k=chance.choice([0, 0, 1, 2]))
                begin = chance.choice(["", "", "/", "!", "!/"])
                lines.append(begin + "/".join(words) + chance.choice(["", "", "/"]))
            write(f"{folder}.gitignore", "\n".join(lines) + "\n")
        assert found() == ls_files(), [p.read_text() for p in Path().rglob(".gitignore")]

    def test_a_named_file_is_judged_with_the_folders_above_it(self) -> None:
        git("init", "-q")
        write(".gitignore", "results/\n*.gen.sh\n")
        named = ["results/a/b.sh", "x.gen.sh", "c.sh"]
        for name in named:
            write(name)
        assert found(*named) == set(named), "what is named is taken"
        forced = discover(named, from_mapping({"force-exclude": True}, Path.cwd()))
        assert [each for each in forced if isinstance(each, Omitted)] == [
            Omitted(name, ".gitignore") for name in named[:2]
        ]

    def test_a_worktree_has_the_list_of_its_repository(self) -> None:
        git("init", "-q", "first")
        write("first/x.sh")
        git("-C", "first", "add", ".")
        who = ("-c", "user.name=x", "-c", "user.email=x@localhost")
        git("-C", "first", *who, "commit", "-qm", "x")
        write("first/.git/info/exclude", "private.sh\n")
        git("-C", "first", "worktree", "add", "-q", "../second")
        write("second/private.sh")
        assert found("second") == {"second/x.sh"}

    def test_a_repository_inside_has_lists_of_its_own(self) -> None:
        git("init", "-q")
        write(".gitignore", "x.sh\n")
        write("inner/x.sh")
        git("init", "-q", "inner")
        assert found() == {"inner/x.sh"}


def test_without_a_repository_no_list_counts() -> None:
    write(".gitignore", "x.sh\n")
    write("x.sh")
    assert found() == {"x.sh"}


def test_a_folder_that_is_ignored_and_named_is_looked_into() -> None:
    write(".git/config", "")
    write(".gitignore", "results/\n*.gen.sh\n")
    write("results/a.sh")
    write("results/b.gen.sh")
    assert found() == set()
    assert found("results") == {"results/a.sh"}


def test_who_does_not_want_it() -> None:
    write(".git/config", "")
    write(".gitignore", "x.sh\n")
    write("x.sh")
    assert found(respect_gitignore=False) == {"x.sh"}


def test_what_is_no_pattern_is_left_out() -> None:
    write(".git/config", "")
    write(".gitignore", "[z-a].sh\nx.sh\n")
    write("x.sh")
    write("y.sh")
    assert found() == {"y.sh"}


@pytest.mark.skipif(os.geteuid() != 0, reason="missing part: root, to be several users")
def test_a_stranger_can_not_hide_what_others_keep() -> None:
    """Anybody may make /tmp a repository in which all is ignored."""
    write("../.git/config", "")
    write("../.gitignore", "*\n")
    write("x.sh")
    assert found() == set()
    os.chown("../.git", 4711, -1)
    assert found() == {"x.sh"}


def test_a_pattern_takes_no_more_time_than_it_is_long() -> None:
    write(".git/config", "")
    write(".gitignore", "*a" * 200 + "b\n" + "**/a/" * 200 + "b\n")
    assert GitIgnore(".").ignored_by("a" * 250) is None
    assert GitIgnore(".").ignored_by("a/" * 250 + "a") is None
    assert Config().respect_gitignore
