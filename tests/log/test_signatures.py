"""Signatures: those that ship with the tool, a site's own, and those that are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.base.data import data_folder
from doctor.knowledge import load as load_knowledge
from doctor.lessons.catalogue import written
from doctor.log.check import complaints
from doctor.log.patterns import complaint
from doctor.log.signature import Role, named
from doctor.log.signatures import load
from doctor.rulebook import load as load_rules
from tests.conftest import Outcome

Command = Callable[..., Outcome]
SIGNATURE = """\
- code: SITE901
  name: licence-server-gone
  role: cause
  lesson: null
  search: "Error: licence server"
  pattern: 'licence server (?P<host>\\S+) does not answer'
  says: "The licence server {host} did not answer."
  remedy: "Load another module."
  examples:
    - "RuntimeError: licence server lic01 does not answer"
"""


def site(text: str) -> None:
    Path("kb/signatures").mkdir(parents=True, exist_ok=True)
    Path("kb/page.md").write_text("# Our lessons\n")
    Path("kb/signatures/own.yaml").write_text(text)


def test_each_is_found_in_its_examples_and_in_no_others() -> None:
    signatures = load()
    pages = {page.id for page in load_knowledge().pages}
    codes = {rule.code for rule in load_rules().rules}
    assert [message for _, message in complaints(signatures, signatures, pages, codes)] == []


def test_every_role_is_there_and_every_file_is_read() -> None:
    signatures = load()
    assert {signature.role for signature in signatures} == set(Role)
    read = {Path(signature.place.filename).name for signature in signatures}
    assert read == {path.name for path in (data_folder("kb") / "signatures").iterdir()}


@pytest.mark.parametrize(
    ("rule", "signature"),
    [
        ("VN305", "socket-path-too-long"),
        ("VN502", "driver-too-old"),
        ("VN502", "ptx-too-new-for-driver"),
        ("VN505", "no-c-compiler"),
        ("VN505", "no-python-headers"),
    ],
)
def test_the_node_and_the_log_give_one_advice(rule: str, signature: str) -> None:
    (looks,) = (each for each in load_rules().rules if each.code == rule)
    remedies = [written(each) for each in (looks.remedy, *(c.remedy for c in looks.cases)) if each]
    said = named(load(), signature)
    assert said is not None
    assert rule in said.rules
    advice = _plain(" ".join(each.text for each in said.remedy))
    assert any(_plain(remedy) in advice for remedy in remedies), (remedies, advice)


def _plain(text: str) -> str:
    """The words, however they are set."""
    return " ".join(text.replace("# ", "").replace("`", "").lower().split())


def test_a_site_adds_one(command: Command) -> None:
    site(SIGNATURE)
    line = "(Worker_TP1 pid=7) RuntimeError: licence server lic01 does not answer\n"
    found = command("log", "-", "--kb", "kb", "--format", "json", stdin=line.encode())
    assert found.code == 1
    assert found.found[0]["code"] == "SITE901"
    assert "The licence server lic01 did not answer." in found.found[0]["message"]
    assert "Load another module." in found.found[0]["message"]
    assert command("log", "-", stdin=line.encode()).code == 1, "an error that nobody knows"


def test_a_site_takes_the_place_of_one(command: Command) -> None:
    ours = next(signature for signature in load() if signature.code == "VL215")
    site(SIGNATURE.replace("SITE901", "VL215").replace("licence-server-gone", ours.name))
    assert command("kb", "check", "--kb", "kb").out == "All is well.\n"
    found = command(
        "log", "-", "--kb", "kb", "--format", "json", stdin=b"IOError: Disk quota exceeded\n"
    )
    assert "VL215" not in found.codes


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("role: cause", "role: reason", "a role is never 'reason'"),
        ("{host}", "{hots}", "has no group (?P<hots>…)"),
        ("  remedy: \"Load another module.\"\n", "", "needs the key 'remedy'"),
        ("\\S+)", "\\S+", "is not a regular expression"),
        ("(?P<host>\\S+)", "(?P<host>(?:\\S+)+)", "a repetition inside a repetition"),
        ("\"Error: licence server\"", "lic", "too short"),
        ("code: SITE901", "code: site", "capital letters and three digits"),
        ("  lesson: null", "  lesson: null\n  releases: newest", "not a range of releases"),
        ("- code", "code", "YAML"),
    ],
)  # fmt: skip
def test_what_is_refused(command: Command, old: str, new: str, said: str) -> None:
    assert old in SIGNATURE
    site(SIGNATURE.replace(old, new, 1))
    found = command("log", "-", "--kb", "kb")
    assert found.code == 2
    assert said in found.err
    assert "own.yaml" in found.err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("lic01 does not answer", "lic01 is silent", "is found by VL800"),
        ("lesson: null", "lesson: licences", "but there is no such page"),
        ("lesson: null", "lesson: null\n  rules: [VD999]", "which does not exist"),
        ('search: "Error: lic', 'search: ["Error: lic', ""),
    ],
)
def test_what_kb_check_tells(command: Command, old: str, new: str, said: str) -> None:
    text = SIGNATURE.replace(old, new, 1)
    if not said:
        text = text.replace('licence server"', 'licence server", "Error: another text"]')
        said = "no example of SITE901 holds 'Error: another text'"
    site(text)
    found = command("kb", "check", "--kb", "kb")
    assert found.code == 1
    assert said in found.out
    assert "own.yaml:1:" in found.out


@pytest.mark.parametrize(
    "pattern",
    [
        r"port (\d+)",
        r"\((?P<free>[\d.]+)/(?P<total>[\d.]+) GiB\)",
        r"port: (\d{1,5}).{0,200}EADDRINUSE",
        r"device (?:\S+ )?\(",
        r"'(?P<path>/tmp/[^']+)'",
        r"a{3}b{1,2}",
    ],
)
def test_patterns_that_are_quick(pattern: str) -> None:
    assert complaint(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(?:a|b*)*c",
        r"(\w+\s*)+:",
        r".*x.*y",
        r"\w+\d+x",
        r"(?=a)b",
        r"(?<!a)b",
        r"(a)\1",
        r"x*",
        r"(a",
        r"(?:a{1,100}){1,100}b",
        r"\s+\s+x",
        r"port: (\d+).{0,200}EADDRINUSE",
        r"x.{0,200}y.{0,200}z",
        r"(?:ab|a.*c.*d)e",
    ],
)
def test_patterns_that_are_refused(pattern: str) -> None:
    assert complaint(pattern) is not None


def test_a_pasted_line_is_explained(command: Command) -> None:
    line = "RuntimeError: Bytes object is corrupted, checksum does not match. Expected: b'x'"
    told = command("explain", line)
    assert told.code == 0
    assert "VL301 compile-cache-corrupted" in told.out
    assert "VD301" in told.out
    assert "VLLM_CACHE_ROOT" in told.out
    assert "# Servers that start together" in told.out, "its lesson comes after it"
    without_its_class = "No available memory for the cache blocks. Try increasing"
    assert "VL103" in command("explain", without_its_class).out
    assert "VL103" in command("explain", "no-memory-for-kv-cache").out
    assert command("explain", "all is well today").code == 2
    assert "VL106" in command("explain", "server-start").out
