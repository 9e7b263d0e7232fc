"""From Slurm's sources to the table of its options."""

from __future__ import annotations

import io
import runpy
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from doctor.slurm import declared
from renew.slurm import main

CODE = """
static slurm_cli_opt_t slurm_opt_hosts = {
	.name = "hosts",
	.has_arg = required_argument,
	.val = 'h',
	.set_func = arg_set_hosts,
	.reset_each_pass = true,
};
static slurm_cli_opt_t slurm_opt_machines = {
	.name = "machines",
	.has_arg = required_argument,
	.val = 'h',
	.set_func = arg_set_hosts,
	.reset_each_pass = true,
};
static slurm_cli_opt_t slurm_opt_screen = {
#ifdef WITH_SCREEN
	.name = "screen",
#else
	.name = NULL,
#endif
	.has_arg = no_argument,
	.val = LONG_OPT_SCREEN,
	.set_func_srun = arg_set_screen,
};
static slurm_cli_opt_t slurm_opt_secret = {
	.name = NULL, /* envvar only */
	.has_arg = no_argument,
	.val = LONG_OPT_SECRET,
	.set_func = arg_set_secret,
};
static slurm_cli_opt_t slurm_opt_unlisted = {
	.name = "unlisted",
};
static const slurm_cli_opt_t *common_options[] = {
	&slurm_opt_hosts,
	&slurm_opt_machines,
	&slurm_opt_screen,
	&slurm_opt_secret,
	NULL /* END */
};
"""


def archive(folder: Path, version: str, code: str) -> str:
    """A release's archive, as Debian's source package has it."""
    file = folder / f"slurm-wlm_{version}.orig.tar.gz"
    files = {"META": f"  Name:\tslurm\n  Version:\t{version}\n", "src/common/slurm_opt.c": code}
    with tarfile.open(file, "w:gz") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(f"slurm-{version}/{path}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return str(file)


def table(tmp_path: Path, *sources: str) -> Mapping[str, Any]:
    file = tmp_path / "made.py"
    assert main(["--table", str(file), *sources]) == 0
    return runpy.run_path(str(file))


def test_the_options_of_one_release(tmp_path: Path) -> None:
    made = table(tmp_path, archive(tmp_path, "24.11.5", CODE))
    assert made["EVERY"].split() == ["hosts|h:", "machines|h:"]
    assert {program: own.split() for program, own in made["OWN"].items()} == {
        "sbatch": [],
        "salloc": [],
        "srun": ["screen"],
    }
    assert made["ALIASES"].split() == ["machines=hosts"]
    assert made["PER_COMPONENT"].split() == ["hosts", "machines"]


def test_where_releases_differ(tmp_path: Path) -> None:
    (old := tmp_path / "old").mkdir()
    (old / "META").write_text("  Version:\t23.02.1\n")
    (old / "src" / "common").mkdir(parents=True)
    changed = CODE.replace("required_argument", "no_argument", 1)
    changed = changed.replace("reset_each_pass = true", "reset_each_pass = false", 1)
    (old / "src" / "common" / "slurm_opt.c").write_text(changed)
    made = table(tmp_path, archive(tmp_path, "24.11.5", CODE), str(old))
    assert made["EVERY"].split() == ["hosts|h::", "machines|h:"]
    assert made["PER_COMPONENT"].split() == ["machines"]
    assert "23.02.1, 24.11.5" in (made["__doc__"] or "")


def test_what_changed_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(tmp_path, archive(tmp_path, "24.11.5", CODE))
    capsys.readouterr()
    table(tmp_path, archive(tmp_path, "25.05.1", CODE.replace('"screen"', '"glass"')))
    assert capsys.readouterr().out == "+ glass\n- screen\nThe table has changed.\n"
    table(tmp_path, archive(tmp_path, "25.05.1", CODE.replace('"screen"', '"glass"')))
    assert capsys.readouterr().out == "The table is as it was.\n"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (CODE.replace("&slurm_opt_hosts", "&slurm_opt_lost"), "the record of lost is not found"),
        (CODE.replace("no_argument", "ask_the_user"), "the record of screen is not understood"),
        ("int main;", "no list of options is found"),
    ],
)
def test_what_is_not_understood_stops_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], code: str, problem: str
) -> None:
    source = archive(tmp_path, "24.11.5", code)
    assert main(["--table", str(tmp_path / "made.py"), source]) == 2
    assert capsys.readouterr().err == f"renew: {source}: {problem}\n"
    assert not (tmp_path / "made.py").exists()


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_no_sources_of_slurm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    source = tmp_path / "slurm.tar.gz"
    source.write_bytes(content)
    assert main(["--table", str(tmp_path / "made.py"), str(source)]) == 2
    assert f"renew: {source} cannot be read" in capsys.readouterr().err


def test_every_option_of_a_program_has_one_entry() -> None:
    for own in declared.OWN.values():
        names = [entry.partition("|")[0].rstrip(":") for entry in (declared.EVERY + own).split()]
        assert len(names) == len(set(names))
