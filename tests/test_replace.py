"""A file is put in its place whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.base.replace import flush, replacing


def _replace(path: Path, content: bytes) -> None:
    with replacing(path) as file:
        file.write(content)
        flush(file)


def test_what_is_there_stays_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with replacing(path) as file:
        file.write(b"new")
        flush(file)
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failure_changes_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as file:
            file.write(b"half of")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert [path] == list(tmp_path.iterdir())


def test_names_may_be_as_long_as_the_system_lets_them(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    _replace(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "link").symlink_to("file")
    _replace(tmp_path / "link", b"new")
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "old"
