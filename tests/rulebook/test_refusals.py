"""A malformed rule is refused with its file, its line and the nearest right word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.base.errors import DoctorError
from doctor.rulebook import read
from doctor.rulebook.examples import examples

Write = Callable[..., Path]

REFUSED = [
    # the rule's own keys
    ("whne: {}", "a rule has no key 'whne'; did you mean 'when'?"),
    ("fix: {do: something}", "an action is never 'something'"),
    ("fix: {flag: x}", "`fix` must be a mapping with `do`, or `none`"),
    ("fix: {do: replace-value, of: nods, by: 1, message: x}", "did you mean 'nodes'?"),
    ("fix: {do: replace-value, of: nodes, message: x}", "this fix needs the key 'by'"),
    ("fix: {do: replace-value, of: nodes, by: 1}", "this fix needs the key 'message'"),
    ("fix: {do: replace-value, of: nodes, by: 1, too: 1, message: x}", "this fix has no key 'too'"),
    ("fix: {do: write-directive, safe: perhaps, message: x}", "no attribute 'perhaps'"),
    ('fix: {do: exclude-nodes, nodes: "{missing}", message: x}', "{missing} needs a condition"),
    ("code: vd101", "a code is made of capital letters and three digits, like VD101, not 'vd101'"),
    ("code: 101", "a code is made of"),
    ("name: A Rule", "a rule's name is made of lower-case words joined by `-`, not 'A Rule'"),
    ("lesson: ../x", "a lesson's id is made of"),
    ("fact: alocation", "no kind of fact 'alocation'; did you mean 'allocation'?"),
    ("fact: [allocation]", "no kind of fact"),
    ("severity: fatal", "a severity is never 'fatal', but one of error, warning, info"),
    ("severity: warn", "did you mean 'warning'?"),
    ("severity: off", "a severity is never 'off'"),
    ('message: ""', "a message must be a string"),
    ("message: [a]", "a message must be a string"),
    # conditions
    ("when: yes", "conditions must be a mapping"),
    ("when: {exclude: []}", "'allocation' has no attribute 'exclude'; did you mean 'excluded'?"),
    ("when: {location: 1}", "has no attribute 'location'"),
    ("when: {any: {nodes: 1}}", "`any` must be a list of conditions"),
    ("when: {any: []}", "`any` must be a list of conditions"),
    ("when: {any: [{node: 1}]}", "has no attribute 'node'; did you mean 'nodes'?"),
    ("when: {nodes: {}}", "an empty predicate"),
    ("when: {excluded: {overlap: [a]}}", "no operator 'overlap'; did you mean 'overlaps'?"),
    ("when: {nodes: {not: {greater: 1}}}", "there is no operator 'greater'"),
    # types
    ("when: {excluded: {gt: 1}}", "`gt` does not apply to 'excluded', which is a set of strings"),
    ("when: {excluded: {gt: 1}}", "it takes lacks, overlaps, disjoint, within, known or not"),
    ("when: {nodes: {like: 'a*'}}", "`like` does not apply to 'nodes', which is a number"),
    ("when: {by: {lacks: [a]}}", "`lacks` does not apply to 'by', which is a string"),
    ("when: {asks-gpus: {ge: 1}}", "which is true or false"),
    ("when: {nodes: {gt: many}}", "'gt' is compared with a number, and many is not one"),
    ("when: {nodes: {gt: true}}", "'gt' is compared with a number"),
    ("when: {nodes: two}", "'nodes' is compared with a number, and two is not one"),
    ("when: {nodes: [1, two]}", "'nodes' is compared with a number, and two is not one"),
    ("when: {by: 3}", "'by' is compared with a string, and 3 is not one; put it in quotes: \"3\""),
    ("when: {by: 0.12}", 'put it in quotes: "0.12"'),
    ("when: {by: null}", "'by' is never null"),
    ("when: {asks-gpus: 1}", "'asks-gpus' is compared with true or false"),
    ("when: {nodes: {gt: [1]}}", "'gt' is compared with a number"),
    ("when: {by: {not: {like: {a: b}}}}", "'like' is compared with a string"),
    ("when: {excluded: gpu07}", "'excluded' is a set of strings; compare it with a list"),
    ("when: {excluded: {lacks: [1]}}", "'lacks' is compared with a string, and 1 is not one"),
    ("when: {nodes: {known: maybe}}", "'known' is compared with true or false"),
    ("when: {by: {within: newest}}", "'newest' is not a range of releases"),
    ("when: {by: {within: '>=0.10,'}}", "is not a range of releases"),
    ("when: {by: {within: 0.12}}", 'put it in quotes: "0.12"'),
    ("when: {$site.x: [[1]]}", "a string, a number, true, false or null belongs here"),
    # references
    ("when: {$sites.x: 1}", "nothing is called '$sites' here; did you mean 'site'?"),
    ("when: {$kb: 1}", "'$kb' lacks the name of a value"),
    ("when: {nodes: {gt: $knowledge.x}}", "nothing is called '$knowledge' here"),
    ("look-up: {row: {table: t, by: by}}\nwhen: {$rwo.x: 1}", "did you mean 'row'?"),
    ('message: "{exclude}"', "no attribute 'exclude'; did you mean 'excluded'?"),
    ('message: "{$sit.x}"', "nothing is called '$sit' here; did you mean 'site'?"),
    ('message: "{missing}"', "{missing} needs a condition with the operator that finds it"),
    ('when: {excluded: {lacks: [a]}}\nmessage: "{common}"', "{common} needs a condition"),
    # the other parts
    ("look-up: [a]", "`look-up` must be a mapping"),
    ("look-up: {kb: {table: t, by: by}}", "'kb' cannot name a look-up"),
    ("look-up: {row: {table: t}}", "a look-up needs the key 'by'"),
    ("look-up: {row: {table: t, by: bye}}", "no attribute 'bye'; did you mean 'by'?"),
    ("look-up: {row: {table: t, from: by}}", "a look-up has no key 'from'"),
    ("look-up: {row: {table: T, by: by}}", "a table's name is made of"),
    ("cases: {severity: info}", "`cases` must be a list"),
    ("cases: [severity]", "a case must be a mapping of"),
    ("cases: [{whne: {}}]", "a case has no key 'whne'; did you mean 'when'?"),
    ("cases: [{severity: of}]", "a severity is never 'of'"),
    ("cases: [{when: {nodess: 1}}]", "no attribute 'nodess'"),
    ('cases: [{message: "{missing}"}]', "{missing} needs a condition"),
    ("at: exclude", "no attribute 'exclude'"),
    ("at: [excluded, nods]", "no attribute 'nods'; did you mean 'nodes'?"),
    ("related: {at: exclude, message: x}", "no attribute 'exclude'"),
    ("related: {message: x}", "`related` needs the key 'at'"),
    ("once-per: files", "no attribute 'files'"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_refused(write: Write, text: str, said: str) -> None:
    path = write(text)
    with pytest.raises(DoctorError) as refusal:
        read([path])
    rows = path.read_text().splitlines()
    line = refusal.value.line
    assert said in refusal.value.message
    assert refusal.value.filename == str(path)
    assert line is not None
    assert line > len(rows) - len(text.splitlines())


@pytest.mark.parametrize("key", ["code", "name", "lesson", "fact", "severity", "examples"])
def test_missing_key(write: Write, key: str) -> None:
    path = write("")
    path.write_text("".join(r + "\n" for r in path.read_text().splitlines() if key not in r))
    with pytest.raises(DoctorError, match=f"a rule needs the key '{key}'"):
        read([path])


def test_line_is_that_of_the_fault(write: Write) -> None:
    path = write("when:\n  nodes: 1\n  any:\n    - tasks: 2\n    - excluded:\n        lack: [a]\n")
    with pytest.raises(DoctorError) as refusal:
        read([path])
    assert path.read_text().splitlines()[(refusal.value.line or 0) - 1] == "        lack: [a]"


def test_duplicates(write: Write) -> None:
    first = write("", "a.yaml")
    with pytest.raises(DoctorError, match=r"b\.yaml:1: XY123 is the code of .*a\.yaml"):
        read([first, write("", "b.yaml")])
    with pytest.raises(DoctorError, match=r"'a-rule' is the name of .*a\.yaml"):
        read([first, write("code: XY124", "b.yaml")])


def test_re_ranking_needs_a_rule_and_a_severity(write: Write) -> None:
    own = write("", "a.yaml")
    for text, said in (
        ("code: XY124\nseverity: off\n", "no rule has the code 'XY124'; did you mean 'XY123'?"),
        ("code: XY123\nseverity: none\n", "never 'none', but one of error, warning, info, off"),
    ):
        with pytest.raises(DoctorError, match=said):
            read([own, write(text, "b.yaml", whole=True)])


def test_folders(tmp_path: Path, write: Write) -> None:
    write("", "in/a.yaml")
    write("code: XY124\nname: other", "in/deep/b.yaml")
    write("not: a rule", "in/deep/README.md", whole=True)
    assert list(read([tmp_path / "in"]).names) == ["XY123", "XY124"]
    with pytest.raises(DoctorError, match="no such folder of rules"):
        read([tmp_path / "out"])


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("yes", "a rule needs a list of examples"),
        ("[]", "a rule needs a list of examples"),
        ("[{bad: x}]", "a rule needs at least one good example"),
        ("[{good: x}]", "a rule needs at least one bad example"),
        ("[{bad: x, good: y}]", "an example holds either `bad` or `good`"),
        ("[{message: x}]", "an example holds either `bad` or `good`"),
        ("[{bad: x, mesage: y}]", "an example has no key 'mesage'; did you mean 'message'?"),
        ("[{bad: 3}]", "a script that is not a string must be a mapping of repeat, times"),
        ("[{bad: {repeat: x, time: 3}}]", "did you mean 'times'?"),
        ("[{bad: {repeat: xx, times: 999999999}}]", "16 MiB together at most"),
        ("[{bad: {repeat: x}}]", "`repeat` takes a string and `times` a number"),
        ("[{bad: x, config: y}]", "`config` must be a mapping"),
        ("[{bad: x, message: 3}]", "a string belongs here"),
        ("[{bad: x, severity: worse}]", "a severity is never 'worse'"),
    ],
)
def test_examples_are_refused(write: Write, listed: str, said: str) -> None:
    path = write(f"examples: {listed}")
    read([path])  # they are no part of a scan
    with pytest.raises(DoctorError) as refusal:
        examples(path)
    assert said in str(refusal.value)


def test_examples(write: Write) -> None:
    path = write(
        "examples:\n"
        "  - {bad: {repeat: ab, times: 3}, message: m, severity: info, config: {slurm: true}}\n"
        "  - {good: !!binary AAE=, filename: x.md}\n"
    )
    bad, good = examples(path)
    assert (bad.bad, bad.script, bad.message) == (True, "ababab", "m")
    assert (bad.config, bad.filename) == ({"slurm": True}, "script.sh")
    assert (good.bad, good.script, good.filename) == (False, b"\x00\x01", "x.md")
