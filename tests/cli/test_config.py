"""The configuration: where it is found, what it says, what it refuses."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.base.errors import DoctorError
from doctor.config import FILENAME, Config, find, from_mapping, read
from doctor.config.config import Exclusion, FileIgnores
from tests.conftest import Outcome


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def refused(path: Path, text: str) -> str:
    with pytest.raises(DoctorError) as error:
        read(write(path, text))
    return str(error.value)


def test_every_key(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    write(tmp_path / "docs/lessons.md", "")
    config = read(
        write(
            tmp_path / ".vllm-doctor.toml",
            """
            select = ["VD2", "broken-vllm-version"]
            ignore = ["VD202"]
            exclude = ["third_party/"]
            bad-nodes = ["gpu[01-03]", "gpu09"]
            vllm-version = "0.11.2"
            shared-folders = ["/scratch/"]
            gpu-types = {dgx = "h100"}
            slurm = true
            kb = ["docs/lessons.md"]
            rules = ["rules"]
            severity = {VD711 = "error"}
            [per-file-ignores]
            "old/*" = ["VD1"]
            """,
        )
    )
    path = str(tmp_path / ".vllm-doctor.toml")
    assert config == Config(
        root=tmp_path,
        filename=path,
        select=("VD2", "broken-vllm-version"),
        ignore=("VD202",),
        exclude=(Exclusion(tmp_path, ("third_party/",), f"exclude in {path}"),),
        per_file_ignores=(FileIgnores(tmp_path, "old/*", ("VD1",)),),
        severity={"VD711": "error"},
        bad_nodes=("gpu[01-03]", "gpu09"),
        vllm_version="0.11.2",
        shared_folders=("/scratch",),
        gpu_types={"dgx": "h100"},
        slurm=True,
        kb=(tmp_path / "docs/lessons.md",),
        rules=(tmp_path / "rules",),
        given=config.given,
        files=(path,),
    )
    assert set(config.given.values()) == {path}


def test_the_nearest_folder_that_holds_all_paths(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.vllm-doctor]\nslurm = true\n")
    write(tmp_path / "a/pyproject.toml", "[project]\nname = 'vllm-doctor-user'\n")
    write(tmp_path / "a/b/.vllm-doctor.toml", "ignore = ['VD1']")
    write(tmp_path / "a/b/x.sh", "")
    write(tmp_path / "a/y.sh", "")
    assert find([str(tmp_path / "a/b/x.sh")]).ignore == ("VD1",)
    assert find([str(tmp_path / "a/b")]).ignore == ("VD1",)
    assert find([str(tmp_path / "a/b/x.sh"), str(tmp_path / "a/y.sh")]).slurm
    assert find([str(tmp_path / "a")]).root == tmp_path


STRANGER, COLLEAGUE = 4711, 4712


@pytest.mark.skipif(os.geteuid() != 0, reason="missing part: root, to be several users")
@pytest.mark.parametrize("name", [FILENAME, "pyproject.toml"])
def test_what_a_stranger_puts_above_does_not_count(tmp_path: Path, name: str) -> None:
    """Anybody may put a file into /tmp, above what others keep there."""
    write(tmp_path / FILENAME, 'ignore = ["VD1"]')
    text = 'ignore = ["VD2"]'
    path = tmp_path / "shared" / name
    write(path, text if name == FILENAME else f"[tool.vllm-doctor]\n{text}")
    (tmp_path / "shared/mine").mkdir()
    script = str(tmp_path / "shared/mine/x.sh")
    os.chown(path, STRANGER, -1)
    found = find([script])
    assert (found.ignore, found.passed_over) == (("VD1",), (str(path),))
    os.chown(tmp_path / "shared/mine", STRANGER, -1)
    assert find([script]).ignore == ("VD2",), "it is of whom the scanned folder is"
    os.chown(path, COLLEAGUE, -1)
    assert find([script]).ignore == ("VD1",)
    assert find([str(tmp_path / "shared")]).ignore == ("VD2",), "it is in the folder itself"
    (tmp_path / "shared").chmod(0o1777)
    assert find([str(tmp_path / "shared")]).ignore == ("VD1",), "but everybody may write there"
    os.chown(path, os.geteuid(), -1)
    assert find([script]).passed_over == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="missing part: root, to be several users")
def test_it_is_told_that_a_stranger_s_does_not_count(
    command: Callable[..., Outcome], tmp_path: Path
) -> None:
    write(tmp_path / FILENAME, "wrong = 1")
    write(tmp_path / "mine/x.sh", "date\n")
    os.chown(tmp_path / FILENAME, STRANGER, -1)
    for arguments in (("scan", "mine"), ("trace", "mine/x.sh")):
        outcome = command(*arguments)
        assert outcome.code == 0
        assert f"{FILENAME} is not in force: it belongs neither to you" in outcome.err
    (tmp_path / FILENAME).unlink()
    os.mkfifo(tmp_path / FILENAME)
    assert command("scan", "mine").err == ""


def test_its_own_file_wins_over_pyproject(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.vllm-doctor]\nignore = ['VD1']\n")
    write(tmp_path / ".vllm-doctor.toml", "ignore = ['VD2']")
    assert find([str(tmp_path)]).ignore == ("VD2",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("slurm = true\nbad-node = []", "2: unknown key 'bad-node'; did you mean 'bad-nodes'?"),
        ("[severty]\nVD1 = 'off'", "1: unknown key 'severty'; did you mean 'severity'?"),
        ("\nselect = 'VD1'", "2: select must be a list of strings"),
        ("select = ['']", "1: select must be a list of strings"),
        ("slurm = 1", "1: slurm must be true or false"),
        ("vllm-version = 0.11", '1: vllm-version must be a quoted release, such as "0.11.2"'),
        ("vllm-version = 'new'", "must be a release, such as \"0.11.2\", not 'new'"),
        ("shared-folders = ['scratch']", "shared-folders must be absolute paths, not 'scratch'"),
        ("gpu-types = ['h100']", "gpu-types must be a table of partitions and types"),
        ("gpu-types = {dgx = 8}", "gpu-types must be a table of partitions and types"),
        ("bad-nodes = ['gpu[1-']", "1: bad-nodes has a hostlist that can't be read"),
        ("[severity]\nVD1 = 'eror'", "not 'eror'; did you mean 'error'?"),
        ("severity = ['VD1']", "1: severity must be a table"),
        ("per-file-ignores = {'a' = 'VD1'}", "must give a list of codes or names"),
        ("kb = ['no.md']", "no.md, given as kb, does not exist"),
        ("slurm = \n", "1: this is not TOML"),
    ],
)
def test_what_is_refused_with_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / ".vllm-doctor.toml"
    sentence = refused(path, text)
    assert sentence.startswith(f"{path}:")
    assert message in sentence


def test_files_that_are_no_configuration(tmp_path: Path) -> None:
    assert "there is no table [tool.vllm-doctor]" in refused(tmp_path / "pyproject.toml", "")
    text = "[tool]\nvllm-doctor = 3"
    assert "must be a table" in refused(tmp_path / "pyproject.toml", text)
    with pytest.raises(DoctorError, match="can't be read: No such file"):
        read(tmp_path / "missing.toml")
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    with pytest.raises(DoctorError, match=r"latin\.toml:1: is not UTF-8 text"):
        read(tmp_path / "latin.toml")


def test_patterns_are_those_of_gitignore(tmp_path: Path) -> None:
    patterns = {"exclude": ["/build/", "*.old.sh", "!keep.old.sh", "a/**/z.sh"]}
    config = from_mapping(patterns, tmp_path)
    assert config.excluded_by(str(tmp_path / "build"), folder=True)
    assert not config.excluded_by(str(tmp_path / "sub/build"), folder=True)
    assert config.excluded_by(str(tmp_path / "sub/x.old.sh"))
    assert not config.excluded_by(str(tmp_path / "keep.old.sh"))
    assert config.excluded_by(str(tmp_path / "a/b/c/z.sh"))
    assert not config.excluded_by("/elsewhere/x.old.sh")


def test_the_longest_selector_decides_the_severity(tmp_path: Path) -> None:
    table = {"severity": {"VD": "info", "VD2": "warning", "bad-node-requested": "off"}}
    config = from_mapping(table, tmp_path)
    assert config.severity_of("VD101", "x") == "info"
    assert config.severity_of("VD201", "y") == "warning"
    assert config.severity_of("VD202", "bad-node-requested") == "off"
    assert Config().severity_of("VD101", "x") is None


def test_selectors_that_mean_no_rule(tmp_path: Path) -> None:
    path = write(tmp_path / ".vllm-doctor.toml", "slurm = true\nignore = ['VD20', 'VD999']\n")
    with pytest.raises(DoctorError) as error:
        read(path).refuse_unknown({"VD201": "bad-node-not-excluded", "VD909": "other"})
    assert str(error.value).startswith(f"{path}:2: no rule is called 'VD999'; did you mean 'VD909'")


def test_one_above_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    """The script on the standard input may be said to lie anywhere."""
    write(tmp_path / FILENAME, "slurm = true")
    assert find([str(tmp_path / "no/such/x.sh")]).slurm
