"""The configuration in layers: a site's, a user's and a project's, and what is in force of each."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from doctor.base.errors import DoctorError
from doctor.config import FILENAME, find, read
from tests.conftest import Outcome

Command = Callable[..., Outcome]

DELETE = "#!/bin/bash\n#SBATCH --gpus=1\nrm -rf /tmp/vllm_*\n"


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_DIRS", f"{tmp_path}/strong:{tmp_path}/site")
    monkeypatch.setenv("XDG_CONFIG_HOME", f"{tmp_path}/home")
    monkeypatch.delenv("VLLM_DOCTOR_CONFIG", raising=False)
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")


@pytest.fixture
def here(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, run in the project's folder."""
    monkeypatch.chdir(tmp_path / "project")
    return command


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


SITE, STRONG, USER = (f"../{each}/vllm-doctor/config.toml" for each in ("site", "strong", "home"))


class TestOverriding:
    def test_each_over_those_before_it(self) -> None:
        write(SITE, 'vllm-version = "0.8.0"\nshared-folders = ["/a"]\nbad-nodes = ["gpu01"]')
        assert find().vllm_version == "0.8.0"
        write(STRONG, 'vllm-version = "0.9.0"\nshared-folders = ["/b"]')
        assert find().vllm_version == "0.9.0"
        write(USER, 'vllm-version = "0.10.0"')
        assert find().vllm_version == "0.10.0"
        write(FILENAME, 'vllm-version = "0.11.0"')
        found = find()
        assert found.vllm_version == "0.11.0"
        assert found.shared_folders == ("/b",)
        assert found.bad_nodes == ("gpu01",)
        assert found.filename == FILENAME

    def test_lists_of_rules_and_places_grow_and_tables_gain_rows(self) -> None:
        for name in ("site", "home"):
            write(f"../{name}/vllm-doctor/lessons.md", "# Lessons\n")
        write(
            SITE, 'ignore = ["VD501"]\nkb = ["lessons.md"]\nseverity = {VD1 = "off", VD2 = "info"}'
        )
        write(USER, 'ignore = ["VD502"]\nkb = ["lessons.md"]\nseverity = {VD1 = "error"}')
        found = find()
        assert found.ignore == ("VD501", "VD502")
        assert [path.parts[-3] for path in found.kb] == ["site", "home"], "seen from the file"
        assert found.severity == {"VD1": "error", "VD2": "info"}

    def test_patterns_of_a_site_speak_of_the_project(self) -> None:
        write(SITE, 'exclude = ["/old/"]\n[per-file-ignores]\n"/w/*" = ["VD1"]')
        write(FILENAME, '[per-file-ignores]\n"*.sh" = ["VD2"]')
        found = find()
        assert found.excluded_by("old/x.sh") == f"exclude in {Path(SITE).resolve()}"
        assert found.ignores_for("w/x.sh") == ("VD1", "VD2")
        assert found.ignores_for("x.sh") == ("VD2",)

    def test_the_folders_that_hold_where_nothing_names_others(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("XDG_CONFIG_DIRS", "")
        monkeypatch.delenv("XDG_CONFIG_HOME")
        monkeypatch.setenv("HOME", str(tmp_path))
        write("../.config/vllm-doctor/config.toml", "slurm = true")
        assert find().slurm

    @pytest.mark.skipif(os.geteuid() != 0, reason="missing part: root, to be several users")
    def test_a_stranger_s_file_in_what_is_said_to_be_the_home_does_not_count(self) -> None:
        """HOME is /tmp in some containers."""
        write(USER, "slurm = true")
        os.chown(USER, 4711, -1)
        found = find()
        assert not found.slurm
        assert [Path(path).resolve() for path in found.passed_over] == [Path(USER).resolve()]

    def test_a_wrong_one_is_told_with_its_own_name(self, here: Command) -> None:
        write(USER, "slurm = 1")
        outcome = here("scan")
        assert outcome.code == 2
        assert f"{Path(USER).resolve()}:1: slurm must be true or false" in outcome.err
        assert here("scan", "--no-config").code == 0

    def test_a_wrong_selector_is_found_in_the_file_that_has_it(self, here: Command) -> None:
        write("x.sh", DELETE)
        write(SITE, '\nignore = ["VD000"]')
        write(FILENAME, 'ignore = ["VD501"]')
        assert f"{Path(SITE).resolve()}:2: no rule is called 'VD000'" in here("scan").err


class TestNamed:
    def test_the_one_that_is_named_takes_the_place_of_the_project_s(
        self, here: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write("x.sh", DELETE)
        write(SITE, 'ignore = ["VD2"]')
        write(FILENAME, 'ignore = ["VD101"]')
        write("../other.toml", 'severity = {VD101 = "warning"}')
        assert here("scan").code == 0
        assert "warning[VD101]" in here("scan", "--config", "../other.toml").out
        monkeypatch.setenv("VLLM_DOCTOR_CONFIG", "../other.toml")
        shown = here("scan").out
        assert "warning[VD101]" in shown
        assert "VD201" not in shown, "the site's is in force all the same"
        assert "error[VD101]" in here("scan", "--no-config").out
        assert here("scan", "--config", FILENAME).code == 0, "an option outranks a variable"

    def test_a_trace_takes_it_too(self, here: Command) -> None:
        write("x.sh", "#!/bin/bash\nvllm serve Qwen/Qwen3-8B\n")
        write(FILENAME, 'vllm-version = "0.10.2"')
        write("../other.toml", 'vllm-version = "0.11.2"')
        assert "0.10.2" in here("trace", "x.sh").out
        assert "0.11.2" in here("trace", "x.sh", "--config", "../other.toml").out
        assert "0.10.2" not in here("trace", "x.sh", "--no-config").out

    def test_one_that_is_missing(self, here: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("VLLM_DOCTOR_CONFIG", "none.toml")
        outcome = here("scan")
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == "vllm-doctor: none.toml: can't be read: No such file or directory\n"


class TestExtend:
    def test_what_it_extends_stands_below_it(self) -> None:
        write("../shared/base.toml", 'kb = ["lessons.md"]\nslurm = true\nvllm-version = "0.9.0"')
        write("../shared/lessons.md", "# Lessons\n")
        write(FILENAME, 'extend = "../shared/base.toml"\nvllm-version = "0.11.0"')
        found = read(Path(FILENAME))
        assert (found.slurm, found.vllm_version) == (True, "0.11.0")
        assert [path.resolve() for path in found.kb] == [Path("../shared/lessons.md").resolve()]
        assert len(found.files) == 2

    def test_one_after_another_and_from_pyproject(self) -> None:
        write("a.toml", 'extend = "b.toml"\nignore = ["VD1"]')
        write("b.toml", 'ignore = ["VD2"]')
        write("pyproject.toml", '[tool.vllm-doctor]\nextend = "a.toml"\nignore = ["VD3"]')
        assert find().ignore == ("VD2", "VD1", "VD3")

    def test_patterns_of_one_above_are_its_own_of_one_elsewhere_the_project_s(self) -> None:
        write("../.vllm-doctor.toml", 'exclude = ["/project/old/"]')
        write(
            "../elsewhere/base.toml", 'extend-exclude = ["/new/"]\nextend = "../.vllm-doctor.toml"'
        )
        write(FILENAME, 'extend = "../elsewhere/base.toml"')
        found = find()
        assert found.excluded_by("old/x.sh")
        assert found.excluded_by("new/x.sh")
        assert not found.excluded_by("project/old/x.sh")

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ('extend = "none.toml"', "none.toml, which is to be extended, does not exist"),
            ('extend = ".vllm-doctor.toml"', ".vllm-doctor.toml extends itself"),
            ('extend = "pyproject.toml"', "has no table [tool.vllm-doctor] to be extended"),
            ("extend = 1", "extend must be the path of a file"),
        ],
    )
    def test_what_is_refused(self, text: str, problem: str) -> None:
        write("pyproject.toml", "")
        write(FILENAME, f"slurm = true\n{text}")
        with pytest.raises(DoctorError) as error:
            find()
        assert str(error.value).startswith(f"{FILENAME}:2: ")
        assert problem in str(error.value)

    def test_two_that_extend_each_other(self) -> None:
        write("a.toml", 'extend = "b.toml"')
        write("b.toml", 'extend = "a.toml"')
        with pytest.raises(DoctorError, match=r"b\.toml:1: a\.toml extends itself"):
            read(Path("a.toml"))


class TestRequiredVersion:
    def test_one_that_fits(self) -> None:
        write(FILENAME, f'required-version = "=={version("vllm-slurm-doctor")}"')
        assert find().required_version

    def test_another_release_is_told_before_its_new_keys(self, here: Command) -> None:
        write(FILENAME, 'key-of-tomorrow = 1\nrequired-version = ">=99"')
        outcome = here("scan")
        assert (outcome.code, outcome.out) == (2, "")
        own = version("vllm-slurm-doctor")
        assert outcome.err == (
            f"vllm-doctor: {FILENAME}:2: required-version is >=99, but this is vllm-doctor {own}\n"
        )

    def test_what_is_none(self) -> None:
        write(FILENAME, 'required-version = "new"')
        with pytest.raises(DoctorError, match=r'must be versions, such as ">=0\.3,<0\.5"'):
            find()


class TestCommand:
    def test_what_is_in_force_and_who_says_so(self, here: Command) -> None:
        write(SITE, 'slurm = true\nignore = ["VD501"]\n[severity]\nVD1 = "off"\nVD2 = "info"')
        write(FILENAME, 'ignore = ["VD502"]\n[severity]\nVD1 = "error"')
        site = Path(SITE).resolve()
        outcome = here("config")
        assert outcome.code == 0
        assert [" ".join(line.split()) for line in outcome.out.splitlines()] == [
            "In force, each over those before it:", str(site), FILENAME, "",
            f"slurm = true # {site}:1",
            f'ignore = ["VD501"] # {site}:2',
            f'severity.VD2 = "info" # {site}:5',
            f'ignore = ["VD502"] # {FILENAME}:1',
            f'severity.VD1 = "error" # {FILENAME}:3',
        ]  # fmt: skip

    def test_as_json(self, here: Command) -> None:
        write(FILENAME, 'exclude = ["old/"]\n[per-file-ignores]\n"w/*" = ["VD1"]')
        row = 'per-file-ignores."w/*"'
        told = json.loads(here("config", "--format", "json").out)
        assert told == {
            "files": [FILENAME],
            "settings": [
                {"key": "exclude", "value": ["old/"], "filename": FILENAME, "line": 1},
                {"key": row, "value": ["VD1"], "filename": FILENAME, "line": 3},
            ],
        }  # fmt: skip

    def test_of_a_path(self, here: Command) -> None:
        write("sub/.vllm-doctor.toml", "slurm = true")
        assert "slurm = true" in here("config", "sub/x.sh").out
        assert "No file of configuration is in force" in here("config").out

    def test_where_there_is_none_it_says_where_it_looks(self, here: Command) -> None:
        for options in ((), ("--no-config",)):
            lines = here("config", *options).out.splitlines()
            assert [line.strip() for line in lines[1:4]] == [
                str(Path(path).resolve()) for path in (SITE, STRONG, USER)
            ]
        assert json.loads(here("config", "--format=json").out) == {"files": [], "settings": []}
