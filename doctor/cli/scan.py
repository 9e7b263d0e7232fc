"""The command that examines scripts, and repairs them."""

from __future__ import annotations

from typing import Any

import click

from doctor.cli import terminal
from doctor.cli.options import (
    fail_on_option,
    format_option,
    rule_options,
    show_option,
    site_options,
    vllm_version_option,
)
from doctor.cli.outcome import exit_code, report
from doctor.cli.site import site_config
from doctor.report import FORMATS


@click.command()
@click.argument("paths", nargs=-1)
@format_option(*FORMATS, about="How to show what was found.")
@rule_options
@fail_on_option("warning", "The least severity that makes the exit code 1.")
@show_option("The least severity that the text shows, and that is fixed.")
@site_options
@vllm_version_option()
@click.option(
    "--stdin-filename",
    default="<stdin>",
    metavar="NAME",
    help="What to call the script that `-` reads from the standard input.",
)
@click.option("--fix", is_flag=True, help="Make the safe fixes; of `-` print the fixed text.")
@click.option("--diff", is_flag=True, help="Change nothing, print the fixes as a patch.")
@click.option("--unsafe-fixes", is_flag=True, help="Make or show the unsafe fixes too.")
@click.option(
    "--exit-non-zero-on-fix", is_flag=True, help="Exit with 1 if anything was fixed, too."
)
def scan(
    paths: tuple[str, ...],
    format_name: str,
    fail_on: str,
    show: str,
    stdin_filename: str,
    fix: bool,
    diff: bool,
    unsafe_fixes: bool,
    exit_non_zero_on_fix: bool,
    **site: Any,
) -> int:
    """Examine shell and Slurm scripts, and repair them.

    PATHS are files and folders; `-` is the standard input; without any, the folder you are in.

    The exit code is 0 if nothing at or above --fail-on was found (with --fix: remains), 1 if
    something was, and 2 if a part of the job could not be done. With --diff it is 1 if there is
    anything to fix.
    """
    paths = paths or (".",)
    meant = [stdin_filename if path == "-" else path for path in paths]
    config = site_config(**site, paths=meant)
    stdin = terminal.standard_input(paths)
    if fix or diff:
        from doctor.cli.fix import Wanted, repair

        wanted = Wanted(format_name, show, fail_on, diff, unsafe_fixes, exit_non_zero_on_fix)
        return repair(paths, config, stdin, stdin_filename, wanted)
    from doctor.scan import scan

    result = scan(paths, config, stdin, stdin_filename)
    terminal.write(report(result, format_name, show), styled=True)
    return exit_code(result, fail_on)
