"""A file that is fixed stays what it was otherwise, or stays as it was."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctor.diagnostic import Source
from doctor.fix.files import NotFixedError, replace_file
from doctor.sources import decode

from .conftest import Program

FAULTY = b"#!/bin/bash\nrm -rf /tmp/torchinductor_*\n"
REPAIRED = (
    b"#!/bin/bash\nfind /tmp/ -mindepth 1 -maxdepth 1 -name 'torchinductor_*'"
    b' -user "$(id -u)" -exec rm -rf {} +\n'
)
NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")

as_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="missing part: root and setpriv, to be several users",
)


@pytest.fixture
def job(tmp_path: Path) -> Path:
    path = tmp_path / "job.sh"
    path.write_bytes(FAULTY)
    return path


@pytest.fixture
def open_job() -> Iterator[Path]:
    """A script in a folder that every user may enter and write into."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        path = Path(folder, "job.sh")
        path.write_bytes(FAULTY)
        yield path


def _replaced(path: Path, after: bytes = REPAIRED) -> None:
    before = decode(path.read_bytes(), str(path))
    assert isinstance(before, Source)
    text = after.decode(before.encoding)
    replace_file(before, Source(before.filename, text, encoding=before.encoding))


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o660, 0o2755, 0o4711])
def test_the_mode_is_kept(mode: int, job: Path, program: Program) -> None:
    job.chmod(mode)
    assert program("--fix", "job.sh").returncode == 0
    assert job.read_bytes() == REPAIRED
    assert stat.S_IMODE(job.stat().st_mode) == mode


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"\n", b"\r\n", 1),
        lambda data: data.rstrip(b"\n"),
        lambda data: data + b"\n\n",
        lambda data: data + b"# caf\xe9\n",
        lambda data: data + "# größer, 中文, \u2028\n".encode(),
        lambda data: data + b"# \x0c \x1e \x85 \t \n",
    ],
    ids=["bom", "crlf", "mixed", "no-end", "empty-lines", "latin-1", "utf-8", "odd"],
)
def test_every_other_byte_is_kept(change, job: Path, program: Program) -> None:  # type: ignore[no-untyped-def]
    job.write_bytes(change(FAULTY))
    assert program("--fix", "job.sh").returncode == 0
    assert job.read_bytes() == change(REPAIRED)


def test_a_link_stays_a_link(job: Path, tmp_path: Path, program: Program) -> None:
    (tmp_path / "folder").mkdir()
    link = tmp_path / "folder/link.sh"
    link.symlink_to("../job.sh")
    second = tmp_path / "second.sh"
    second.symlink_to(link)
    assert program("--fix", "second.sh").returncode == 0
    assert (os.readlink(second), os.readlink(link)) == (str(link), "../job.sh")
    assert not job.is_symlink()
    assert job.read_bytes() == REPAIRED


def test_a_link_that_leads_out_of_the_folder_is_not_written_through(
    job: Path, tmp_path: Path, program: Program
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/link.sh").symlink_to("../job.sh")
    done = program("--fix", "folder")
    assert (done.returncode, done.stdout) == (0, b"No script found.\n")
    assert job.read_bytes() == FAULTY
    assert program("--fix", "folder/link.sh").returncode == 0, "it was named"
    assert job.read_bytes() == REPAIRED


def _refused(program: Program, job: Path, why: str, before: tuple[str, ...] = ()) -> None:
    """It ends with 2 and one sentence, and leaves the file, and nothing beside it."""
    status, beside = job.stat(), sorted(job.parent.iterdir())
    done = program("--fix", "job.sh", before=before, folder=job.parent)
    told = [line for line in done.stderr.decode().splitlines() if line.startswith("vllm-doctor:")]
    assert (done.returncode, told) == (2, [f"vllm-doctor: job.sh: not fixed: {why}"])
    assert b"Traceback" not in done.stderr
    assert b"error[VD101]" in done.stdout
    assert job.read_bytes() == FAULTY
    assert (job.stat().st_ino, job.stat().st_mode) == (status.st_ino, status.st_mode)
    assert sorted(job.parent.iterdir()) == beside


def test_a_file_with_several_names_is_left(job: Path, tmp_path: Path, program: Program) -> None:
    os.link(job, tmp_path / "other")
    _refused(program, job, "it has several names (hard links)")
    assert (tmp_path / "other").samefile(job)


@as_root
def test_a_file_of_somebody_else_is_left(open_job: Path, program: Program) -> None:
    open_job.chmod(0o666)
    os.chown(open_job, 12345, 12345)
    why = "it belongs to somebody else, which could not be kept"
    _refused(program, open_job, why, AS_NOBODY)


@as_root
def test_a_file_of_a_group_that_one_is_not_in_is_left(open_job: Path, program: Program) -> None:
    os.chown(open_job, NOBODY, 12345)
    why = "it belongs to somebody else, which could not be kept"
    _refused(program, open_job, why, AS_NOBODY)


@as_root
def test_root_keeps_the_owner(job: Path, program: Program) -> None:
    os.chown(job, 12345, 23456)
    job.chmod(0o6755)
    assert program("--fix", "job.sh").returncode == 0
    status = job.stat()
    assert job.read_bytes() == REPAIRED
    assert (status.st_uid, status.st_gid) == (12345, 23456)
    assert stat.S_IMODE(status.st_mode) == 0o6755


@as_root
def test_in_a_closed_folder_nothing_is_written(open_job: Path, program: Program) -> None:
    os.chown(open_job, NOBODY, NOBODY)
    open_job.parent.chmod(0o755)
    _refused(program, open_job, "Permission denied", AS_NOBODY)


@as_root
def test_a_read_only_file_is_left(open_job: Path, program: Program) -> None:
    os.chown(open_job, NOBODY, NOBODY)
    open_job.chmod(0o444)
    _refused(program, open_job, "it is read-only", AS_NOBODY)


def test_a_file_that_was_changed_meanwhile_is_left(job: Path) -> None:
    before = Source(str(job), FAULTY.decode())
    job.write_bytes(FAULTY + b"echo new\n")
    with pytest.raises(NotFixedError, match="it was changed meanwhile"):
        replace_file(before, Source(str(job), REPAIRED.decode()))
    assert job.read_bytes() == FAULTY + b"echo new\n"


@pytest.mark.parametrize("change", ["written", "replaced", "closed"])
def test_a_file_that_changes_while_the_new_one_is_written_is_left(
    job: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """To flush it to the disk may take seconds, in which people go on with their work."""
    flush = os.fsync

    def slow(descriptor: int) -> None:
        flush(descriptor)
        if change == "written":
            job.write_bytes(FAULTY + b"echo new\n")
        elif change == "replaced":
            (job.parent / "other").write_bytes(FAULTY)
            (job.parent / "other").rename(job)
        else:
            job.chmod(0o600)

    monkeypatch.setattr(os, "fsync", slow)
    with pytest.raises(NotFixedError, match="it was changed meanwhile"):
        _replaced(job)
    assert job.read_bytes().startswith(FAULTY)
    assert list(job.parent.iterdir()) == [job]


def test_a_text_that_the_encoding_has_no_characters_for_is_left(job: Path) -> None:
    job.write_bytes(FAULTY + b"# caf\xe9\n")
    before = decode(job.read_bytes(), str(job))
    assert isinstance(before, Source)
    with pytest.raises(NotFixedError, match="latin-1 can't hold the new text"):
        replace_file(before, Source(before.filename, "中", encoding=before.encoding))
    assert job.read_bytes() == FAULTY + b"# caf\xe9\n"


def test_one_file_that_is_left_costs_no_other(job: Path, tmp_path: Path, program: Program) -> None:
    os.link(job, tmp_path / "other")
    (tmp_path / "next.sh").write_bytes(FAULTY)
    done = program("--fix", "job.sh", "next.sh")
    assert done.returncode == 2
    assert (tmp_path / "next.sh").read_bytes() == REPAIRED
    assert job.read_bytes() == FAULTY


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these attributes")
def test_attributes_are_kept(job: Path) -> None:
    try:
        os.setxattr(job, "user.comment", b"mine")
    except OSError:
        pytest.skip("this file system has no attributes")
    _replaced(job)
    assert os.listxattr(job) == ["user.comment"]
    assert os.getxattr(job, "user.comment") == b"mine"


#: A capability as the system stores it: the right to open ports below 1024.
CAPABILITY = bytes.fromhex("01000002 00040000 00000000 00000000 00000000")


@as_root
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has capabilities")
def test_attributes_of_the_system_are_kept_or_the_file_is_left(
    open_job: Path, program: Program
) -> None:
    os.chown(open_job, NOBODY, NOBODY)
    try:
        os.setxattr(open_job, "security.capability", CAPABILITY)
    except OSError:
        pytest.skip("this file system has no capabilities")
    why = "its attribute security.capability could not be kept"
    _refused(program, open_job, why, AS_NOBODY)
    assert os.getxattr(open_job, "security.capability") == CAPABILITY
    os.setxattr(open_job, "trusted.seal", b"ours")
    _replaced(open_job)
    assert os.getxattr(open_job, "security.capability") == CAPABILITY
    assert os.getxattr(open_job, "trusted.seal") == b"ours"


#: An access list as the system stores it: the owner, user 12345 and the group may read and write.
ACCESS = bytes.fromhex(
    "02000000 01000600ffffffff 0200060039300000 04000600ffffffff 10000600ffffffff 20000000ffffffff"
)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these access lists")
@pytest.mark.parametrize("listed", [True, False], ids=["the file's", "the folder's"])
def test_the_access_list_is_kept_and_none_is_gained(listed: bool, job: Path) -> None:
    name = "system.posix_acl_access"
    job.chmod(0o640)
    try:
        if listed:
            os.setxattr(job, name, ACCESS)
        else:
            os.setxattr(job.parent, "system.posix_acl_default", ACCESS)
    except OSError:
        pytest.skip("this file system has no access lists")
    mode = job.stat().st_mode
    _replaced(job)
    assert job.read_bytes() == REPAIRED
    assert job.stat().st_mode == mode
    assert os.listxattr(job) == ([name] if listed else [])
    if listed:
        assert os.getxattr(job, name) == ACCESS
