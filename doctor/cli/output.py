"""Where a report goes, and in what form: what ``output_options`` say."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from doctor.base.errors import DoctorError
from doctor.base.record import Record
from doctor.base.tokens import blotted
from doctor.cli import terminal

if TYPE_CHECKING:
    from doctor.report import Report
    from doctor.scan import Result


class Output(Record):
    """The form of a report, and its file; without one it goes to the standard output."""

    format_name: str = "text"
    show: str = "warning"
    quiet: bool = False
    output_file: Path | None = None
    statistics: bool = False

    def refuse_nonsense(self) -> None:
        """Refuse statistics in a format that has none."""
        if not self.statistics:
            return
        from doctor.report.statistics import FORMATS

        if self.format_name not in FORMATS:
            problem = f"--statistics are {' or '.join(FORMATS)}, not {self.format_name}"
            raise click.UsageError(problem)

    def report(self, result: Result) -> Report:
        """A scan's result as reports have it."""
        from doctor.diagnostic import Severity
        from doctor.report import Report

        return Report(
            result.diagnostics,
            result.sources,
            result.files,
            Severity(self.show),
            self.colour,
            self.width,
            quiet=self.quiet,
            held=result.held,
        )

    @property
    def colour(self) -> bool:
        """Whether to write in colours; a file has them only if somebody asks for that."""
        return terminal.colour() if self.output_file is None else terminal.wants_colour()

    @property
    def width(self) -> int:
        return terminal.width() if self.output_file is None else terminal.USUAL_WIDTH

    def write(self, report: Report, errors: bool = False) -> None:
        """Write a report where it is to go; with ``errors`` to the standard error, else output."""
        lines = self._lines(report)
        if self.output_file is not None:
            save(self.output_file, lines)
        elif errors:
            terminal.tell(lines, styled=True)
        else:
            terminal.write(lines, styled=True)

    def _lines(self, report: Report) -> Iterator[str]:
        if self.statistics:
            from doctor.report import statistics

            return statistics.render(report, self.format_name)
        from doctor.report import render

        return render(report, self.format_name)


def save(path: Path, lines: Iterable[str]) -> None:
    """Write lines to a file, all or none, without the tokens that a script may hold."""
    save_bytes(path, "".join(f"{blotted(line)}\n" for line in lines).encode(errors="replace"))


def save_bytes(path: Path, content: bytes) -> None:
    """Write a file, all of it or nothing; what is no ordinary file, as a pipe, is written to."""
    from doctor.base.replace import replacing

    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        with replacing(Path(os.path.realpath(path))) as file:
            file.write(content)
    except OSError as error:
        raise DoctorError(f"can't be written: {error.strerror}", str(path)) from None
