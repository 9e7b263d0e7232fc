"""How a command ends: what it writes of its result, and its exit code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from doctor.cli import terminal

if TYPE_CHECKING:
    from doctor.base.failure import Failure
    from doctor.config import Config
    from doctor.scan import Result
    from doctor.sources import Omitted

#: The exit code for what was found of a node, or of several.
EXIT_CODES = {"fit": 0, "not fit": 1, "unknown": 2}

#: How many files are named that are left out for one reason.
_SHOWN = 3


def fail(sentence: str) -> int:
    """Say on the standard error what could not be done; the exit code for that."""
    terminal.tell([f"vllm-doctor: {sentence}"])
    return 2


def tell_failure(failure: Failure, traceback: bool, filename: str | None = None) -> int:
    """Tell of a fault of ours, with its ``traceback`` if that was asked for; the exit code."""
    if traceback:
        terminal.tell(failure.traceback.splitlines())
    return fail(str(failure) if filename is None else f"{filename}: {failure}")


def tell_failures(failures: Iterable[tuple[str, Failure]]) -> int:
    """Tell of faults of ours in these files; the exit code, 0 if there are none."""
    traceback = bool(click.get_current_context().find_root().obj)
    codes = [tell_failure(failure, traceback, filename) for filename, failure in failures]
    return max(codes, default=0)


def tell_passed_over(config: Config) -> None:
    """Say which configurations are not in force because strangers have put them there."""
    for path in config.passed_over:
        terminal.tell(
            [
                f"vllm-doctor: {path} is not in force: it belongs neither to you nor to root nor "
                f"to the owner of what is examined; to use it all the same: --config {path}"
            ]
        )


def tell_omitted(omitted: Iterable[Omitted]) -> None:
    """Say what was left out though it was named: a line for each reason."""
    reasons: dict[str, list[str]] = {}
    for each in omitted:
        reasons.setdefault(each.reason, []).append(each.path)
    for reason, paths in reasons.items():
        shown = paths[:_SHOWN] if len(paths) > _SHOWN + 1 else paths
        more = f" and {len(paths) - len(shown)} more" if len(shown) < len(paths) else ""
        terminal.tell([f"vllm-doctor: left out: {', '.join(shown)}{more} ({reason})"])


def exit_code(result: Result, fail_on: str, quiet: bool = False) -> int:
    """Tell what was not done; 0: nothing found that is as bad as ``fail_on``, 1, or 2."""
    from doctor.diagnostic import Severity

    if not quiet:
        tell_omitted(result.omitted)
    for problem in result.problems:
        fail(problem)
    tell_failures(result.failures)
    if result.failed:
        return 2
    return 0 if fail_on == "never" else int(result.holds(Severity(fail_on)))
