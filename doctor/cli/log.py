"""The command that reads servers' logs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import completion, terminal
from doctor.cli.interrupts import Interrupt
from doctor.cli.options import output_options, site_options, vllm_version_option
from doctor.cli.outcome import fail
from doctor.cli.output import Output
from doctor.cli.site import site_config
from doctor.report import FORMATS

if TYPE_CHECKING:
    from doctor.log.examination import Examination


@click.command()
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", shell_complete=completion.files
)
@output_options(*FORMATS, show="The lowest severity that is shown to people.")
@click.option(
    "--script",
    metavar="FILE",
    shell_complete=completion.files,
    help="Point out the lines of this script that led to it; it is not run.",
)
@click.option("--follow", is_flag=True, help="Go on reading as the log grows, until interrupted.")
@vllm_version_option("The release of vLLM, where the log names none.")
@site_options
def log(
    files: tuple[str, ...],
    format_name: str,
    output_file: Path | None,
    show: str,
    quiet: bool,
    script: str | None,
    follow: bool,
    **site: Any,
) -> int:
    """Read a server's log, and say what went wrong.

    A FILE may be packed with gzip or zstd; `-` is the standard input. Of a folder all logs are
    read, beside the scripts there that wrote them. Causes come first, each with the line that
    shows it. The exit code is 0 if nothing went wrong, 1 if something did, and 2 if a log can't
    be read.
    """
    from doctor.log.signatures import load

    config = site_config(**site)
    signatures = load(config.kb)
    if follow:
        from doctor.log.follow import follow as followed

        if len(files) > 1 or format_name != "text" or script or output_file:
            problem = "--follow takes one FILE, and no --output-format, --output-file or --script"
            raise click.UsageError(problem)
        return _tell_as_it_comes(followed(files[0], signatures, config.vllm_version), show)

    from doctor.log.examination import examined

    found = examined(files, config, signatures, script)
    bad = _report(found, Output(format_name, show, quiet, output_file))
    for problem in found.problems:
        fail(problem)
    return 2 if found.problems else int(bad)


def _report(found: Examination, output: Output) -> bool:
    """Write what was found; whether anything is as bad as a warning."""
    from doctor.diagnostic import Severity
    from doctor.report import Report

    names = " ".join(found.scripts)
    report = Report(
        found.diagnostics,
        found.sources,
        len(found.sources),
        Severity(output.show),
        output.colour,
        output.width,
        "file" if names else "log",
        f"vllm-doctor scan {names} --fix",
        output.quiet,
    )
    output.write(report)
    return any(each.severity is not Severity.INFO for each in found.diagnostics)


def _tell_as_it_comes(news: Any, show: str) -> int:
    """Write each new diagnostic of a growing log until the user ends it."""
    from doctor.diagnostic import Severity
    from doctor.report import Report
    from doctor.report.text import render_diagnostics

    bad = False
    report = Report((), {}, 1, Severity(show), terminal.colour(), terminal.width(), "log")
    try:
        for source, told in news:
            bad = bad or any(each.severity is not Severity.INFO for each in told)
            shown = replace(report, diagnostics=told, sources={source.filename: source})
            terminal.write(render_diagnostics(shown), styled=True)
    except (KeyboardInterrupt, Interrupt):
        pass
    return int(bad)
