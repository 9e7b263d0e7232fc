"""The register of unfit nodes: what is in it, who may write it, and many who do at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from doctor.base.errors import DoctorError
from doctor.knowledge.register import LASTS, entry, record, unfit
from doctor.scan import scan_text
from tests.conftest import Outcome

JOB = "#!/bin/bash\n#SBATCH --gpus=8\nnvidia-smi\nsrun vllm serve openai/gpt-oss-120b -tp 8\n"
HELD = ("GPU 3 is held by a process that can't be seen from here",)


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="missing part: root, to be two users")


def names(folder: Path, now: datetime | None = None) -> list[str]:
    return [found.node for found in unfit(folder, now).values()]


class TestWhatIsInIt:
    def test_an_unfit_node_with_its_evidence(self, tmp_path: Path) -> None:
        assert record(tmp_path / "register", entry("gpu07", "alice", HELD))
        (found,) = unfit(tmp_path / "register").values()
        assert (found.node, found.by, list(found.evidence)) == ("gpu07", "alice", list(HELD))

    def test_an_entry_that_has_expired_counts_no_more(self, tmp_path: Path) -> None:
        now = datetime.now(timezone.utc)
        record(tmp_path, entry("gpu07", "alice", HELD, now))
        assert names(tmp_path, now + LASTS - timedelta(minutes=1)) == ["gpu07"]
        assert names(tmp_path, now + LASTS) == []

    def test_a_node_found_fit_leaves_it(self, tmp_path: Path) -> None:
        record(tmp_path, entry("gpu07", "alice", HELD))
        record(tmp_path, entry("gpu08", "alice", HELD))
        assert record(tmp_path, entry("gpu07", "alice", ()))
        assert names(tmp_path) == ["gpu08"]
        record(tmp_path, entry("gpu07", "alice", HELD))
        assert names(tmp_path) == ["gpu07", "gpu08"]

    def test_a_fit_node_that_is_not_in_it_is_not_written(self, tmp_path: Path) -> None:
        assert not record(tmp_path / "register", entry("gpu07", "alice", ()))
        assert not (tmp_path / "register").exists()

    @as_root
    def test_of_two_people_the_later_word_counts(self, tmp_path: Path) -> None:
        earlier = datetime.now(timezone.utc) - timedelta(hours=1)
        record(tmp_path, entry("gpu07", "alice", HELD, earlier))
        (theirs,) = tmp_path.glob("gpu07.*.json")
        os.chown(theirs.rename(tmp_path / "gpu07.4711.json"), 4711, -1)
        assert names(tmp_path) == ["gpu07"]
        record(tmp_path, entry("gpu07", "bob", ()))
        assert len(list(tmp_path.glob("*.json"))) == 2
        assert names(tmp_path) == []

    @as_root
    @pytest.mark.parametrize("hours", [-1, 1])
    def test_whoever_is_read_last_the_later_word_counts(self, tmp_path: Path, hours: int) -> None:
        now = datetime.now(timezone.utc) - timedelta(hours=2)
        record(tmp_path, entry("gpu07", "alice", HELD, now + timedelta(hours=hours)))
        (theirs,) = tmp_path.glob("gpu07.*.json")
        os.chown(theirs.rename(tmp_path / "gpu07.4711.json"), 4711, -1)
        record(tmp_path, entry("gpu07", "bob", ("another fault",), now))
        (found,) = unfit(tmp_path).values()
        assert found.by == ("alice" if hours > 0 else "bob")

    @pytest.mark.parametrize(
        "text",
        ["", "{", "[]", '{"node": "gpu01"}', "\xff", "[" * 100_000],
        ids=["empty", "half", "list", "part", "bytes", "deep"],
    )
    def test_what_is_no_entry_is_passed_over(self, tmp_path: Path, text: str) -> None:
        record(tmp_path, entry("gpu07", "alice", HELD))
        (tmp_path / "other.json").write_bytes(text.encode("latin-1"))
        assert names(tmp_path) == ["gpu07"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"recorded": "2999-01-01T00:00:00+00:00", "expires": "2999-01-02T00:00:00+00:00"},
            {"expires": "9999-12-31T23:59:59-14:00"},
            {"recorded": "0001-01-01T00:00:00+14:00", "expires": "9999-12-31T23:59:59-14:00"},
            {"recorded": "2026-01-01T00:00:00"},
            {"recorded": 3},
            {"expires": None},
            {"fit": 0},
            {"evidence": 3},
            {"evidence": [3]},
            {"by": ["alice"]},
            {"node": "gpu08"},
            {"more": 1},
        ],
        ids=str,
    )
    def test_an_entry_that_lies_is_passed_over(
        self, tmp_path: Path, wrong: dict[str, object]
    ) -> None:
        record(tmp_path, entry("gpu07", "alice", HELD))
        (path,) = tmp_path.glob("*.json")
        told = json.loads(path.read_text())
        path.write_text(json.dumps({**told, **wrong}))
        assert names(tmp_path) == []
        path.write_text(json.dumps(told))
        assert names(tmp_path) == ["gpu07"]

    def test_a_word_for_longer_than_a_week_is_passed_over(self, tmp_path: Path) -> None:
        record(tmp_path, entry("gpu07", "alice", HELD))
        (path,) = tmp_path.glob("*.json")
        told = json.loads(path.read_text())
        longer = datetime.fromisoformat(told["expires"]) + timedelta(seconds=1)
        path.write_text(json.dumps({**told, "expires": longer.isoformat()}))
        assert names(tmp_path) == []

    def test_clocks_may_be_a_little_apart(self, tmp_path: Path) -> None:
        now = datetime.now(timezone.utc)
        record(tmp_path, entry("gpu07", "alice", HELD, now + timedelta(minutes=4)))
        record(tmp_path, entry("gpu08", "alice", HELD, now + timedelta(minutes=6)))
        assert names(tmp_path, now) == ["gpu07"]

    @pytest.mark.parametrize("oddity", ["fifo", "endless", "large", "folder", "link"])
    def test_what_is_no_small_file_is_not_opened(self, tmp_path: Path, oddity: str) -> None:
        folder = tmp_path / "register"
        record(folder, entry("gpu07", "alice", HELD))
        record(folder, entry("gpu08", "alice", HELD))
        path = folder / f"gpu08.{os.getuid()}.json"
        if oddity == "link":
            path.rename(tmp_path / "elsewhere")
            path.symlink_to(tmp_path / "elsewhere")
        elif oddity == "large":
            path.write_text(path.read_text() + " " * (1 << 20))
        else:
            path.unlink()
            if oddity == "fifo":
                os.mkfifo(path)
            elif oddity == "folder":
                path.mkdir()
            else:
                path.symlink_to("/dev/zero")
        assert names(folder) == ["gpu07"]

    def test_a_name_that_is_none_is_passed_over(self, tmp_path: Path) -> None:
        record(tmp_path, entry("gpu07", "alice", HELD))
        (path,) = tmp_path.glob("*.json")
        path.write_text(json.dumps({**json.loads(path.read_text()), "node": "gpu[1-"}))
        assert names(tmp_path) == []
        with pytest.raises(DoctorError, match="not the name of a node"):
            entry("gpu[1-", "alice", HELD)


class TestWhoMayWriteIt:
    @as_root
    def test_nobody_speaks_for_somebody_else(self, tmp_path: Path) -> None:
        record(tmp_path, entry("gpu07", "alice", HELD))
        (path,) = tmp_path.glob("*.json")
        os.chown(path, 4711, -1)
        assert names(tmp_path) == []
        path.rename(tmp_path / "gpu07.4711.json")
        assert names(tmp_path) == ["gpu07"]

    @as_root
    def test_a_name_that_is_taken_is_left_to_its_taker(self, tmp_path: Path) -> None:
        taken = tmp_path / f"gpu07.{os.getuid()}.json"
        taken.touch()
        os.chown(taken, 4711, -1)
        record(tmp_path, entry("gpu07", "alice", HELD))
        assert names(tmp_path) == ["gpu07"]
        assert record(tmp_path, entry("gpu07", "alice", ()))
        assert names(tmp_path) == []
        assert taken.read_bytes() == b""
        assert len(list(tmp_path.iterdir())) == 2, "the second entry took the place of the first"

    def test_a_link_that_waits_for_a_draft_is_not_followed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever may write into the folder can put a link under any name that they can guess."""
        victim = tmp_path / "mine"
        victim.write_text("a diary")
        victim.chmod(0o600)
        folder = tmp_path / "register"
        folder.mkdir()
        name = f"gpu07.{os.getuid()}.json"
        links = [folder / f".{name}.{os.uname().nodename}.{os.getpid()}", folder / name]
        monkeypatch.setattr(os, "urandom", bytes)  # so that it can be guessed
        links.append(folder / f".vllm-doctor-{bytes(8).hex()}")
        for link in links:
            link.symlink_to(victim)
        with pytest.raises(DoctorError, match="can't be written: File exists"):
            record(folder, entry("gpu07", "alice", HELD))
        monkeypatch.undo()
        record(folder, entry("gpu07", "alice", HELD))
        assert names(folder) == ["gpu07"]
        assert victim.read_text() == "a diary"
        assert stat.S_IMODE(victim.stat().st_mode) == 0o600

    def test_everybody_adds_and_nobody_takes_away(self, tmp_path: Path) -> None:
        record(tmp_path / "register", entry("gpu07", "alice", HELD))
        assert stat.S_IMODE((tmp_path / "register").stat().st_mode) == 0o1777
        (path,) = (tmp_path / "register").glob("*.json")
        assert stat.S_IMODE(path.stat().st_mode) == 0o644

    def test_one_that_can_not_be_written_is_a_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(DoctorError, match="can't be written: Not a directory"):
            record(tmp_path / "file" / "register", entry("gpu07", "alice", HELD))

    def test_a_failure_leaves_nothing_half_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_: int) -> None:
            raise OSError(28, os.strerror(28))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(DoctorError, match="No space left"):
            record(tmp_path, entry("gpu07", "alice", HELD))
        assert list(tmp_path.iterdir()) == []


def _write_much(folder: Path, number: int) -> None:
    for turn in range(20):
        record(folder, entry("gpu00", f"user{number}", [f"turn {turn}"] * 200))
        record(folder, entry(f"gpu{number:02}", "alice", HELD))


def test_many_write_at_once_and_no_reader_sees_a_part(tmp_path: Path) -> None:
    """Every entry is whole at each moment, and none is lost."""
    folder = tmp_path / "register"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write_much, args=(folder, n)) for n in range(1, 17)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        for path in folder.glob("*.json"):
            assert json.loads(path.read_text())["node"] == path.name.partition(".")[0]
    assert [writer.exitcode for writer in writers] == [0] * 16
    assert names(folder) == [f"gpu{number:02}" for number in range(17)]
    assert all(path.suffix == ".json" and path.name[0] != "." for path in folder.iterdir())


class TestAScanWithARegister:
    def test_asks_for_its_nodes_to_be_excluded(
        self, command: Callable[..., Outcome], tmp_path: Path
    ) -> None:
        (tmp_path / ".vllm-doctor.toml").write_text('register = "shared/nodes"\n')
        (tmp_path / "serve.sbatch").write_text(JOB)
        scan = ("scan", "serve.sbatch", "--select", "VD201", "--format", "json")
        assert command(*scan).codes == []
        (tmp_path / "shared").mkdir()
        record(tmp_path / "shared" / "nodes", entry("gpu07", "alice", HELD))
        (found,) = command(*scan).found
        assert found["severity"] == "error"
        assert "gpu07" in found["message"]
        record(tmp_path / "shared" / "nodes", entry("gpu07", "alice", ()))
        assert command(*scan).codes == []

    def test_adds_it_to_the_site_s_own_list(self, tmp_path: Path) -> None:
        record(tmp_path, entry("gpu07", "alice", HELD))
        table = {"bad-nodes": ["gpu09"], "register": str(tmp_path)}
        (found,) = scan_text(JOB, "serve.sbatch", table)
        assert "gpu07, gpu09" in found.message or "gpu[07,09]" in found.message

    def test_says_where_each_node_comes_from(
        self, command: Callable[..., Outcome], tmp_path: Path
    ) -> None:
        (tmp_path / ".vllm-doctor.toml").write_text('register = "nodes"\n')
        record(tmp_path / "nodes", entry("gpu07", "alice", HELD))
        told = command("kb").out
        assert "gpu07 (as of 20" in told
        assert f"nodes/gpu07.{os.getuid()}.json" in told

    def test_refuses_what_is_no_path(self, command: Callable[..., Outcome], tmp_path: Path) -> None:
        (tmp_path / ".vllm-doctor.toml").write_text("register = 3\n")
        outcome = command("scan", ".")
        assert outcome.code == 2
        assert "register must be the path of a folder" in outcome.err
