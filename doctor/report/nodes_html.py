"""Many examined nodes as one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from doctor.cluster.cells import Cell, cell
from doctor.cluster.merge import Kind, Overview
from doctor.cluster.node_report import NodeReport
from doctor.cluster.remarks import remark
from doctor.report.style import visible

_STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #1a1a1a; --dim: #666; --line: #ddd;
  --good: #1a7f37; --warning: #9a6700; --error: #cf222e; --info: #0969da; --unknown: #8250df; }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --text: #e6edf3; --dim: #8b949e;
  --line: #30363d; --good: #3fb950; --warning: #d29922; --error: #f85149; --info: #58a6ff;
  --unknown: #bc8cff; } }
body { background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif;
  margin: 2em auto; max-width: 75em; padding: 0 1em; }
table { border-collapse: collapse; } td, th { padding: .2em .7em .2em 0; text-align: left;
  border-bottom: 1px solid var(--line); vertical-align: top; }
td.gpus { white-space: nowrap; font-family: ui-monospace, monospace; }
td.gpus span { display: inline-block; width: 1.5em; text-align: center; border-radius: 3px;
  margin-right: 2px; border: 1px solid var(--line); }
.good { color: var(--good); } .warning { color: var(--warning); } .error { color: var(--error); }
.info { color: var(--info); } .unknown { color: var(--unknown); } .dim { color: var(--dim); }
pre { white-space: pre-wrap; border: 1px solid var(--line); padding: .6em; border-radius: 4px; }
"""
_STYLES = {"fit": "good", "not fit": "error", "unknown": "unknown"}


def render(found: Overview, title: str) -> Iterator[str]:
    """The lines of the page."""
    yield "<!DOCTYPE html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{_text(title)}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>{len(found.nodes)} {_text(title)}</h1>"
    yield f"<p>{', '.join(_counts(found.nodes))}</p>"
    yield "<table><tr><th>node<th>GPUs<th>Slurm<th>verdict<th>why</tr>"
    yield from map(_row, found.nodes)
    yield "</table>"
    yield f"<p class=dim>{_legend(found.nodes)}</p>"
    for kind in found.kinds:
        yield from _kind(kind)
    if found.exclude:
        yield f"<h2>Keep jobs off them</h2><pre>#SBATCH --exclude={_text(found.exclude)}</pre>"
    if found.administrators:
        yield f"<p>{_text(found.administrators)}</p>"
    yield "</body></html>"


def _counts(nodes: Sequence[NodeReport]) -> Iterator[str]:
    verdicts = [each.verdict for each in nodes]
    for verdict in sorted(set(verdicts)):
        style = _STYLES.get(verdict, "dim")
        yield f'<span class="{style}">{verdicts.count(verdict)} {_text(verdict)}</span>'


def _row(each: NodeReport) -> str:
    cells = "".join(
        f'<span class="{shown.style}" title="{_text(_words(gpu, shown))}">{shown.letter}</span>'
        for gpu, shown in ((gpu, cell(gpu)) for gpu in each.gpus)
    )
    style = _STYLES.get(each.verdict, "dim")
    return (
        f"<tr><td><b>{_text(each.node)}</b><td class=gpus>{cells}<td>{_text(each.state)}"
        f'<td class="{style}">{_text(each.verdict)}<td>{_text(remark(each))}</tr>'
    )


def _words(gpu: object, shown: Cell) -> str:
    told = gpu if isinstance(gpu, dict) else {}
    holders = ", ".join(map(str, told.get("holders") or ()))
    return f"{told.get('gpu', 'GPU')}: {holders or shown.words}"


def _legend(nodes: Sequence[NodeReport]) -> str:
    shown = {cell(gpu) for each in nodes for gpu in each.gpus}
    return " · ".join(_text(f"{each.letter} {each.words}") for each in Cell if each in shown)


def _kind(kind: Kind) -> Iterator[str]:
    named = ", ".join(f"{code} {name}" for code, name in kind.checks)
    yield f'<h2 class="{kind.status}">{_text(named)}</h2><p><b>{_text(kind.nodes)}</b></p>'
    yield f"<p>{_text(kind.message)}</p><ul>"
    yield from (f"<li>{_text(line)}</li>" for line in kind.evidence)
    yield "</ul>"


def _text(text: str) -> str:
    return escape(visible(text))
