"""The scan command with `--fix`, `--add-ignores` or `--diff`."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.cli import terminal
from doctor.cli.inputs import Inputs
from doctor.cli.outcome import exit_code
from doctor.cli.output import Output, save_bytes
from doctor.config import Config
from doctor.diagnostic import Severity
from doctor.report import diff
from doctor.scan import repair as repairs

#: The most bytes on the standard input; of more than `sources.LIMIT` nothing is fixed.
_MOST_GIVEN = 1 << 24


class Wanted(Record):
    """What the options of the command ask for."""

    output: Output
    fail_on: str
    diff: bool
    unsafe: bool
    ignore: bool
    exit_non_zero: bool


def repair(inputs: Inputs, config: Config, wanted: Wanted) -> int:
    """Make the fixes of what is shown, or show them as a patch; the exit code."""
    given = _given(inputs)
    output, name = wanted.output, inputs.stdin_filename
    wish = repairs.Wish(wanted.unsafe, wanted.ignore, not wanted.diff, Severity(output.show))
    done = repairs.repair(inputs.paths, config, wish, BytesIO(given), name, only=inputs.only)
    if wanted.diff:
        _show_patch(done, wanted)
        return exit_code(done.result, "never") or int(bool(done.changes))
    if inputs.stdin:
        changed = (c.after.data for c in done.changes if c.before.filename == name)
        terminal.write_bytes([next(changed, given)])
    output.write(output.report(done.result), errors=inputs.stdin is not None)
    told = _ignored(done) if wanted.ignore else _fixed(done)
    terminal.tell([*_refusals(done, wanted), *([] if output.quiet else told)])
    code = exit_code(done.result, wanted.fail_on, output.quiet)
    return code or int(wanted.exit_non_zero and bool(done.changes))


def _show_patch(done: repairs.Repaired, wanted: Wanted) -> None:
    patch = diff.render((each.before, each.after) for each in done.changes)
    output = wanted.output
    if output.output_file is None:
        terminal.write_bytes(patch)
    else:
        save_bytes(output.output_file, b"".join(patch))
    terminal.tell([*_refusals(done, wanted), *_masked(done)])


def _given(inputs: Inputs) -> bytes:
    """What is on the standard input: it is printed again, be it too large to be examined."""
    if inputs.stdin is None:
        return b""
    name = inputs.stdin_filename
    try:
        given = inputs.stdin.read(_MOST_GIVEN + 1)
    except OSError as error:
        raise DoctorError(error.strerror or str(error), name) from None
    if len(given) > _MOST_GIVEN:
        problem = f"it has more than {_MOST_GIVEN >> 20} MiB; nothing is read or printed of it"
        raise DoctorError(problem, name)
    return given


def _refusals(done: repairs.Repaired, wanted: Wanted) -> Iterator[str]:
    what = "ignored" if wanted.ignore else "fixed"
    for refusal in done.refused:
        found = refusal.diagnostic
        place = f"{found.location.filename}:{found.location.start.row}"
        yield f"{place}: {found.code} was not {what}: {refusal.reason}."


def _masked(done: repairs.Repaired) -> Iterator[str]:
    for change in done.changes:
        if diff.is_masked(change.before, change.after):
            yield (
                f"{change.before.filename}: a token stands beside what changes. It is masked, so "
                "this patch can't be applied: make the changes with --fix."
            )


def _fixed(done: repairs.Repaired) -> Iterator[str]:
    count = 0
    for change in done.changes:
        for found in change.fixed:
            count += 1
            start = found.location.start
            message = found.fix.message if found.fix else ""
            place = f"{found.location.filename}:{start.row}:{start.column}"
            yield f"{place}: fixed {found.code}: {message}"
    yield f"Fixed {count} problem{'' if count == 1 else 's'}."


def _ignored(done: repairs.Repaired) -> Iterator[str]:
    problems = sum(len(change.fixed) for change in done.changes)
    scripts = len(done.changes)
    if not problems:
        yield "No comment was added."
        return
    yield (
        f"Ignored {problems} problem{'' if problems == 1 else 's'} by comments in {scripts} "
        f"script{'' if scripts == 1 else 's'}."
    )
