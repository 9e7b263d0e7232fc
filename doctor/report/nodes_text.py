"""Many examined nodes for people: a row a node, a cell a GPU, then what is wrong and where."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from doctor.cluster.cells import Cell, cell
from doctor.cluster.merge import Kind, Overview
from doctor.cluster.node_report import NOT_LOOKED_AT, NodeReport
from doctor.cluster.remarks import remark
from doctor.node.bounds import first
from doctor.node.checks import Check, Status
from doctor.report.style import Styled, cells, paint, visible
from doctor.slurm.hostlist import fold

_MARKS = {
    "error": ("✗", "error"),
    "warning": ("!", "warning"),
    "unknown": ("?", "unknown"),
    "info": ("i", "info"),
}
_VERDICTS = {"fit": "good", "not fit": "error", "unknown": "unknown", NOT_LOOKED_AT: "dim"}
#: Of more nodes than these, those that look alike share a row.
_ROWS = 40
_EVIDENCE = 8


def render(
    found: Overview, title: str, width: int, colour: bool, verbose: bool = False
) -> Iterator[str]:
    """The lines; ``title`` says whose nodes they are: `nodes of job 17`."""
    for line in _lines(found, title, width, verbose):
        yield paint(line, colour)


def _lines(found: Overview, title: str, width: int, verbose: bool) -> Iterator[Sequence[Styled]]:
    yield [Styled(f"{len(found.nodes)} {title}: ", "bold"), *_counts(found.nodes), Styled(".")]
    yield []
    yield from _rows(found.nodes, width)
    yield from _legend(found.nodes)
    hidden = 0
    for kind in found.kinds:
        if kind.status == "info" and not verbose:
            hidden += 1
            continue
        yield []
        yield from _kind(kind, width)
    if hidden:
        yield []
        yield [Styled(f"Besides {hidden} remarks, which --verbose shows.", "dim")]
    yield from _between(found.between, width)
    yield from _advice(found)


def _counts(nodes: Sequence[NodeReport]) -> Iterator[Styled]:
    comma = ""
    for verdict, style in _VERDICTS.items():
        count = sum(each.verdict == verdict for each in nodes)
        if count:
            yield Styled(comma)
            yield Styled(f"{count} {verdict}", style)
            comma = ", "


# --- the picture ---------------------------------------------------------------------------------


def _rows(nodes: Sequence[NodeReport], width: int) -> Iterator[Sequence[Styled]]:
    rows = list(_folded(nodes)) if len(nodes) > _ROWS else [(each.node, each) for each in nodes]
    names = max((cells(name) for name, _ in rows), default=0)
    gpus = max((len(each.gpus) for _, each in rows), default=0)
    states = max((len(each.state) for _, each in rows), default=0)
    verdicts = max((len(each.verdict) for _, each in rows), default=0)
    for name, each in rows:
        row = [Styled(name + " " * (names - cells(name)), "bold"), Styled("  ")]
        for gpu in each.gpus:
            shown = cell(gpu)
            row += [Styled(shown.letter, shown.style), Styled(" ")]
        row.append(Styled("  " * (gpus - len(each.gpus)) + " "))
        if states:
            row.append(Styled(each.state.ljust(states) + "  "))
        row += [Styled(each.verdict.ljust(verdicts), _VERDICTS[each.verdict]), Styled("  ")]
        room = max(20, width - sum(cells(text) for text, _ in row))
        yield [*row, Styled(textwrap.shorten(visible(remark(each)), room, placeholder="…"))]


def _folded(nodes: Sequence[NodeReport]) -> Iterator[tuple[str, NodeReport]]:
    """Nodes that look alike as one, under all their names."""

    def look(each: NodeReport) -> tuple[object, ...]:
        return ([cell(gpu).letter for gpu in each.gpus], each.state, each.verdict, remark(each))

    ordered = sorted(nodes, key=lambda each: (repr(look(each)), each.node))
    alike = [list(group) for _, group in groupby(ordered, look)]
    for group in sorted(alike, key=lambda group: group[0].node):
        yield fold(each.node for each in group), group[0]


def _legend(nodes: Sequence[NodeReport]) -> Iterator[Sequence[Styled]]:
    shown = {cell(gpu) for each in nodes for gpu in each.gpus}
    if shown:
        yield []
        parts = [
            (Styled(each.letter, each.style), Styled(f" {each.words}   "))
            for each in Cell
            if each in shown
        ]
        yield [part for pair in parts for part in pair]


# --- what is wrong -------------------------------------------------------------------------------


def _kind(kind: Kind, width: int) -> Iterator[Sequence[Styled]]:
    mark, style = _MARKS[kind.status]
    named = ", ".join(f"{code} {name}" for code, name in kind.checks)
    title = f"{named} on {kind.count} node{'s' * (kind.count > 1)}, {kind.nodes}"
    lines = textwrap.wrap(visible(title), width - 2)
    yield [Styled(f"{mark} ", style), Styled(lines[0], "bold")]
    yield from ([Styled(f"  {line}", "bold")] for line in lines[1:])
    for line in textwrap.wrap(visible(kind.message), width - 2):
        yield [Styled(f"  {line}")]
    for text in first(kind.evidence, _EVIDENCE):
        lines = textwrap.wrap(visible(text), width - 4) or [""]
        yield [Styled(f"  - {lines[0]}")]
        yield from ([Styled(f"    {line}")] for line in lines[1:])


def _between(checks: Sequence[Check], width: int) -> Iterator[Sequence[Styled]]:
    """What lies between the nodes: a line if all is well, else what isn't."""
    if not checks:
        return
    wrong = [check for check in checks if check.failed or check.status is Status.UNKNOWN]
    yield []
    statuses = {check.status.value for check in wrong} - {"info"}
    worst = next((status for status in _MARKS if status in statuses), None)
    mark, style = _MARKS[worst] if worst else ("✓", "good")
    yield [Styled(f"{mark} ", style), Styled(f"Between the nodes, {len(checks)} checks", "bold")]
    for check in wrong:
        mark, style = _MARKS[check.status.value]
        title = check.name if check.failed else check.looks_at
        lines = textwrap.wrap(visible(f"{check.code} {title}: {check.message}"), width - 4)
        yield [Styled(f"  {mark} ", style), Styled(lines[0])]
        yield from ([Styled(f"    {line}")] for line in lines[1:])
        yield from ([Styled(f"    - {visible(line)}")] for line in check.evidence)
        for line in check.remedy.splitlines():
            yield [Styled(f"      {visible(line)}", "info")]


def _advice(found: Overview) -> Iterator[Sequence[Styled]]:
    if found.endings:
        yield []
        yield [Styled("To end what you left behind, if you don't need it any more:")]
        yield from ([Styled(f"  {visible(line)}", "info")] for line in found.endings)
    if found.exclude:
        yield []
        yield [Styled(f"#SBATCH --exclude={found.exclude}", "info")]
    if found.administrators:
        yield []
        yield [Styled(visible(found.administrators))]
