"""What the tables of releases tell."""

from __future__ import annotations

import pytest

from doctor.base.data import data_folder
from doctor.base.errors import DoctorError
from doctor.knowledge import Releases


@pytest.fixture(scope="module")
def releases() -> Releases:
    return Releases(data_folder("kb") / "vllm")


def test_the_releases_in_order(releases: Releases) -> None:
    from packaging.version import Version

    assert list(releases.names) == sorted(releases.names, key=Version)
    assert releases.newest == releases.names[-1]
    details = releases.details("0.17.0")
    assert details is not None
    assert details["torch"] == "2.10.0"


def test_a_flag_that_was_removed_and_came_back(releases: Releases) -> None:
    flag = releases.flag("--disable-log-requests")
    assert flag is not None
    assert {"0.6.0", "0.16.0", "0.33.0"} <= flag.releases
    assert not {"0.17.0", "0.32.0"} & flag.releases


def test_a_flag_by_its_alias(releases: Releases) -> None:
    flag = releases.flag("-tp")
    assert flag is not None
    assert (flag.name, flag.kind) == ("--tensor-parallel-size", "int")
    assert flag.releases == set(releases.names)


@pytest.mark.parametrize(
    ("parser", "first", "last"),
    [("openai", "0.10.2", "0.33.0"), ("glm4_moe", "0.10.0", "0.10.0"), ("minimax", None, "0.23.0")],
)
def test_parsers(releases: Releases, parser: str, first: str | None, last: str) -> None:
    found = releases.tool_parser(parser)
    assert found is not None
    names = releases.ordered(found.releases)
    assert names[-1] == last
    assert first is None or names[0] == first


def test_what_no_release_knows(releases: Releases) -> None:
    assert releases.flag("--nonsense") is None
    assert releases.variable("VLLM_NONSENSE") is None
    assert releases.reasoning_parser("nonsense") is None
    assert releases.method("nonsense") is None
    assert releases.speculation_key("nonsense") is None


def test_every_row_of_every_table_can_be_read(releases: Releases) -> None:
    for features in (
        releases.flags(),
        releases.variables(),
        releases.tool_parsers(),
        releases.reasoning_parsers(),
        releases.methods(),
        releases.speculation_keys(),
    ):
        assert all(feature.releases for feature in features)


def test_specifiers(releases: Releases) -> None:
    assert releases.within(">=0.11,<0.12") == {"0.11.0", "0.11.1", "0.11.2"}
    assert "0.8.5.post1" in releases.within("==0.8.5.post1")
    with pytest.raises(DoctorError, match="not a version specifier"):
        releases.within("newest")
