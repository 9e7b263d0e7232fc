"""An examined node for people: the GPUs at a glance, then the checks and what to do."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from doctor.base.unknown import UnknownType
from doctor.facts.node import Gpu
from doctor.node.checks import Check, Status
from doctor.node.examination import Examination
from doctor.report.style import visible

if TYPE_CHECKING:
    from rich.style import StyleType

#: The groups of the checks that ship with the tool, by the first digit of their codes.
_GROUPS = {
    "VN1": "GPUs",
    "VN2": "Processes",
    "VN3": "Folders and disks",
    "VN4": "Slurm",
    "VN5": "vLLM and what it needs",
    "VN6": "The script",
}
_SITE = "This site's own checks"
_MARKS: dict[Status, tuple[str, StyleType]] = {
    Status.ERROR: ("✗", "bold red"),
    Status.WARNING: ("!", "bold yellow"),
    Status.INFO: ("!", "bold cyan"),
    Status.UNKNOWN: ("?", "bold magenta"),
    Status.OK: ("✓", "green"),
    Status.SKIPPED: ("-", "dim"),
}
_VERDICTS = {
    "fit": ("fit: vLLM should start here", "bold green"),
    "not fit": ("not fit: vLLM will not run well here", "bold red"),
    "unknown": ("unknown: what would have to be seen can't be seen", "bold magenta"),
}
_BAR = 20


def render(found: Examination, verdict: str, width: int, colour: bool) -> Iterator[str]:
    """The lines, of at most ``width`` cells but for what is there to paste."""
    console = Console(
        file=io.StringIO(),
        force_terminal=colour,
        color_system="standard" if colour else None,
        width=width,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
    )
    with console.capture() as captured:
        for part in _parts(found, verdict):
            console.print(part, soft_wrap=isinstance(part, Text) and part.no_wrap is True)
    yield from (line.rstrip() for line in captured.get().splitlines())


def _parts(found: Examination, verdict: str) -> Iterator[RenderableType]:
    words, style = _VERDICTS[verdict]
    if verdict == "fit" and (lacking := _lacking(found)):
        words, style = f"fit as far as it goes, but has {lacking}", "bold yellow"
    elif verdict == "fit" and any(check.unknown for check in found.checks):
        words = "fit as far as can be seen"
    yield Text.assemble((found.node, "bold"), " is ", (words, style), ".")
    yield ""
    if found.gpus:
        yield _gpus(found.gpus)
        yield ""
    for title, group in groupby(found.checks, lambda check: _GROUPS.get(check.code[:3], _SITE)):
        yield Text(title, "bold")
        yield from _group(list(group))
        yield ""
    yield Text(_summary(found), "dim")


def _lacking(found: Examination) -> str:
    """What isn't here without which no server starts, though nothing else is wrong."""
    checks = {check.code: check for check in found.checks}
    gpus, vllm = checks.get("VN101"), checks.get("VN508")
    missing = ["no NVIDIA GPU"] if gpus and gpus.status is Status.SKIPPED else []
    if vllm and vllm.failed:
        missing.append("no vLLM on the PATH")
    return " and ".join(missing)


def _summary(found: Examination) -> str:
    counts = {status: sum(check.status is status for check in found.checks) for status in Status}
    told = ", ".join(f"{count} {status.value}" for status, count in counts.items() if count)
    return f"{len(found.checks)} checks in {found.seconds:.1f} s: {told or 'none'}."


# --- GPUs ----------------------------------------------------------------------------------------


def _gpus(gpus: Sequence[Gpu]) -> Table:
    """One row a GPU: its memory as a bar, and who holds it."""
    table = Table.grid(padding=(0, 2))
    for gpu in gpus:
        table.add_row(gpu.gpu, _word(gpu.model), *_memory(gpu), _holders(gpu))
    return table


def _memory(gpu: Gpu) -> tuple[Text, str]:
    if isinstance(gpu.total, UnknownType) or isinstance(gpu.free, UnknownType):
        return Text("?" * _BAR, "dim"), "memory unknown"
    taken = max(0.0, gpu.total - gpu.free)
    filled = min(_BAR, round(_BAR * taken / gpu.total)) if gpu.total else 0
    bar = Text.assemble(("█" * filled, _fill(gpu)), ("░" * (_BAR - filled), "dim"))
    return bar, f"{taken:.1f} of {gpu.total:.1f} GiB"


def _fill(gpu: Gpu) -> str:
    lacking = isinstance(gpu.lacking, float) and gpu.lacking > 0
    return "red" if lacking else "yellow" if gpu.held_by not in ("nobody", "this-job") else "green"


def _holders(gpu: Gpu) -> Text:
    if isinstance(gpu.holders, UnknownType):
        return Text("holders unknown", "dim")
    return Text(visible(", ".join(gpu.holders) or "free"))


def _word(value: str | UnknownType) -> str:
    return "?" if isinstance(value, UnknownType) else visible(value)


# --- checks --------------------------------------------------------------------------------------


def _group(checks: Sequence[Check]) -> Iterator[RenderableType]:
    """Each check that failed; of the others, those share a line that have one thing to say."""
    for check in checks:
        if check.failed:
            yield from _told(check)
    for status, style in ((Status.UNKNOWN, "bold"), (Status.OK, ""), (Status.SKIPPED, "dim")):
        alike = [check for check in checks if check.status is status]
        for reason in dict.fromkeys(check.message for check in alike):
            names = ", ".join(f"{c.code} {c.name}" for c in alike if c.message == reason)
            said = f": {visible(reason)}" if reason else ""
            yield _line(status, Text.assemble((names, style), said))


def _told(check: Check) -> Iterator[RenderableType]:
    title = Text.assemble((f"{check.code} {check.name}", "bold"), f": {visible(check.message)}")
    evidence = [Text(f"- {visible(line)}") for line in check.evidence]
    yield _line(check.status, Group(title, *evidence))
    for line in check.remedy.splitlines():
        yield Text.assemble("      ", (visible(line), "cyan"), no_wrap=True)


def _line(status: Status, content: RenderableType) -> RenderableType:
    mark, style = _MARKS[status]
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    grid.add_row(Text(mark, style), content)
    return Padding(grid, (0, 0, 0, 2))
