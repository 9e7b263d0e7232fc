"""Whatever is told of a script stands inside the file that it is told of."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from doctor.diagnostic import Location, Source
from doctor.facts.base import Fact
from doctor.shell import parse
from doctor.trace.programs.invocation import Invocation
from doctor.trace.trace import walked
from doctor.values.value import Origin, Value

from .launchers import launcher
from .test_cases import CASES, Case, facts_of


@pytest.mark.parametrize("seed", range(60))
def test_the_pieces_of_values_stand_inside_the_file(seed: int) -> None:
    text = launcher(Random(1000 + seed))
    walk = walked(Source("case.sh", text), parse(text), lambda name, near: None)
    for invocation in walk.invocations:
        for origin in _origins(invocation):
            assert 0 <= origin.start <= origin.end <= len(text), text


def _origins(invocation: Invocation) -> Iterator[Origin]:
    yield invocation.origin
    contents = [content for held in invocation.environment.values() for content in held]
    values = [value for value in contents if isinstance(value, Value)]
    for value in (*invocation.arguments, *values):
        yield from (piece.origin for piece in value.pieces if piece.origin is not None)


@pytest.mark.parametrize("case", CASES)
def test_facts_and_their_evidence_stand_inside_the_file(case: Case) -> None:
    files = {case.get("filename", "case.sh"): case["script"], **case.get("files", {})}
    for fact in facts_of(case):
        for place in _places(fact):
            text = files[place.filename.removeprefix("./")]
            assert 0 <= place.start.offset <= place.end.offset <= len(text)
            for end in (place.start, place.end):
                assert 1 <= end.column <= len(text.split("\n")[end.row - 1]) + 1


def _places(fact: Fact) -> Iterator[Location]:
    yield fact.location
    for evidence in fact.evidence.values():
        yield from evidence.locations


@pytest.mark.parametrize(
    "script",
    [
        "eval 'vllm serve m --tool-call-parser hermes'",
        "C='vllm serve m'\nC+=' --tool-call-parser hermes'\neval \"$C --port 1\"",
        'N=a\nbash -c "vllm serve $N \\"x\\" --tool-call-parser hermes"',
        "bash -c 'bash -c \"vllm serve m --tool-call-parser hermes\"'",
        "bash -c \"bash -c 'vllm serve $M --tool-call-parser hermes'\"",
        "bash <<EOF\nvllm serve $M \\\n  --tool-call-parser hermes\nEOF",
        "M=a\nbash <<EOF\nvllm serve $M \\$HOME --tool-call-parser hermes\nEOF",
        "bash <<-'EOF'\n\techo a\n\tvllm serve m --tool-call-parser hermes\n\tEOF",
        "bash <<-EOF\n\techo $M\n\tvllm serve m --tool-call-parser hermes\n\tEOF",
        "cat > x.sh <<EOF\nvllm serve \\$1 --tool-call-parser hermes\nEOF\nbash x.sh m",
        "bash -c $'echo a\\nvllm serve m --tool-call-parser hermes'",
        "ssh host \"cd /x && vllm serve m --tool-call-parser hermes\"",
        "bash -c 'vllm serve '\"$M\"' --tool-call-parser hermes'",
        "P=hermes\nbash -c \"vllm serve m --tool-call-parser $P\"",
        "srun bash -c 'vllm serve \"$1\" --tool-call-parser \"$2\"' _ m hermes",
    ],
)  # fmt: skip
def test_a_value_in_nested_text_is_pointed_at_exactly(script: str) -> None:
    [fact] = {fact for fact in facts_of({"script": script}) if fact.kind == "launch"}
    [place] = fact.evidence["tool_call_parser"].locations
    assert script[place.start.offset : place.end.offset].strip("\"'") == "hermes"
