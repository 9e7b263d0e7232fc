"""Which files are taken for scripts, and files that no scan may stumble over."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from doctor.config import Config, from_mapping
from doctor.diagnostic import Source
from doctor.sources import Missing, Omitted, Unexamined, decode, discover

SCRIPT = "#!/bin/bash\necho hello\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(path: str, text: str | bytes = SCRIPT) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(text.encode() if isinstance(text, str) else text)


def names(*paths: str, config: Config | None = None) -> list[str]:
    found = list(discover(paths, config or Config()))
    assert all(isinstance(each, Source | Omitted) for each in found), found
    return [each.filename for each in found if isinstance(each, Source)]


def only(path: str) -> Source | Unexamined | Missing | Omitted:
    (found,) = discover([path], Config())
    return found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *((f"x{suffix}", "echo") for suffix in (".sh", ".bash", ".sbatch", ".slurm", ".job")),
        ("x.ksh", "echo"),
        ("X.SH", "echo"),
        ("run", "#!/bin/sh\n"),
        ("run", "#! /usr/local/bin/bash-5.2 -l\n"),
        ("run", "#!/usr/bin/env bash\r\n"),
        ("run", "#!/usr/bin/env -S LANG=C bash -l\n"),
        ("run", "\ufeff#!/bin/ksh93\n"),
        ("job.txt", "#!/bin/zsh\n"),
        ("job", "#SBATCH --nodes=1\n"),
        ("job", "# what it does\r\n\r\n#SBATCH --nodes=1\r\n"),
        ("job.j2", "#!{{ shell }}\n#SBATCH --nodes=1\n"),
        ("lib.sh", "#!/bin/false\n"),
    ],
)
def test_scripts(name: str, text: str) -> None:
    write(name, text)
    assert names(name) == names(".") == [name]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "# Jobs\n```bash\n#SBATCH --nodes=1\n```\n"),
        ("x.py", "#!/usr/bin/env python3\n#SBATCH --nodes=1\n"),
        ("x.py", 'text = """\n#SBATCH --nodes=1\n"""\n'),
        ("x.sbatch", "#!/usr/bin/python3.11 -u\n#SBATCH --nodes=1\n"),
        ("x.sh", "#!/bin/tcsh\n"),
        ("notes", "echo hello\n"),
        ("empty", ""),
        ("data", b"\0\1\2"),
        ("late", "echo\n" * 2000 + "#!/bin/bash\n"),
    ],
)
def test_other_files_are_left_alone_even_if_named(name: str, text: str | bytes) -> None:
    write(name, text)
    assert names(name) == names(".") == []


def test_a_folder_is_walked_in_order_without_other_peoples_folders() -> None:
    for path in ("b.sh", "a/z.sh", "a/b/y", "c.txt.sh", ".hidden/x.sh"):
        write(path)
    for path in (".git/hooks/x.sh", ".venv/x.sh", "node_modules/p/x.sh", "a/__pycache__/x.sh"):
        write(path)
    write("myenv/pyvenv.cfg", "")
    write("myenv/bin/activate.sh")
    assert names(".") == ["b.sh", "c.txt.sh", ".hidden/x.sh", "a/z.sh", "a/b/y"]
    assert names("a") == ["a/z.sh", "a/b/y"]
    assert names("node_modules/p/x.sh") == ["node_modules/p/x.sh"], "it was named"


def test_what_the_configuration_excludes(tmp_path: Path) -> None:
    for path in ("a.sh", "old/b.sh", "sub/old/c.sh", "sub/d.gen.sh"):
        write(path)
    config = from_mapping({"exclude": ["old/", "*.gen.sh"]}, tmp_path)
    assert names(".", config=config) == ["a.sh"]
    named = ("old/b.sh", "sub/d.gen.sh", "a.sh")
    assert names(*named, config=config) == list(named)
    forced = replace(config, force_exclude=True)
    assert list(discover(named, forced)) == [
        *(Omitted(path, "--exclude") for path in named[:2]),
        Source("a.sh", SCRIPT),
    ]


def test_each_file_once() -> None:
    write("a/x.sh")
    write("b/y", SCRIPT)
    write("a/notes", "no script")
    os.symlink("x.sh", "a/again.sh")
    os.symlink("../b/y", "a/outside.sh")
    os.symlink("notes", "a/notes.sh")
    assert names("a", "a/x.sh", "./a/x.sh", "a") == ["a/x.sh", "a/notes.sh"]
    assert names(".") == ["a/x.sh", "b/y", "a/notes.sh"]
    assert names("a", "a/outside.sh") == ["a/x.sh", "a/notes.sh", "a/outside.sh"], "it was named"
    assert names("a/again.sh", "a/x.sh") == ["a/again.sh"]


def test_links_that_lead_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    write("out/x.sh")
    write("repo/y")
    write("repository/z.sh")
    os.symlink("../out/x.sh", "repo/relative.sh")
    os.symlink(tmp_path / "out/x.sh", "repo/absolute.sh")
    os.symlink("relative.sh", "repo/chain.sh")
    os.symlink("../out", "repo/folder")
    os.symlink("/etc/passwd", "repo/passwd.sh")
    os.symlink("../repository/z.sh", "repo/neighbour.sh")
    os.symlink("y", "repo/inside.sh")
    assert names("repo") == ["repo/y"]
    os.symlink("repo", "link")
    assert names("link") == ["link/y"], "it was named"
    os.chdir("repo")
    assert names(".") == ["y"]
    assert names("relative.sh") == ["relative.sh"], "it was named"


def test_loops_of_links() -> None:
    write("d/x.sh")
    os.symlink("../d", "d/loop")
    os.symlink(".", "d/here")
    assert names("d") == ["d/x.sh"]
    os.symlink("b.sh", "a.sh")
    os.symlink("a.sh", "b.sh")
    found = only("a.sh")
    assert isinstance(found, Unexamined)
    assert (found.problem, found.reason) == ("unreadable", "Too many levels of symbolic links")


def test_pipes_sockets_and_devices_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo("pipe.sh")
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.sh")
        assert [each.reason for each in discover(["."], Config())] == [
            "it is a named pipe, not a file",
            "it is a socket, not a file",
        ]
    assert only("pipe") == Unexamined("pipe", "unreadable", "it is a named pipe, not a file")
    assert only("/dev/zero") == Unexamined("/dev/zero", "unreadable", "it is a device, not a file")


def test_texts_of_every_kind() -> None:
    for data in ("\ufeffécho\r\n".encode(), b"echo \xe9\n"):
        found = decode(data, "x")
        assert isinstance(found, Source)
        assert found.text.strip() in ("écho", "echo é")
        assert found.data == data
    assert decode(b"", "x") == Source("x", "")
    assert decode(b"a\0b", "x") == Unexamined("x", "unreadable", "it holds binary data, not text")


def test_large_files_are_not_read_to_their_end() -> None:
    write("large.sh", b"x" * 1_000_000)
    write("larger.sh", b"x" * 1_000_001)
    with open("endless.sh", "wb") as file:
        file.truncate(1 << 40)
    assert isinstance(only("large.sh"), Source)
    for name in ("larger.sh", "endless.sh"):
        assert only(name) == Unexamined(name, "too-large", "it has more than 1,000,000 bytes")


def test_files_that_may_not_be_read() -> None:
    write("a/closed.sh")
    write("a/closed")
    write("a/open.sh")
    write("shut/x.sh")
    for path in ("a/closed.sh", "a/closed", "shut"):
        os.chmod(path, 0)
    os.chmod(".", 0o755)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        found = list(discover(["a", "a/closed", "shut"], Config()))
    finally:
        if root:
            os.seteuid(0)
        os.chmod("shut", 0o755)
    assert [getattr(each, "filename", "") for each in found] == [
        "a/closed.sh", "a/open.sh", "a/closed", "shut",
    ]  # fmt: skip
    assert {each.reason for each in found if isinstance(each, Unexamined)} == {"Permission denied"}


def test_paths_that_do_not_exist() -> None:
    write("a.sh")
    assert list(discover(["no.sh", "a.sh"], Config())) == [Missing("no.sh"), Source("a.sh", SCRIPT)]


def test_a_file_that_vanishes_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.sh", "b.sh", "c.sh"):
        write(name)
    found = discover(["."], Config())
    first = next(found)
    os.unlink("b.sh")
    rest = list(found)
    assert first == Source("a.sh", SCRIPT)
    assert rest == [
        Unexamined("b.sh", "unreadable", "No such file or directory"),
        Source("c.sh", SCRIPT),
    ]
