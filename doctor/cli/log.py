"""The command that reads servers' logs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from doctor.base.errors import DoctorError
from doctor.cli import terminal
from doctor.cli.catalogue import site_config, site_options
from doctor.cli.interrupts import Interrupt
from doctor.cli.outcome import fail
from doctor.report import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from doctor.config import Config
    from doctor.diagnostic import Source
    from doctor.log.examine import Examined

_SEVERITIES = ("error", "warning", "info")


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "--output-format",
    "format_name",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to show what was found.",
)
@click.option(
    "--show",
    type=click.Choice(_SEVERITIES),
    default="warning",
    show_default=True,
    help="The least severity that the text shows.",
)
@click.option(
    "--script",
    metavar="FILE",
    help="Point out the lines of this script that led to it; it is not run.",
)
@click.option("--follow", is_flag=True, help="Go on reading as the log grows, until interrupted.")
@click.option(
    "--vllm-version", metavar="RELEASE", help="The release of vLLM, where the log names none."
)
@site_options
def log(
    files: tuple[str, ...],
    format_name: str,
    show: str,
    script: str | None,
    follow: bool,
    vllm_version: str | None,
    **site: Any,
) -> int:
    """Read a server's log, and say what went wrong.

    A FILE may be packed with gzip or zstd; `-` is the standard input. Causes come first, each with
    the line that shows it. The exit code is 0 if nothing went wrong, 1 if something did, and 2 if
    a log can't be read.
    """
    from doctor.log.signatures import load

    settings: dict[str, object] = {"vllm-version": vllm_version} if vllm_version else {}
    config = site_config(**site, settings=settings)
    signatures = load(config.kb)
    if follow:
        from doctor.log.follow import follow as followed

        if len(files) > 1 or format_name != "text" or script:
            raise click.UsageError("--follow takes one FILE, and no --format or --script")
        return _tell_as_it_comes(followed(files[0], signatures, config.vllm_version), show)
    from doctor.log.examine import examine

    found: list[Examined] = []
    problems: list[str] = []
    for path in files:
        try:
            found.append(examine(path, signatures, config.vllm_version))
        except DoctorError as error:
            problems.append(str(error))
    bad = _report(found, config, script, format_name, show)
    for problem in problems:
        fail(problem)
    return 2 if problems else int(bad)


def _report(
    found: Sequence[Examined], config: Config, script: str | None, format_name: str, show: str
) -> bool:
    """Write what was found; whether anything is as bad as a warning."""
    from doctor.diagnostic import Severity
    from doctor.log import settings
    from doctor.report import Report, render

    sources: dict[str, Source] = {each.source.filename: each.source for each in found}
    read = settings.read_script(script, config) if script else None
    if read is not None:
        sources[read.source.filename] = read.source
    told = []
    for each in found:
        listed = [*each.diagnostics]
        listed += settings.by_own_word(each.source.filename, each.verdict, config)
        told += settings.in_script(read, each.verdict, listed) if read else listed
    report = Report(
        tuple(told),
        sources,
        len(found) + bool(read),
        Severity(show),
        terminal.colour(),
        terminal.width(),
        "file" if read else "log",
        f"vllm-doctor scan {script} --fix",
    )
    terminal.write(render(report, format_name), styled=format_name == "text")
    return any(each.severity is not Severity.INFO for each in told)


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
