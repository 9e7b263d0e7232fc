"""The folders and disks that a server writes: each check failing, passing and unknown."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.node import quota, server_folders, space, tmp_folders
from doctor.node.checks import Check
from doctor.node.folder import Mount

from .looking import look
from .slurm import GROUP, USER, python_for_everybody

TMP, SOCKETS = tmp_folders.PROBES
#: A home that is there, is on no disk of its own, and below which nothing is made.
HOME = "/opt"

Mounted = Callable[[str], Path]
Serve = Callable[..., Path]


def folders(**environment: str) -> dict[str, Check]:
    return look(server_folders.PROBE, {"HOME": HOME, **environment})


class TestFoldersOfOthers:
    """VN301"""

    def at(self, folder: Path) -> Check:
        return look(TMP, {"TMPDIR": str(folder), "USER": "alice"})["VN301"]

    def test_none_is_there(self, tmp_path: Path) -> None:
        assert self.at(tmp_path).status == "ok"

    def test_our_own(self, tmp_path: Path) -> None:
        (tmp_path / "torchinductor_alice").mkdir(0o700)
        assert self.at(tmp_path).status == "ok"

    @pytest.mark.parametrize("variable", ["TMPDIR", "TEMP", "TMP"])
    def test_the_variable_that_names_the_folder(self, tmp_path: Path, variable: str) -> None:
        (tmp_path / "torchinductor_alice").mkdir()
        (tmp_path / "torchinductor_alice").chmod(0o777)
        check = look(TMP, {variable: str(tmp_path), "USER": "alice"})["VN301"]
        assert f"{tmp_path}/torchinductor_alice" in check.message

    @pytest.mark.skipif(os.geteuid() != 0, reason="missing part: only root can give files away")
    def test_somebody_else_s(self, tmp_path: Path) -> None:
        (tmp_path / "torchinductor_alice").mkdir()
        os.chown(tmp_path / "torchinductor_alice", 4711, -1)
        check = self.at(tmp_path)
        assert check.status == "warning"
        assert "belongs to 4711" in check.message
        assert "export TMPDIR=" in check.remedy

    def test_one_that_everybody_may_write(self, tmp_path: Path) -> None:
        (tmp_path / "torchinductor_alice").mkdir()
        (tmp_path / "torchinductor_alice").chmod(0o777)
        assert "Anybody may write to" in self.at(tmp_path).message

    @pytest.mark.skipif(os.geteuid() != 0, reason="missing part: only root can act for others")
    def test_one_that_we_may_not_write(self, tmp_path: Path) -> None:
        """As an ordinary user: root may write everything."""
        for folder in (tmp_path, *tmp_path.parents):
            if folder.owner() == "root" and folder.stat().st_mode & stat.S_IRWXO == 0:
                folder.chmod(0o711)
        tmp_path.chmod(0o1777)
        (tmp_path / f"torchinductor_{USER}").mkdir(0o755)
        done = subprocess.run(
            [*python_for_everybody(), "-m", "doctor", "node", "--no-config", "--select", "VN301"],
            env={**os.environ, "TMPDIR": str(tmp_path), "USER": USER, "HOME": "/"},
            cwd="/",
            user=USER,
            group=GROUP,
            extra_groups=[],
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (1, "")
        assert "✗ VN301" in done.stdout
        assert "belongs to root" in " ".join(done.stdout.split())

    def test_one_that_hangs(self, served: Serve) -> None:
        check = self.at(served("freeze"))
        assert check.status == "unknown"
        assert "its file system hangs" in check.message


class TestServerFolders:
    """VN302, VN303 and VN307"""

    def test_the_defaults_below_a_home_that_lasts(self) -> None:
        found = folders()
        assert {found[code].status for code in ("VN302", "VN303", "VN307")} == {"ok"}

    def test_compiled_code_in_memory(self) -> None:
        check = folders(VLLM_CACHE_ROOT="/dev/shm/vllm")["VN302"]
        assert check.status == "warning"
        assert "into memory, at /dev/shm/vllm" in check.message

    def test_models_on_the_node_s_own_disk(self) -> None:
        check = folders(HF_HOME="/tmp/models-of-nobody")["VN302"]
        assert check.status == "info"
        assert "/tmp/models-of-nobody/hub" in check.message

    def test_compiled_code_in_a_folder_of_the_job(self) -> None:
        check = folders(SLURM_JOB_ID="4711", VLLM_CACHE_ROOT="/opt/job.4711/vllm")["VN302"]
        assert "Each job compiles anew" in check.message

    def test_a_cache_that_can_not_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        check = folders(VLLM_CACHE_ROOT=str(tmp_path / "file" / "vllm"))["VN303"]
        assert check.status == "error"
        assert f"may not write to {tmp_path / 'file'}" in check.message

    def test_a_folder_for_temporary_files_that_is_not_there(self, tmp_path: Path) -> None:
        check = folders(TMPDIR=str(tmp_path / "gone"))["VN303"]
        assert check.status == "error"
        assert f"mkdir -p {tmp_path / 'gone'}" in check.remedy
        assert folders(TMPDIR=str(tmp_path))["VN303"].status == "ok"

    def test_models_on_a_file_system_that_is_read_only(self, mounted: Mounted) -> None:
        check = folders(HF_HOME=str(mounted("ro")))["VN303"]
        assert check.status == "warning"
        assert "there already, and complete" in check.message

    def test_kernels_of_several_nodes_on_network_storage(self, served: Serve) -> None:
        storage = str(served("answer"))
        alone = folders(TRITON_CACHE_DIR=storage)
        several = folders(TRITON_CACHE_DIR=storage, SLURM_JOB_NUM_NODES="2")
        assert (alone["VN307"].status, several["VN307"].status) == ("ok", "info")
        assert several["VN303"].status == "ok"

    def test_kernels_on_storage_of_which_nobody_knows_where_it_is(self, served: Serve) -> None:
        storage = str(served("answer", "bindfs"))
        check = folders(TRITON_CACHE_DIR=storage, SLURM_JOB_NUM_NODES="2")["VN307"]
        assert (check.status, "may lie on the network" in check.message) == ("unknown", True)

    def test_one_that_hangs_leaves_the_others(self, served: Serve, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        frozen = str(served("freeze"))
        found = folders(VLLM_CACHE_ROOT=frozen, TMPDIR=str(tmp_path / "file"))
        assert found["VN302"].status == "unknown"
        assert f"{frozen} does not answer" in found["VN302"].message
        assert found["VN303"].status == "error"  # of the other folder


class TestSpace:
    """VN304"""

    def on(self, folder: Path) -> Check:
        return look(space.PROBE, {"HOME": str(folder), "TMPDIR": str(folder)})["VN304"]

    def test_enough(self, mounted: Mounted) -> None:
        assert self.on(mounted("size=64g")).status == "ok"

    def test_little_for_models(self, mounted: Mounted) -> None:
        folder = mounted("size=10g")
        check = self.on(folder)
        assert check.status == "info"
        assert f"Only 10 of 10 GiB are free at {folder}" in check.message

    def test_little_for_temporary_files(self, mounted: Mounted) -> None:
        check = self.on(mounted("size=1500m"))
        assert check.status == "warning"
        assert "temporary-files" in check.message

    def test_nothing(self, mounted: Mounted) -> None:
        folder = mounted("size=512m")
        with (folder / "full").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 450 << 20)
        check = self.on(folder)
        assert check.status == "error"
        assert "is full" in check.message

    def test_no_more_files(self, mounted: Mounted) -> None:
        check = self.on(mounted("size=64g,nr_inodes=10"))
        assert check.status == "error"
        assert "more files" in check.message

    def test_one_that_hangs(self, served: Serve) -> None:
        frozen = served("freeze")
        check = self.on(frozen)
        assert check.status == "unknown"
        assert f"{frozen} does not answer" in check.message


class TestSockets:
    """VN305"""

    def test_a_short_path(self) -> None:
        assert look(SOCKETS, {})["VN305"].status == "ok"
        assert look(SOCKETS, {"TMPDIR": "/" + "x" * 69})["VN305"].status == "ok"

    def test_a_long_path(self) -> None:
        check = look(SOCKETS, {"TMPDIR": "/" + "x" * 70})["VN305"]
        assert check.status == "error"
        assert "108 bytes" in check.message

    def test_sockets_may_be_elsewhere(self) -> None:
        both = {"TMPDIR": "/" + "x" * 90, "VLLM_RPC_BASE_PATH": "/tmp"}
        assert look(SOCKETS, both)["VN305"].status == "ok"


class TestQuota:
    """VN306, from what the programs print that tell of quotas"""

    HEAD = """\
Disk quotas for user alice (uid 4711):
     Filesystem   space   quota   limit   grace   files   quota   limit   grace
"""

    def told(self, folder: Path, text: str, name: str = "quota", more: str = "") -> Check:
        """What a program tells that prints this."""
        program = folder / name
        program.write_text(f"#!/bin/sh\n{more}\n/bin/cat <<'END'\n{text}\nEND\n")
        program.chmod(0o755)
        return look(quota.PROBE, {"PATH": str(folder), "HOME": HOME})["VN306"]

    def test_one_that_is_used_up(self, tmp_path: Path) -> None:
        line = "/home 52428800* 50000000 52428800 1764240000 120 0 0 0"
        check = self.told(tmp_path, self.HEAD + line)
        assert check.status == "error"
        assert "on /home is used up: 50 GiB" in check.message

    def test_one_of_files(self, tmp_path: Path) -> None:
        check = self.told(tmp_path, self.HEAD + "/home 100 0 0 0 99990* 90000 100000 1764240000")
        assert "only 10 more files" in check.message

    def test_one_that_leaves_room(self, tmp_path: Path) -> None:
        line = "/home 1048576 0 104857600 0 120 0 0 0"
        assert self.told(tmp_path, self.HEAD + line).status == "ok"

    def test_one_of_lustre(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        lustre = {"/": Mount("/", "lustre", "/")}
        monkeypatch.setattr("doctor.node.folder._mounts", lambda: lustre)
        line = "/ 104800000 0 104857600 - 120 0 0 -"
        check = self.told(tmp_path, line, name="lfs")
        assert check.status == "error"

    def test_lustre_is_not_asked_of_what_lies_elsewhere(self, tmp_path: Path) -> None:
        check = self.told(tmp_path, "", name="lfs", more="echo 'no such device' >&2")
        assert check.status == "ok"

    def test_a_program_that_complains(self, tmp_path: Path) -> None:
        said = "quota: error while getting quota from nfs1:/home for alice: Connection refused"
        check = self.told(tmp_path, "", more=f"echo '{said}' >&2")
        assert (check.status, "Connection refused" in check.message) == ("unknown", True)

    def test_the_real_program(self) -> None:
        """It takes what it is asked with, whether or not a file system here has quotas."""
        if shutil.which("quota") is None:
            pytest.skip("missing part: the program quota")
        check = look(quota.PROBE, {"PATH": os.environ["PATH"], "HOME": HOME})["VN306"]
        assert check.status != "unknown"

    def test_none_is_set(self, tmp_path: Path) -> None:
        assert self.told(tmp_path, "Disk quotas for user alice (uid 4711): none").status == "ok"

    def test_no_program_tells(self, tmp_path: Path) -> None:
        check = look(quota.PROBE, {"PATH": str(tmp_path), "HOME": HOME})["VN306"]
        assert check.status == "skipped"

    def test_a_file_server_that_does_not_answer(self, tmp_path: Path) -> None:
        check = self.told(tmp_path, "", more="exec /bin/sleep 60")
        assert check.status == "unknown"
        assert "quota gave no answer" in check.message
