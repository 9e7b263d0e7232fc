"""From facts to diagnostics: conditions, cases, look-ups, places, one of several, assumptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from doctor.diagnostic import Diagnostic, Related, Severity
from doctor.facts.base import Evidence
from doctor.facts.commands import Deletion
from doctor.facts.jobs import Allocation, Directive
from doctor.facts.servers import Requirement
from doctor.rulebook import check, read
from doctor.values.assumption import EMPTY, Question, assume
from doctor.values.value import UNKNOWN

from .conftest import TEXT, Table, line

Apply = Callable[..., list[Diagnostic]]
HERE = Allocation(location=line(3), asks_gpus=True)


def assuming(*words: str, row: int | None = None) -> Evidence:
    return Evidence(
        () if row is None else (line(row),),
        frozenset(assume(Question.GIVEN, word, EMPTY, word, word) for word in words),
    )


@pytest.mark.parametrize(
    ("when", "fires"),
    [
        ("{}", True),
        ("{asks-gpus: true}", True),
        ("{asks-gpus: false}", False),
        ("{asks-gpus: true, tasks: 2}", False),
        ("{asks-gpus: true, nodes: 4}", False),  # unknown
        ("{nodes: {not: 4}}", False),
        ("{any: [{nodes: 4}, {asks-gpus: true}]}", True),
        ("{any: [{nodes: 4}, {asks-gpus: false}]}", False),
        ("{any: [{asks-gpus: true, tasks: 1}, {nodes: 4}]}", False),
        ("{asks-gpus: true, any: [{tasks: null}]}", True),
        ("{tasks: null}", True),
        ("{tasks: {known: true}}", True),
        ("{nodes: {known: false}}", True),
        ("{excluded: []}", True),
        ("{by: [header, salloc]}", True),
        ("{by: {like: 'he*'}}", True),
        ("{$site.slurm: true}", True),
        ("{$site.other: true}", False),
        ("{$site.other: {known: false}}", True),
    ],
)
def test_when(apply: Apply, when: str, fires: bool) -> None:
    fact = replace(HERE, nodes=UNKNOWN, by="header")
    found = apply(f"when: {when}", fact, knowledge=Table({"site.slurm": True}))
    assert [d.message for d in found] == (["said"] if fires else [])


def test_other_kinds_of_facts_are_left_alone(apply: Apply) -> None:
    assert apply("when: {}", Deletion(location=line(1), path="/tmp/x", program="rm")) == []


def test_diagnostic_is_what_the_rule_says(apply: Apply) -> None:
    (found,) = apply("severity: info\nlesson: occupied-gpus", HERE)
    assert found == Diagnostic(
        "XY123", "a-rule", Severity.INFO, "said", line(3), lesson="occupied-gpus"
    )


CASES = """\
cases:
  - {when: {tasks: 1}, severity: "off"}
  - {when: {tasks: {gt: 4}}, severity: error, message: "{tasks} are many"}
  - {when: {tasks: {gt: 2}}, severity: info}
message: "{tasks} tasks"
"""


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        (1, []),
        (2, [("warning", "2 tasks")]),
        (3, [("info", "3 tasks")]),
        (8, [("error", "8 are many")]),
        (None, [("warning", "none tasks")]),
        (UNKNOWN, [("warning", "(unknown) tasks")]),
    ],
)
def test_first_case_that_holds(apply: Apply, tasks: int | None, said: list[object]) -> None:
    found = apply(CASES, replace(HERE, tasks=tasks))
    assert [(d.severity.value, d.message) for d in found] == said


TEXTS = """\
message: "{tasks} tasks."
why: "They wait."
help: "Ask for {nodes} nodes."
cases:
  - {when: {tasks: 1}, why: none, help: none}
  - {when: {tasks: 2}, help: "Ask for one."}
"""


@pytest.mark.parametrize(
    ("tasks", "why", "remedy", "message"),
    [
        (1, "", "", "1 tasks."),
        (2, "They wait.", "Ask for one.", "2 tasks. They wait. Ask for one."),
        (3, "They wait.", "Ask for 4 nodes.", "3 tasks. They wait. Ask for 4 nodes."),
    ],
)
def test_what_is_wrong_why_and_what_helps(
    apply: Apply, tasks: int, why: str, remedy: str, message: str
) -> None:
    (found,) = apply(TEXTS, replace(HERE, tasks=tasks, nodes=4))
    assert (found.fault, found.why, found.help) == (f"{tasks} tasks.", why, remedy)
    assert found.message == message


def test_off_needs_no_quotes(apply: Apply) -> None:
    assert apply("cases: [{severity: off}]", HERE) == []


def test_look_up(apply: Apply) -> None:
    rule = """\
fact: requirement
look-up: {broken: {table: broken-versions, by: version}}
when: {$broken.breaks: {known: true}, package: {not: $broken.packages}}
message: "{version} breaks {$broken.breaks} of {$broken.packages}, {$broken.other}"
"""
    row = {"breaks": "calls", "packages": ["torch", "xla"]}
    knowledge = Table(tables={"broken-versions": {"0.12.0": row}})

    def said(version: object, package: str = "vllm") -> list[str]:
        place = line(1)
        fact = Requirement(location=place, package=package, version=version, via="pip", written="")
        return [d.message for d in apply(rule, fact, knowledge=knowledge)]

    assert said("0.12.0") == ["0.12.0 breaks calls of torch, xla, (unknown)"]
    assert said("0.12.0", "torch") == []
    assert said("0.12.1") == []
    assert said(UNKNOWN) == []
    assert said(None) == []


def test_message_renders_values(apply: Apply) -> None:
    fact = replace(HERE, excluded=frozenset({"b", "a"}), nodes=2, misread="=c {asks-gpus}")
    rule = """\
when: {excluded: {lacks: [d, c, a], overlaps: [a, e]}}
message: '{excluded}; {missing}; {common}; {nodes}; {asks-gpus}; {misread}; {$site.x}; {"a": 1} {}'
"""
    (found,) = apply(rule, fact, knowledge=Table({"site.x": 0.85}))
    assert found.message == 'a, b; c, d; a; 2; true; =c {asks-gpus}; 0.85; {"a": 1} {}'


def test_points_at_an_attribute(apply: Apply) -> None:
    fact = replace(HERE, excluded=frozenset({"a"}), evidence={"excluded": assuming(row=7)})
    assert apply("at: excluded", fact)[0].location == line(7)
    assert apply("at: nodes", fact)[0].location == line(3)
    assert apply("at: [nodes, excluded, tasks]", fact)[0].location == line(7)


def test_related_places(apply: Apply) -> None:
    evidence = {"excluded": Evidence((line(7), line(8)))}
    fact = replace(HERE, nodes=2, evidence=evidence)
    (found,) = apply('related: {at: excluded, message: "here for {nodes}"}', fact)
    assert found.related == (Related("here for 2", line(7)), Related("here for 2", line(8)))
    (found,) = apply('related: {at: nodes, message: "here"}', fact)
    assert found.related == ()


def test_related_command_is_named_unless_it_is_pointed_at(apply: Apply) -> None:
    rule = 'at: excluded\nrelated: {at: location, message: "for this"}'
    (found,) = apply(rule, replace(HERE, evidence={"excluded": assuming(row=7)}))
    assert found.related == (Related("for this", line(3)),)
    (found,) = apply(rule, HERE)
    assert found.related == ()


@pytest.mark.parametrize(
    ("once_per", "rows"),
    [
        ("", [1, 2, 3, 5]),
        ("once-per: file", [1, 5]),
        ("once-per: location", [1, 2, 3, 5]),
        ("once-per: effect", [1, 3, 5]),
        ("cases: [{when: {effect: misspelt}, once-per: file}]", [1, 3, 5]),
    ],
)
def test_once_per(apply: Apply, once_per: str, rows: list[int]) -> None:
    facts = [
        Directive(location=line(5, "z.sh"), effect="misspelt"),
        Directive(location=line(3), effect="indented"),
        Directive(location=line(2), effect="misspelt"),
        Directive(location=line(1), effect="misspelt"),
        Directive(location=line(1), effect="misspelt"),
    ]
    found = apply(f"fact: directive\n{once_per}", *facts)
    assert [d.location.start.row for d in found] == rows


def test_one_diagnostic_for_the_paths_of_a_command(apply: Apply) -> None:
    facts = [
        Deletion(location=line(3), path=path, program="rm", evidence={"path": assuming(row=row)})
        for path, row in (("b", 9), ("a", 8))
    ]
    (found,) = apply('fact: deletion\nat: path\nonce-per: location\nmessage: "{path}"', *facts)
    assert (found.message, found.location) == ("a", line(8))


def test_one_diagnostic_for_a_place_and_a_part_of_it(apply: Apply) -> None:
    whole, part, beside = TEXT.location(0, 20), TEXT.location(7, 12), TEXT.location(20, 26)
    facts = [
        replace(HERE, location=place, tasks=tasks)
        for tasks, place in ((1, whole), (2, part), (3, beside), (1, part))
    ]
    cases = "cases: [{when: {tasks: 1}, severity: info}]"
    found = apply(cases, *facts)
    assert [(d.location, d.severity) for d in found] == [
        (part, Severity.WARNING),
        (beside, Severity.WARNING),
    ]


def test_two_places_of_an_included_file_are_told_where_it_is_included(apply: Apply) -> None:
    places = [line(3)._replace(within=f"common.sh, line {row}") for row in (4, 9)]
    found = apply("", *(replace(HERE, location=place) for place in places))
    assert [d.location.within for d in found] == ["common.sh, line 4", "common.sh, line 9"]


def test_of_many_places_each_is_told_that_is_no_part_of_another(apply: Apply) -> None:
    spans = [(0, 9), (2, 5), (9, 12), (9, 20), (15, 18), (19, 25), (25, 25), (4, 9), (0, 30)]
    facts = [replace(HERE, location=TEXT.location(*span)) for span in spans]
    for order in (facts, facts[::-1]):
        told = [d.location for d in apply("", *order)]
        parts = [
            (a, b) for a in told for b in told if a != b and a.start <= b.start <= b.end <= a.end
        ]
        assert parts == []
    assert [d.location for d in apply("", *facts[:-1])] == [
        TEXT.location(*span) for span in ((0, 9), (9, 12), (15, 18), (19, 25))
    ]


def test_assumptions_are_told(apply: Apply) -> None:
    evidence = {
        "asks_gpus": assuming("MODEL is left at its default"),
        "tasks": assuming("MODEL is left at its default", "A is set"),
        "nodes": assuming("nothing reads this"),
    }
    fact = replace(HERE, tasks=4, evidence=evidence)
    rule = "when: {asks-gpus: true}\ncases: [{when: {tasks: 4}}, {when: {nodes: null}}]"
    assert apply(rule, fact)[0].message == "said (if A is set and MODEL is left at its default)"


def test_assumptions_of_alternatives_that_do_not_hold_are_not_told(apply: Apply) -> None:
    fact = replace(HERE, evidence={"tasks": assuming("T"), "asks_gpus": assuming("G")})
    rule = "when: {any: [{tasks: 4}, {asks-gpus: true}]}"
    assert apply(rule, fact)[0].message == "said (if G)"


def test_look_up_rests_on_what_it_was_made_by(apply: Apply) -> None:
    rule = """\
look-up: {row: {table: rows, by: by}}
when: {$row.x: 1}
"""
    knowledge = Table(tables={"rows": {"sbatch": {"x": 1}}})
    fact = replace(HERE, by="sbatch", evidence={"by": assuming("W")})
    assert apply(rule, fact, knowledge=knowledge)[0].message == "said (if W)"


def test_fewest_assumptions_win(apply: Apply) -> None:
    facts = [
        replace(HERE, tasks=tasks, evidence={"tasks": assuming(*words)})
        for tasks, words in ((1, ("A", "B")), (2, ("A",)), (3, ("A", "C")))
    ]
    (found,) = apply('message: "{tasks}"', *facts)
    assert found.message == "2 (if A)"


def test_order_does_not_depend_on_the_facts(apply: Apply) -> None:
    places = [line(5), line(2), line(9, "a.sh"), line(2)]
    facts = [replace(HERE, location=place, tasks=i) for i, place in enumerate(places)]
    there = apply('message: "{tasks}"', *facts)
    back = apply('message: "{tasks}"', *reversed(facts))
    assert there == back
    assert [(d.location.filename, d.location.start.row) for d in there] == [
        ("a.sh", 9),
        ("script.sh", 2),
        ("script.sh", 5),
    ]


def test_site_re_ranks_and_switches_off(write: Callable[..., Path]) -> None:
    own = write("cases: [{when: {tasks: 1}, severity: off}]")
    rank = write("code: XY123\nseverity: error\n", "site/rank.yaml", whole=True)
    (found,) = check([HERE, replace(HERE, tasks=1)], read([own, rank.parent]), Table())
    assert found.severity is Severity.ERROR
    write("code: XY123\nseverity: off\n", "site/rank.yaml", whole=True)
    assert check([HERE], read([own, rank.parent]), Table()) == []
