"""An examined node for people: the GPUs at a glance, then the checks and what to do."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from doctor.base.unknown import UnknownType
from doctor.facts.node.gpus import Gpu
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
    "VN7": "Between GPUs and nodes",
}
_SITE = "This site's own checks"
_MARKS: dict[Status, tuple[str, StyleType]] = {
    Status.ERROR: ("✗", "bold red"),
    Status.WARNING: ("!", "bold yellow"),
    Status.INFO: ("i", "bold cyan"),
    Status.UNKNOWN: ("?", "bold magenta"),
    Status.OK: ("✓", "green"),
    Status.SKIPPED: ("-", "dim"),
}
_WORST_FIRST = (
    Status.ERROR,
    Status.WARNING,
    Status.UNKNOWN,
    Status.INFO,
    Status.OK,
    Status.SKIPPED,
)
_VERDICTS = {
    "fit": ("fit: vLLM should start here", "bold green"),
    "not fit": ("not fit: vLLM will not run well here", "bold red"),
    "unknown": ("unknown: what would have to be seen can't be seen", "bold magenta"),
}
_BAR = 20


def render(
    found: Examination, verdict: str, width: int, colour: bool, verbose: bool = False
) -> Iterator[str]:
    """The lines, of at most ``width`` cells but for what is there to paste."""
    yield from _typeset(_parts(found, verdict, verbose), width, colour)


def quiet(found: Examination, blamed: Sequence[Check], width: int, colour: bool) -> Iterator[str]:
    """Of these checks what is wrong, and nothing else; each begins with the node's name."""
    node = (f"{visible(found.node)}: ", "bold")
    for check in blamed:
        if check.failed:
            said = f" {check.code} {check.name}: {visible(check.message)}"
            evidence = [Text(f"  - {visible(line)}") for line in check.evidence]
            line = Text.assemble(node, _MARKS[check.status], said)
            yield from _typeset([line, *evidence], width, colour)
    unknown = [check for check in blamed if not check.failed]
    for names, reason in _by_reason(unknown):
        line = Text.assemble(node, _MARKS[Status.UNKNOWN], f" {names}{reason}")
        yield from _typeset([line], width, colour)


def _typeset(parts: Iterable[RenderableType], width: int, colour: bool) -> Iterator[str]:
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
        for part in parts:
            console.print(part, soft_wrap=isinstance(part, Text) and part.no_wrap is True)
    yield from (line.rstrip() for line in captured.get().splitlines())


def _parts(found: Examination, verdict: str, verbose: bool) -> Iterator[RenderableType]:
    words, style = _VERDICTS[verdict]
    if verdict == "fit" and (lacking := _lacking(found)):
        words, style = f"fit, but has {lacking}", "bold yellow"
    elif verdict == "fit" and any(check.unknown for check in found.checks):
        words = "fit, as far as can be seen"
    yield Text.assemble((visible(found.node), "bold"), " is ", (words, style), ".")
    yield ""
    if found.gpus:
        yield _gpus(found.gpus)
        yield ""
    for title, group in groupby(found.checks, lambda check: _GROUPS.get(check.code[:3], _SITE)):
        yield from _group(title, list(group), verbose)
    yield ""
    yield Text(_summary(found), "dim")


def _lacking(found: Examination) -> str:
    """What isn't here without which no server starts, though nothing else is wrong."""
    skipped = {check.tells for check in found.checks if check.status is Status.SKIPPED}
    failed = {check.tells for check in found.checks if check.failed}
    missing = ["no GPU"] if "held" in skipped else []
    if "no-vllm" in failed:
        missing.append("no vLLM on the PATH")
    return " and ".join(missing)


def _summary(found: Examination) -> str:
    counts = {status: sum(check.status is status for check in found.checks) for status in Status}
    told = ", ".join(f"{count} {status.value}" for status, count in counts.items() if count)
    checks = "1 check" if len(found.checks) == 1 else f"{len(found.checks)} checks"
    return f"{checks} in {found.seconds:.1f} s: {told or 'none'}."


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


def _group(title: str, checks: Sequence[Check], verbose: bool) -> Iterator[RenderableType]:
    """A line for the group, marked by its worst check, and what is wrong or unknown below it."""
    worst = next(status for status in _WORST_FIRST if any(c.status is status for c in checks))
    count = f", {len(checks)} check{'s' * (len(checks) > 1)}"
    skipped = [check for check in checks if check.status is Status.SKIPPED]
    if skipped:
        count += (
            f", of which {len(skipped)} can't apply here"
            if worst is not Status.SKIPPED
            else (f": {_reasons(skipped)}")
        )
    yield _line(worst, Text.assemble((title, "bold"), visible(count)), indent=0)
    yield from (part for check in checks if check.failed for part in _told(check))
    for status in (Status.UNKNOWN, Status.OK, Status.SKIPPED):
        if verbose or status is Status.UNKNOWN:
            alike = [check for check in checks if check.status is status]
            for names, reason in _by_reason(alike):
                yield _line(status, Text.assemble((names, "bold"), reason))


def _by_reason(checks: Sequence[Check]) -> Iterator[tuple[str, str]]:
    """The checks that have one thing to say, and that."""
    for reason in dict.fromkeys(check.message for check in checks):
        names = (f"{c.code} {c.looks_at}" for c in checks if c.message == reason)
        yield ", ".join(names), f": {visible(reason)}" if reason else ""


def _reasons(checks: Sequence[Check]) -> str:
    return "; ".join(dict.fromkeys(check.message for check in checks))


def _told(check: Check) -> Iterator[RenderableType]:
    title = Text.assemble((f"{check.code} {check.name}", "bold"), f": {visible(check.message)}")
    evidence = [Text(f"- {visible(line)}") for line in check.evidence]
    yield _line(check.status, Group(title, *evidence))
    for line in check.remedy.splitlines():
        yield Text.assemble("      ", (visible(line), "cyan"), no_wrap=True)


def _line(status: Status, content: RenderableType, indent: int = 2) -> RenderableType:
    mark, style = _MARKS[status]
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    grid.add_row(Text(mark, style), content)
    return Padding(grid, (0, 0, 0, indent))
