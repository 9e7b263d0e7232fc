"""The hook for pre-commit, with real git and real pre-commit in a repository of its own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.skipif(shutil.which("git") is None, reason="missing part: git"),
    pytest.mark.skipif(
        importlib.util.find_spec("pre_commit") is None, reason="missing part: pre-commit"
    ),
]

FAULTY = "#!/bin/bash\nrm -rf /tmp/torchinductor_*\n"
REPAIRED = '#!/bin/bash\nrm -rf "/tmp/torchinductor_$USER"\n'


@dataclass(frozen=True)
class Repository:
    """A git repository that knows nobody's settings, and pre-commit's cache beside it."""

    folder: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        beside = self.folder.parent
        return subprocess.run(
            arguments,
            cwd=self.folder,
            env={
                "PATH": f"{beside / 'bin'}:{os.environ['PATH']}",
                "HOME": str(beside),
                "PRE_COMMIT_HOME": str(beside / "pre-commit"),
                "GIT_CONFIG_NOSYSTEM": "1",
                **{f"GIT_{who}_NAME": "Someone" for who in ("AUTHOR", "COMMITTER")},
                **{f"GIT_{who}_EMAIL": "someone@localhost" for who in ("AUTHOR", "COMMITTER")},
                **{k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_"))},
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def must(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self) -> subprocess.CompletedProcess[str]:
        self.must("git", "add", "-A")
        return self.run("git", "commit", "-m", "A change")

    def install(self, repo: dict[str, object]) -> None:
        self.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [repo]}))
        self.must(sys.executable, "-m", "pre_commit", "install")


def make(folder: Path) -> Repository:
    folder.mkdir(parents=True)
    repository = Repository(folder)
    repository.must("git", "init", "-q")
    return repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return with_hook(tmp_path, "vllm-doctor")


def with_hook(tmp_path: Path, name: str) -> Repository:
    """A repository with our hook as it is published, but run with the vllm-doctor at hand."""
    program = tmp_path / "bin/vllm-doctor"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m doctor "$@"\n')
    program.chmod(0o755)
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    hook = next(hook for hook in hooks if hook["id"] == name)
    made = make(tmp_path / "repository")
    made.install({"repo": "local", "hooks": [{**hook, "language": "system"}]})
    return made


def test_a_commit_is_refused_then_let_through(repository: Repository) -> None:
    scripts = ("jobs/serve.sbatch", "bin/launch", "run.slurm")
    for name in scripts:
        repository.write(name, FAULTY)
    repository.write("README.md", "```bash\nrm -rf /tmp/torchinductor_*\n```\n")
    repository.write("clean.py", "import os  # rm -rf /tmp/torchinductor_*\n")
    refused = repository.commit()
    assert refused.returncode == 1
    for name in scripts:
        assert f"{name}:2:8: error[VD101]" in refused.stdout + refused.stderr
    assert "Found 3 errors in 3 of 3 scripts." in refused.stdout + refused.stderr
    assert repository.run("git", "rev-parse", "HEAD").returncode != 0

    for name in scripts:
        repository.write(name, REPAIRED)
    assert repository.commit().returncode == 0
    assert repository.must("git", "log", "--format=%s") == "A change\n"


@pytest.mark.parametrize(
    "name", ["--fix", "--fail-on=never", "--ignore=VD", "--select=VD005", "--help", "-"]
)
def test_a_file_with_the_name_of_an_option_is_a_file(repository: Repository, name: str) -> None:
    repository.write("serve.sh", FAULTY)
    repository.write(name, "#!/bin/bash\ndate\n")
    refused = repository.commit()
    assert refused.returncode == 1
    assert "serve.sh:2:8: error[VD101]" in refused.stdout + refused.stderr
    assert (repository.folder / "serve.sh").read_text() == FAULTY


def test_only_what_is_committed_is_looked_at(repository: Repository) -> None:
    repository.write("old.sh", FAULTY)
    repository.must("git", "add", "-A")
    repository.must("git", "commit", "--no-verify", "-m", "Before the hook")
    repository.write("notes.txt", "nothing to see\n")
    assert repository.commit().returncode == 0
    assert repository.run(sys.executable, "-m", "pre_commit", "run", "-a").returncode == 1


def test_the_configuration_holds_in_the_hook(repository: Repository) -> None:
    repository.write("third_party/x.sh", FAULTY)
    repository.write("pyproject.toml", '[tool.vllm-doctor]\nexclude = ["third_party/"]\n')
    assert repository.commit().returncode == 0


def test_a_wrong_configuration_refuses_the_commit(repository: Repository) -> None:
    repository.write("x.sh", REPAIRED)
    repository.write(".vllm-doctor.toml", "exclud = []\n")
    refused = repository.commit()
    assert refused.returncode == 1
    assert "did you mean 'exclude'?" in refused.stdout + refused.stderr


def test_the_other_hook_repairs(tmp_path: Path) -> None:
    repository = with_hook(tmp_path, "vllm-doctor-fix")
    repository.write("serve.sh", FAULTY)
    refused = repository.commit()
    assert refused.returncode == 1
    assert "serve.sh:2:8: fixed VD101" in refused.stdout + refused.stderr
    assert "rm -rf" in (repository.folder / "serve.sh").read_text()
    assert "rm -rf /tmp/torchinductor_*" not in (repository.folder / "serve.sh").read_text()
    assert repository.commit().returncode == 0


def test_installed_from_its_repository(tmp_path: Path) -> None:
    """As users have it: pre-commit clones the repository and installs what is in it."""
    published = make(tmp_path / "published")
    for name in subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines():
        published.write(name, (ROOT / name).read_text("utf-8", "surrogateescape"))
    assert published.commit().returncode == 0
    revision = published.must("git", "rev-parse", "HEAD").strip()

    repository = make(tmp_path / "repository")
    repository.install(
        {"repo": str(published.folder), "rev": revision, "hooks": [{"id": "vllm-doctor"}]}
    )
    built = repository.run(sys.executable, "-m", "pre_commit", "install-hooks")
    if "No matching distribution" in built.stdout or "Could not find a version" in built.stdout:
        pytest.skip("missing part: a package index")
    assert built.returncode == 0, built.stdout + built.stderr

    repository.write("serve.sbatch", FAULTY)
    refused = repository.commit()
    assert refused.returncode == 1
    assert "serve.sbatch:2:8: error[VD101]" in refused.stdout + refused.stderr
    repository.write("serve.sbatch", REPAIRED)
    assert repository.commit().returncode == 0
