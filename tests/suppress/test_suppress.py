"""Which diagnostics a comment suppresses, and which comments are of no use."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from doctor.diagnostic import Diagnostic, Severity, Source
from doctor.scan import suppress
from doctor.shell import parse

RULES = {"VD101": "wildcard-delete", "VD102": "unowned-path", "VD201": "bad-node"}


def left(text: str) -> tuple[str, list[str]]:
    """In a script, each word like D1 is the place of a VD101, A1 of a VD201.

    The words whose diagnostics are left, and what is said of useless comments.
    """
    source = Source("job.sh", dedent(text))
    found = [
        Diagnostic(code, RULES[code], Severity.ERROR, "", source.location(*word.span()))
        for word in re.finditer(r"\b[DA]\d\b", source.text)
        for code in ["VD101" if word[0].startswith("D") else "VD201"]
    ]
    kept, facts = suppress.apply(parse(source.text), source, found, RULES)
    places = (source.text[d.location.start.offset : d.location.end.offset] for d in kept)
    return " ".join(places), [str(fact.unused) for fact in facts]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rm D1  # vllm-doctor: ignore[VD101]\nrm D2\n", "D2"),
        ("rm D1  # vllm-doctor: ignore[wildcard-delete] mine alone\nrm D2\n", "D2"),
        ("rm D1 A1  # vllm-doctor:ignore[VD1]\n", "A1"),
        ("rm D1 A1  #vllm-doctor: ignore[VD101, VD201] so be it\n", ""),
        ("rm D1 A1  # vllm-doctor: ignore\nrm D2\n", "D2"),
        ("rm D1  # see above # vllm-doctor: ignore[VD101]\n", ""),
        ("echo \\\n  D1 \\\n  D2 # vllm-doctor: ignore[VD101]\nrm D3\n", "D3"),
        ("# vllm-doctor: ignore[VD101]\nrm D1\nrm D2\n", "D2"),
        ("# vllm-doctor: ignore[VD101]\n\n# more\nrm \\\n  D1 \\\n  D2\nrm D3\n", "D3"),
        ("# vllm-doctor: ignore[VD101]\n# vllm-doctor: ignore[VD201]\nrm D1 A1\n", ""),
        ("  # vllm-doctor: ignore[VD101]\n  a D1 | b D2 &&\n  c D3; d\n", ""),
        ("# vllm-doctor: ignore[VD101]\nfor i in D1; do\n  rm D2\ndone\nrm D3\n", "D3"),
        ("for i in D1; do\n  # vllm-doctor: ignore[VD101]\n  rm D2\n  rm D3\ndone\n", "D1 D3"),
        ("for i in D1; do # vllm-doctor: ignore[VD101]\n  rm D2\ndone\n", "D2"),
        ("f() {\n  rm D1  # vllm-doctor: ignore[VD101]\n}\nf D2\n", "D2"),
        ("cat <<X  # vllm-doctor: ignore[VD101]\nrm D1\nX\nrm D2\n", "D2"),
        ("# vllm-doctor: ignore[VD101]\ncat <<X > job\nrm D1\nX\nrm D2\n", "D2"),
        ("rm D1\nrm D2\n# vllm-doctor: ignore-file[VD101]\nrm A1\n", "A1"),
        ("rm D1 A1\n# vllm-doctor: ignore-file because\n", ""),
    ],
)
def test_suppressed(text: str, words: str) -> None:
    assert left(text) == (words, [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("for i in D1; do  # vllm-doctor: ignore-block[VD101]\n  rm D2\ndone\nrm D3\n", "D3"),
        ("# vllm-doctor: ignore-block[VD101] x\nif a D1; then\n  rm D2\nfi\nrm D3\n", "D3"),
        ("f() {  # vllm-doctor: ignore-block\n  if a; then\n  rm D1\n  fi\n}\nf D2\n", "D2"),
        (
            "{\n  # vllm-doctor: ignore-block[VD1]\n  while a; do\n  rm D1\n  done\n  rm D2\n}\n",
            "D2",
        ),
        ("while a; do  # vllm-doctor: ignore-block[VD1]\n  b D1\ndone | cat D2\nrm D3\n", "D3"),
    ],
)
def test_a_whole_block(text: str, words: str) -> None:
    assert left(text) == (words, [])


def test_a_block_that_does_not_begin_there() -> None:
    assert left("rm D1  # vllm-doctor: ignore-block[VD101]\n") == ("D1", ["VD101"])
    assert left("# vllm-doctor: ignore-block[VD101]\nrm D1\nif a; then b; fi\n") == (
        "D1",
        ["VD101"],
    )


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("ignore[VD101]", ""),
        ("ignore[VD1] so be it", ""),
        ("ignore", "D1"),
        ("ignore[VD201]", "D1"),
    ],
)
def test_a_named_rule_is_suppressed_at_the_command_that_it_concerns(
    comment: str, words: str
) -> None:
    source = Source("job.sh", f"A=D1\nrm $A  # vllm-doctor: {comment}\n")
    place, command = source.location(2, 4), source.location(5, 10)
    found = [Diagnostic("VD101", RULES["VD101"], Severity.ERROR, "", place)]
    kept, useless = suppress.apply(parse(source.text), source, found, RULES, [[command]])
    assert [
        source.text[d.location.start.offset : d.location.end.offset] for d in kept
    ] == words.split()
    assert bool(useless) == bool(words)


@pytest.mark.parametrize(
    "bare", ["ignore VD101", "ignore=VD101", "ignore: VD101", "ignore-file VD101"]
)
def test_codes_need_brackets(bare: str) -> None:
    verb = bare[: bare.index("VD")].rstrip(" =:")
    told = f"VD101 without brackets; write `{verb}[VD101]`"
    assert left(f"rm D1  # vllm-doctor: {bare} mine\n") == ("D1", [told])


HEADER = """\
    #!/bin/bash
    {above}
    #SBATCH --nodes=1{beside}
    #SBATCH --gres=gpu:8 A1

    echo A2
    #SBATCH --exclude=A3
    """


@pytest.mark.parametrize(
    ("above", "beside", "words"),
    [
        ("# vllm-doctor: ignore[VD201] all nodes are fine", "", "A2 A3"),
        ("#", " A0  # vllm-doctor: ignore[VD201]", "A1 A2 A3"),
    ],
)
def test_the_header_is_one_thing(above: str, beside: str, words: str) -> None:
    assert left(HEADER.format(above=above, beside=beside)) == (words, [])


def test_a_header_at_the_end_of_the_file() -> None:
    assert left("# vllm-doctor: ignore\n#SBATCH A1") == ("", [])


@pytest.mark.parametrize(
    ("text", "words", "useless"),
    [
        ("rm x  # vllm-doctor: ignore[VD101]\nrm D1\n", "D1", ["VD101"]),
        ("rm D1  # vllm-doctor: ignore[VD201]\n", "D1", ["VD201"]),
        ("rm D1  # vllm-doctor: ignore[VD101,VD201, VD102]\n", "", ["VD201, VD102"]),
        ("rm x  # vllm-doctor: ignore\n", "", ["any rule"]),
        ("# vllm-doctor: ignore-file[VD2]\nrm D1\n", "D1", ["VD2"]),
        ("# vllm-doctor: ignore[VD101]", "", ["VD101"]),
        (
            "rm D1  # vllm-doctor: ignore[VD901]\n",
            "D1",
            ["VD901 (no rule is called 'VD901'; did you mean 'VD201'?)"],
        ),
        ("rm D1  # vllm-doctor: ingore[VD101]\n", "D1", ["'ingore'; did you mean 'ignore'?"]),
    ],
)
def test_useless(text: str, words: str, useless: list[str]) -> None:
    assert left(text) == (words, useless)


@pytest.mark.parametrize(
    "text",
    [
        "echo '# vllm-doctor: ignore-file'\nrm D1\n",
        "cat <<X\n# vllm-doctor: ignore-file\nX\nrm D1\n",
        "rm D1  # vllm-doctor: see its README\n",
        "rm D1  # ask vllm-doctor\n",
    ],
)
def test_what_is_no_suppression(text: str) -> None:
    assert left(text) == ("D1", [])
