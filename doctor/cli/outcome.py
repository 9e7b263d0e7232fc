"""How a command ends: what it writes of its result, and its exit code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from doctor.cli import terminal

if TYPE_CHECKING:
    from doctor.scan import Result

#: The exit code for what was found of a node, or of several.
EXIT_CODES = {"fit": 0, "not fit": 1, "unknown": 2}


def fail(sentence: str) -> int:
    """Say on the standard error what could not be done; the exit code for that."""
    terminal.tell([f"vllm-doctor: {sentence}"])
    return 2


def report(result: Result, format_name: str, show: str) -> Iterator[str]:
    """The lines of a scan's result, in a format; text shows what is as bad as ``show``."""
    from doctor.diagnostic import Severity
    from doctor.report import Report, render

    shown = Report(
        result.diagnostics,
        result.sources,
        result.files,
        Severity(show),
        terminal.colour(),
        terminal.width(),
    )
    return render(shown, format_name)


def exit_code(result: Result, fail_on: str) -> int:
    """Tell what could not be done; 0: nothing found that is as bad as ``fail_on``, 1, or 2."""
    from doctor.diagnostic import Severity

    for problem in result.problems:
        fail(problem)
    if result.failed:
        return 2
    return 0 if fail_on == "never" else int(result.holds(Severity(fail_on)))
