"""The command that examines scripts, and repairs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import completion, terminal
from doctor.cli.inputs import Inputs
from doctor.cli.options import (
    baseline_options,
    fail_on_option,
    file_options,
    output_options,
    rule_options,
    site_options,
    vllm_version_option,
)
from doctor.cli.outcome import exit_code, fail, tell_omitted
from doctor.cli.output import Output
from doctor.cli.site import site_config
from doctor.report import FORMATS

if TYPE_CHECKING:
    from doctor.config import Config

#: The options that make the configuration.
_CONFIGURES = (
    *("config_file", "no_config", "kb", "rules", "select", "ignore", "vllm_version"),
    *("exclude", "extend_exclude", "force_exclude", "respect_gitignore", "baseline"),
)


@click.command()
@click.argument("paths", nargs=-1, shell_complete=completion.files)
@output_options(*FORMATS, show="The lowest severity that is shown to people, and that is fixed.")
@click.option("--statistics", is_flag=True, help="Count what was found, in place of showing it.")
@rule_options
@fail_on_option("warning", "The lowest severity that makes the exit code 1.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever was found.")
@site_options
@vllm_version_option()
@file_options
@baseline_options
@click.option("--fix", is_flag=True, help="Make the safe fixes; of `-` print the fixed text.")
@click.option("--diff", is_flag=True, help="Change nothing, print the fixes as a patch.")
@click.option("--unsafe-fixes", is_flag=True, help="Make or show the unsafe fixes too.")
@click.option(
    "--add-ignores",
    is_flag=True,
    help="Add comments that ignore what is shown; with --diff print them as a patch.",
)
@click.option(
    "--exit-non-zero-on-fix", is_flag=True, help="Exit with 1 if anything was fixed as well."
)
@click.option("--no-cache", is_flag=True, help="Examine each script, and keep nothing of it.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="How many processes may share many scripts; by default one for each processor, at most 8.",
)
def scan(paths: tuple[str, ...], **options: Any) -> int:
    """Examine shell and Slurm scripts, and repair them.

    PATHS are files and folders; `-` is the standard input; without any, the folder you are in.

    The exit code is 0 if nothing at or above --fail-on was found (with --fix: remains), 1 if
    something was, and 2 if a part of the job could not be done. With --diff it is 1 if there is
    anything to fix.
    """
    inputs = Inputs(paths or (".",), options["stdin_filename"], _changed(options["changed"]))
    config = site_config(paths=inputs.names, **{name: options[name] for name in _CONFIGURES})
    if options["show_files"]:
        return _show_files(inputs, config)
    output = Output(**{field.name: options[field.name] for field in fields(Output)})
    output.refuse_nonsense()
    _refuse_nonsense(options, config)
    code = _examine(inputs, config, output, options)
    return 0 if code == 1 and options["exit_zero"] else code


def _examine(inputs: Inputs, config: Config, output: Output, options: Mapping[str, Any]) -> int:
    """Scan or repair, and write what came of it; the exit code."""
    if options["fix"] or options["diff"] or options["add_ignores"]:
        from doctor.cli.fix import Wanted, repair

        how = ("diff", "unsafe_fixes", "add_ignores", "exit_non_zero_on_fix")
        wanted = Wanted(output, options["fail_on"], *(options[each] for each in how))
        return repair(inputs, config, wanted)
    from doctor.cli.progress import watched
    from doctor.scan import Means, scan

    renew = options["update_baseline"]
    means = Means(not options["no_cache"], options["jobs"], watched, renew)
    result = scan(inputs.paths, config, inputs.stdin, inputs.stdin_filename, means, inputs.only)
    if renew and result.held is not None:
        from doctor.cli.baseline import update

        return update(result.held, result)
    output.write(output.report(result))
    return exit_code(result, options["fail_on"], options["quiet"])


def _refuse_nonsense(options: Mapping[str, Any], config: Config) -> None:
    """Refuse what can't be done, or not in one step."""
    changing = [name for name in ("fix", "add_ignores", "update_baseline") if options[name]]
    if len(changing) > 1:
        first, second = (f"--{name.replace('_', '-')}" for name in changing[:2])
        raise click.UsageError(f"{first} and {second} are two steps: first the one, then the other")
    if options["update_baseline"] and options["diff"]:
        raise click.UsageError("--update-baseline writes no patch: leave --diff out")
    if options["update_baseline"] and config.baseline is None:
        problem = "--update-baseline wants to know which one: add --baseline FILE, or name it as"
        raise click.UsageError(f"{problem} `baseline` in the configuration")


def _changed(revision: str | None) -> frozenset[str] | None:
    """The files that have changed since a revision; None if nobody asks."""
    if revision is None:
        return None
    from doctor.sources.changed import changed

    return changed(revision)


def _show_files(inputs: Inputs, config: Config) -> int:
    """List the scripts that a scan would examine."""
    from doctor.sources import Missing, Omitted, discover

    found = list(discover(inputs.paths, config, inputs.stdin, inputs.stdin_filename, inputs.only))
    files = [each for each in found if not isinstance(each, Missing | Omitted)]
    terminal.write(each.filename for each in files)
    tell_omitted(each for each in found if isinstance(each, Omitted))
    missing = [each.path for each in found if isinstance(each, Missing)]
    return max([fail(f"{path}: there is no such file or folder") for path in missing], default=0)
