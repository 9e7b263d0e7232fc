"""Which files a scan examines: the options about that."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

Command = Callable[..., Outcome]

DELETE = "#!/bin/bash\n#SBATCH --ntasks=1\nrm -rf /tmp/vllm_*\n"


@pytest.fixture(autouse=True)
def _scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("x.sh", "old/y.sh", "new/z.sh"):
        write(name)


def write(path: str, text: str = DELETE) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def files(command: Command, *arguments: str) -> list[str]:
    outcome = command("scan", "--show-files", *arguments)
    assert outcome.code == 0, outcome.err
    return outcome.out.splitlines()


class TestExclude:
    def test_the_option_takes_the_place_of_the_configuration_s(self, command: Command) -> None:
        write(".vllm-doctor.toml", 'exclude = ["old/"]')
        assert files(command) == ["x.sh", "new/z.sh"]
        assert files(command, "--exclude", "new/") == ["x.sh", "old/y.sh"]
        assert files(command, "--extend-exclude", "new/") == ["x.sh"]
        assert files(command, "--exclude=new/", "--exclude=/x.sh") == ["old/y.sh"]

    def test_its_patterns_are_seen_from_where_one_is(
        self, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(".vllm-doctor.toml", 'exclude = ["/old/y.sh"]')
        write("new/old/y.sh")
        monkeypatch.chdir("new")
        assert files(command, "--extend-exclude", "/z.sh") == ["old/y.sh"]

    def test_what_is_named_is_taken_unless_it_is_forced(self, command: Command) -> None:
        write(".vllm-doctor.toml", 'exclude = ["old/"]')
        assert files(command, "old/y.sh", "x.sh") == ["old/y.sh", "x.sh"]
        outcome = command("scan", "--force-exclude", "--show-files", "old/y.sh", "old", "x.sh")
        assert outcome.out.splitlines() == ["x.sh"]
        assert outcome.err == (
            "vllm-doctor: left out: old/y.sh, old (exclude in .vllm-doctor.toml)\n"
        )
        write(".vllm-doctor.toml", 'exclude = ["old/"]\nforce-exclude = true')
        assert files(command, "old/y.sh", "x.sh") == ["x.sh"]
        assert files(command, "old/y.sh", "x.sh", "--no-force-exclude") == ["old/y.sh", "x.sh"]

    def test_the_standard_input_has_a_name_too(self, command: Command) -> None:
        arguments = ("scan", "-", "--stdin-filename", "old/y.sh", "--exclude", "old/")
        assert command(*arguments, stdin=DELETE.encode()).code == 1
        outcome = command(*arguments, "--force-exclude", stdin=DELETE.encode())
        assert (outcome.code, outcome.out) == (0, "No script found.\n")
        fixed = command(*arguments, "--force-exclude", "--fix", stdin=DELETE.encode())
        assert fixed.out == DELETE, "it is printed all the same"

    def test_a_wrong_pattern_is_one_sentence(self, command: Command) -> None:
        outcome = command("scan", "--exclude", "[z-a]")
        assert (outcome.code, outcome.out) == (2, "")
        assert "'[z-a]' is not a pattern" in outcome.err


class TestWhatIsLeftOut:
    def test_what_is_no_script(self, command: Command) -> None:
        write("Makefile", "all:\n")
        outcome = command("scan", "Makefile")
        assert (outcome.code, outcome.out) == (0, "No script found.\n")
        assert outcome.err == (
            "vllm-doctor: left out: Makefile (not a shell or Slurm script by its name, its first "
            "line or #SBATCH)\n"
        )

    def test_a_line_for_each_reason_be_they_many(self, command: Command) -> None:
        names = [f"{number}.txt" for number in range(9)]
        for name in names:
            write(name, "text\n")
        assert (
            "left out: 0.txt, 1.txt, 2.txt and 6 more (not a shell" in command("scan", *names).err
        )
        assert command("scan", "--quiet", *names).err == ""
        assert command("scan", ".").err == "", "nobody named them"

    def test_repairs_tell_it_too(self, command: Command) -> None:
        outcome = command("scan", "--fix", "--force-exclude", "--exclude=old/", "old/y.sh")
        assert "left out: old/y.sh (--exclude)" in outcome.err
        assert Path("old/y.sh").read_text() == DELETE


def test_a_file_that_is_missing_is_missing_from_the_list_too(command: Command) -> None:
    outcome = command("scan", "--show-files", "none.sh", "x.sh")
    assert (outcome.code, outcome.out) == (2, "x.sh\n")
    assert outcome.err == "vllm-doctor: none.sh: there is no such file or folder\n"


def git(*arguments: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@localhost")
    done = subprocess.run(["git", *who, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.skipif(shutil.which("git") is None, reason="missing part: git")
class TestChanged:
    @pytest.fixture(autouse=True)
    def _repository(self) -> None:
        git("init", "-q", "-b", "main")
        git("add", ".")
        git("commit", "-qm", "first")

    def test_since_the_last_commit(self, command: Command) -> None:
        assert files(command, "--changed") == []
        write("x.sh", DELETE + "true\n")
        write("new/untracked.sh")
        os.remove("old/y.sh")
        assert files(command, "--changed") == ["x.sh", "new/untracked.sh"]
        git("add", ".")
        listed = {*git("ls-files", "--modified").split(), *git("ls-files", "--others").split()}
        assert listed == set()
        assert files(command, "--changed") == ["x.sh", "new/untracked.sh"], "staged counts"

    def test_it_says_what_git_says(self, command: Command) -> None:
        write(".gitignore", "ignored.sh\n")
        for name in ("ignored.sh", "a b.sh", "ä.sh", "new/z.sh"):
            write(name, DELETE + "true\n")
        listed = git("ls-files", "-z", "--modified", "--others", "--exclude-standard").split("\0")
        assert set(files(command, "--changed")) == {name for name in listed if name.endswith(".sh")}

    def test_of_the_paths_only(self, command: Command) -> None:
        for name in ("x.sh", "new/z.sh"):
            write(name, DELETE + "true\n")
        assert files(command, "--changed", "HEAD", "new") == ["new/z.sh"]
        assert files(command, "--changed=HEAD", "x.sh", "old/y.sh") == ["x.sh"]

    def test_since_the_branch_left_another(self, command: Command) -> None:
        git("switch", "-qc", "branch")
        write("new/z.sh", DELETE + "true\n")
        git("commit", "-qam", "of the branch")
        git("switch", "-q", "main")
        write("x.sh", DELETE + "true\n")
        git("commit", "-qam", "of the main branch")
        git("switch", "-q", "branch")
        assert files(command, "--changed", "main") == ["new/z.sh"]
        assert files(command, "--changed") == []

    def test_seen_from_a_folder_below(
        self, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write("new/z.sh", DELETE + "true\n")
        monkeypatch.chdir("new")
        assert files(command, "--changed") == ["z.sh"]

    def test_only_what_changed_is_scanned_and_repaired(self, command: Command) -> None:
        write("x.sh", DELETE + "true\n")
        assert "in 1 script." in command("scan", "--changed").out
        command("scan", "--changed", "--fix")
        assert Path("old/y.sh").read_text() == DELETE
        assert Path("x.sh").read_text() != DELETE + "true\n"

    def test_what_is_no_revision(self, command: Command) -> None:
        outcome = command("scan", "--changed", "new")
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == (
            "vllm-doctor: --changed: git knows no revision 'new'; to name what to scan: "
            "--changed HEAD new\n"
        )


@pytest.mark.skipif(shutil.which("git") is None, reason="missing part: git")
def test_changed_outside_of_a_repository(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    outcome = command("scan", "--changed")
    assert (outcome.code, outcome.out) == (2, "")
    assert "git says: fatal: not a git repository" in outcome.err


def test_changed_without_git(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    outcome = command("scan", "--changed")
    assert (outcome.code, outcome.err) == (
        2,
        "vllm-doctor: --changed needs git, which is not here\n",
    )
