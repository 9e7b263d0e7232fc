"""The directives of a script, effective or not."""

from __future__ import annotations

import sys
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.shell.header import Header, read_header
from doctor.shell.tree import Span

SHEBANG = "#!/bin/bash\n"


def words(text: str) -> list[str | None]:
    return [word.literal for line in read_header(text).effective for word in line.words]


def effects(text: str) -> list[tuple[int, str]]:
    return [(line.row, line.effect) for line in read_header(text).lines]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("#SBATCH -N 2 --gres=gpu:8", ["-N", "2", "--gres=gpu:8"]),
        ("#SBATCH--exclude=x", ["--exclude=x"]),
        ("#SBATCH\t-x\tgpu01", ["-x", "gpu01"]),
        ("#SLURM -N2", ["-N2"]),
        ("#SBATCH", []),
        ("#SBATCH --comment='a b'c", ["--comment=a bc"]),
        ('#SBATCH --comment="a \\" b"', ['--comment=a " b']),
        ("#SBATCH --comment=a\\ b", ["--comment=a b"]),
        ("#SBATCH --comment=a\\#b", ["--comment=a#b"]),
        ("#SBATCH --comment='a#b' # c", ["--comment=a#b"]),
        ("#SBATCH --exclude=a#b --nodes=2", ["--exclude=a"]),
        ("#SBATCH --output=$HOME/%j", ["--output=$HOME/%j"]),
        ("#SBATCH --exclude=a \\", ["--exclude=a"]),
        ("#SBATCH --exclude=a\\", ["--exclude=a"]),
        ('#SBATCH --comment "" --exclude=a', ["--comment"]),
        ("#SBATCH --exclude=a\r", ["--exclude=a"]),
        ("#SBATCH -N1 hetjob -N2", ["-N1"]),
        ("#SBATCH --account=<your account> -N1", ["--account=<your account>", "-N1"]),
        ("#SBATCH --job-name={{ name }}_x", ["--job-name={{ name }}_x"]),
    ],
)
def test_words_are_split_as_sbatch_does(line: str, expected: list[str]) -> None:
    assert words(SHEBANG + line + "\n") == expected


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("#SBATCH --comment='a", "quote ' is never closed"),
        ("#SBATCH: -N2", "colon"),
        ("#SBATCH -N2", None),
    ],
)
def test_what_makes_sbatch_give_up(line: str, problem: str | None) -> None:
    (directive,) = read_header(SHEBANG + line).lines
    assert (problem in directive.problem) if problem and directive.problem else not problem


def test_parts_of_a_word_are_where_the_text_says() -> None:
    text = SHEBANG + "#SBATCH --exclude=\"gpu01\",'gpu02'\\,<more nodes>\n"
    (word,) = read_header(text).components[0]
    parts = [text[part.span.start : part.span.end] for part in word.parts]
    assert parts == ["--exclude=", "gpu01", ",", "gpu02", ",", "<more nodes>"]


def test_reading_stops_at_the_first_command() -> None:
    text = SHEBANG + "\n  # a comment\n#SBATCH -N1\nmodule load x\n#SBATCH -x a\n# SBATCH -n\n"
    assert effects(text) == [(4, "effective"), (6, "after-first-command")]
    assert read_header(text).read_until == 5


def test_a_script_of_comments_is_read_to_its_end() -> None:
    assert read_header(SHEBANG + "#SBATCH -N1\n").read_until is None


@pytest.mark.parametrize(
    ("line", "effect"),
    [
        ("#BATCH --exclude=gpu01", "misspelt"),
        ("#SBTACH --exclude=gpu01", "misspelt"),
        ("#SBACTH -N 2 --mem=10GB  # memory", "misspelt"),
        ("#SBATC --qos=high", "misspelt"),
        ("#SBAATCH -w gpu01", "misspelt"),
        ("#SBATCG --mem=1G", "misspelt"),
        ("#SBATCh -e slurm.out", "misspelt"),
        ("#sbatch --array=0-3", "misspelt"),
        (" #SBATCH -N 2", "indented"),
        ("\t#SBATCH --nodes=2", "indented"),
        ("# SBATCH -N 2", "commented-out"),
        ("##SBATCH --nodes=2", "commented-out"),
        ("# #SBATCH --nodes=2", "commented-out"),
        ("#BATCH SIZE", None),
        ("#BATCH -size of 3", None),
        ("#BATCH --size=3", None),
        ("#BATCH --mem", None),
        ("#sbatch --array=0-3 run.sh", None),
        ("# sbatch --array=0-3", None),
        ("#xSBATCH -N 2", None),
        ("#sSBATCH -N 2", None),
        ("#NOSBATCH -N 2", None),
        ("#YBATCH -n 2", None),
        ("#_BATCH -n 2", None),
        ("#!SBATCH -n 2", None),
        ("#PATCH -p 1", None),
        ("# SBATCH directives follow", None),
        (" #SBATCH directives follow", None),
    ],
)
def test_lines_that_look_like_directives(line: str, effect: str | None) -> None:
    found = read_header(SHEBANG + line + "\n#SBATCH -n1\n").lines
    assert [each.effect for each in found] == ([effect] if effect else []) + ["effective"]


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("#SBTACH  --mem=10GB # memory", "#SBATCH  --mem=10GB # memory"),
        ("  #SBATCH -N 2", "#SBATCH -N 2"),
    ],
)
def test_what_was_meant(line: str, meant: str) -> None:
    (directive,) = read_header(SHEBANG + line).lines
    assert directive.meant == meant


def test_quoted_stretches_are_not_the_scripts_own() -> None:
    text = SHEBANG + "cat <<E\n#SBATCH -N1\nE\n#SBATCH -N2\n#SBATCH is prose\n"
    body = Span(text.index("#SBATCH -N1"), text.index("E\n#SBATCH -N2"))
    found = [(line.row, line.effect) for line in read_header(text, [body]).lines]
    assert found == [(3, "in-here-document"), (5, "after-first-command")]


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("#SBATCH --job-name={{ name }}\n", True),
        ("#SBATCH --nodes={nodes}\n", True),
        ("#SBATCH --nodes=@NODES@\n", True),
        ("#SBATCH --time=%(time)s\n", True),
        ("{% if exclude %}\n#SBATCH -x a\n{% endif %}\n", True),
        ("${OPTIONS}\n#SBATCH -x a\n", True),
        ("#SBATCH --account=<account>\n", False),
        ("#SBATCH --output=${HOME}/%x_%j_%a.out\n", False),
        ("module load x\n#SBATCH -x a\n", False),
    ],
)
def test_templates_are_told_apart(text: str, template: bool) -> None:
    assert read_header(SHEBANG + text).template is template


def test_hetjob_begins_a_component() -> None:
    text = SHEBANG + "#SBATCH -N1\n#SBATCH hetjob -n 9\n#SBATCH -N2\n#SBATCH packjob\n"
    components = read_header(text).components
    assert [[word.literal for word in part] for part in components] == [["-N1"], ["-N2"], []]


PIECES = st.sampled_from(
    ["#SBATCH", " ", "\n", "-N1", "--exclude=a", "'", '"', "\\", "#", "hetjob", "{{", "x", "\r"]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_any_text_has_a_header_whose_spans_are_true(text: str) -> None:
    header: Header = read_header(text)
    rows = text.split("\n")
    for line in header.lines:
        assert text[line.span.start : line.span.end] in rows[line.row - 1]
        for word in line.words:
            parts = [text[part.span.start : part.span.end] for part in word.parts]
            assert "".join(parts) == word.literal
            assert line.span.start <= word.span.start <= word.span.end <= len(text)


@pytest.mark.parametrize(
    "unit",
    ["#SBATCH -x gpu01 # x\n", "#SBATCH '{{{{ <<<< __a\n", "x\n#SBATCH -N1\n", "#BATCH -N1\n"],
)
def test_twice_the_text_is_twice_the_work(unit: str) -> None:
    once, twice = (_steps(SHEBANG + unit * times) for times in (200, 400))
    assert twice <= 2.2 * once


def _steps(text: str) -> int:
    """How many lines of Python the reading takes."""
    steps = 0

    def count(_frame: FrameType, _event: str, _argument: object) -> object:
        nonlocal steps
        steps += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        read_header(text)
    finally:
        sys.settrace(before)
    return steps
