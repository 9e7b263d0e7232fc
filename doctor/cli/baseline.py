"""The scan command with `--update-baseline`."""

from __future__ import annotations

from doctor.cli import terminal
from doctor.cli.outcome import exit_code
from doctor.cli.output import save_bytes
from doctor.scan import Result
from doctor.scan.baseline import Held


def update(held: Held, result: Result) -> int:
    """Write the baseline anew and say what has changed in it; the exit code.

    Where not all could be examined it stays as it was.
    """
    code = exit_code(result, "never")
    if code:
        terminal.tell([f"vllm-doctor: {held.known.path} was left as it was."])
        return code
    save_bytes(held.known.path, held.renewed.text.encode())
    count, old = held.renewed.total, held.known.total
    things = "diagnostic" if count == 1 else "diagnostics"
    terminal.write([f"{held.known.path} now holds back {count} {things} (before: {old})."])
    return 0
