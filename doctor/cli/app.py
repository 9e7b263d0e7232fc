"""The command line: arguments in, exit code out."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import click

from doctor.base.errors import DoctorError
from doctor.cli import interrupts, terminal
from doctor.cli.catalogue import COMMANDS
from doctor.cli.cluster import cluster
from doctor.cli.lesson import new_lesson
from doctor.cli.log import log
from doctor.cli.node import node
from doctor.cli.outcome import (
    exit_code,
    fail,
    report,
    tell_failure,
    tell_failures,
    tell_passed_over,
)
from doctor.cli.peer import PEERS
from doctor.cli.register import register
from doctor.cli.wait import wait
from doctor.report import FORMATS

#: After how many new objects Python looks for garbage in cycles. We make many objects and few
#: cycles: at Python's 700, the search took a few hundredths of a scan.
_UNTIL_SEARCH = 100_000

_SEVERITIES = ("error", "warning", "info")

_TRACEBACK = click.Option(
    ["--traceback"],
    is_flag=True,
    expose_value=False,
    help="If vllm-doctor itself fails, show where in its code; for a report of the fault.",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0: nothing found, 1: something found, 2: it could not do the job."""
    gc.set_threshold(_UNTIL_SEARCH)
    given = sys.argv[1:] if arguments is None else list(arguments)
    traceback = "--traceback" in given
    terminal.hold_places()
    try:
        with interrupts.raised():
            code = app.main(given, prog_name="vllm-doctor", standalone_mode=False, obj=traceback)
    except click.ClickException as error:
        said = StringIO()
        error.show(said)
        terminal.tell(said.getvalue().splitlines())
        return 2
    except DoctorError as error:
        return fail(str(error))
    except (KeyboardInterrupt, click.Abort):
        return _ended(interrupts.Interrupt(signal.SIGINT), leave=arguments is None)
    except interrupts.Interrupt as interrupt:
        return _ended(interrupt, leave=arguments is None)
    except OSError as error:  # of click, which writes the help
        terminal.give_up()
        return fail(f"the system refuses: {error.strerror or error}")
    except Exception as error:
        from doctor.base.failure import failure

        return tell_failure(failure("this command", error), traceback)
    return code if isinstance(code, int) else 0


def _ended(interrupt: interrupts.Interrupt, leave: bool) -> int:
    """The exit code of a program that a signal ended, as shells have it.

    With ``leave`` the process ends here: Python would wait at its exit for a queue to processes
    that are gone.
    """
    fail(str(interrupt))
    code = 128 + interrupt.number
    if leave:
        os._exit(code)
    return code


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        terminal.write([f"vllm-doctor {version('vllm-slurm-doctor')}"])
        context.exit()


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    no_args_is_help=False,
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Show the version and exit.",
)  # fmt: skip
@click.pass_context
def app(context: click.Context) -> None:
    """Finds what goes wrong with vLLM servers on Slurm clusters before it does."""
    if context.invoked_subcommand is None:
        terminal.write(context.get_help().splitlines())


@app.command()
@click.argument("paths", nargs=-1)
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
    "--select",
    multiple=True,
    metavar="RULES",
    help="Only these rules: codes, beginnings of codes (VD2) or names, with commas.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="RULES",
    help="Not these rules, nor those that the configuration ignores.",
)
@click.option(
    "--fail-on",
    type=click.Choice([*_SEVERITIES, "never"]),
    default="warning",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
@click.option(
    "--show",
    type=click.Choice(_SEVERITIES),
    default="warning",
    show_default=True,
    help="The least severity that the text shows, and that is fixed.",
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE",
    help="The configuration, in place of the one in the nearest folder.",
)
@click.option("--no-config", is_flag=True, help="Use no configuration.")
@click.option(
    "--kb",
    multiple=True,
    metavar="PATH",
    help="A document, or a folder of them, with your own lessons.",
)
@click.option("--rules", multiple=True, metavar="FOLDER", help="A folder with your own rules.")
@click.option("--vllm-version", metavar="RELEASE", help="The release of vLLM that will run.")
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
    config_file: Path | None,
    no_config: bool,
    stdin_filename: str,
    fix: bool,
    diff: bool,
    unsafe_fixes: bool,
    exit_non_zero_on_fix: bool,
    **overrides: Any,
) -> int:
    """Examine shell and Slurm scripts, and repair them.

    PATHS are files and folders; `-` is the standard input; without any, the folder you are in.

    The exit code is 0 if nothing at or above --fail-on was found (with --fix: remains), 1 if
    something was, and 2 if a part of the job could not be done. With --diff it is 1 if there is
    anything to fix.
    """
    from doctor.config import Config, find, from_mapping, read

    paths = paths or (".",)
    if no_config:
        config = Config()
    elif config_file is not None:
        config = read(config_file)
    else:
        config = find(stdin_filename if path == "-" else path for path in paths)
    tell_passed_over(config)
    config = config.overridden(from_mapping(_settings(overrides), Path.cwd()))
    stdin = terminal.standard_input(paths)
    if fix or diff:
        from doctor.cli.fix import Wanted, repair

        wanted = Wanted(format_name, show, fail_on, diff, unsafe_fixes, exit_non_zero_on_fix)
        return repair(paths, config, stdin, stdin_filename, wanted)
    from doctor.scan import scan

    result = scan(paths, config, stdin, stdin_filename)
    terminal.write(report(result, format_name, show), styled=True)
    return exit_code(result, fail_on)


@app.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "--output-format",
    "format_name",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How to show it; json has every fact and where it stands.",
)
@click.option("--vllm-version", metavar="RELEASE", help="The release of vLLM that will run.")
def trace(files: tuple[str, ...], format_name: str, vllm_version: str | None) -> int:
    """Show what scripts would do: their jobs, and the vLLM servers that they start.

    Nothing is run. A FILE is a shell or Slurm script; `-` is the standard input. The exit code
    is 2 if one of them can't be read.
    """
    from doctor.base.failure import Failure, Sparing
    from doctor.config import find, from_mapping
    from doctor.report.trace import render
    from doctor.scan import Examiner
    from doctor.sources import Unexamined, read_named, read_stream

    config = find(path for path in files if path != "-")
    tell_passed_over(config)
    settings = _settings({"vllm_version": vllm_version})
    examiner = Examiner(config.overridden(from_mapping(settings, Path.cwd())), files)
    stdin = terminal.standard_input(files)
    found = [
        read_stream(stdin, "<stdin>") if path == "-" and stdin else read_named(path)
        for path in files
    ]
    traces = []
    failures: list[tuple[str, Failure]] = []
    for source in found:
        own: list[Failure] = []
        with Sparing(own, "all of it"):
            if not isinstance(source, Unexamined):
                traces.append(examiner.trace(source))
                own += traces[-1].failures
        failures += [(source.filename, each) for each in own]
    lines = render(traces, format_name, terminal.width(), terminal.colour())
    terminal.write(lines, styled=True)
    problems = [source for source in found if isinstance(source, Unexamined)]
    for problem in problems:
        fail(f"{problem.filename}: {problem.reason}")
    return max(2 if problems else 0, tell_failures(failures))


@app.command()
@click.option("--force", is_flag=True, help="Write over a configuration that is there.")
def init(force: bool) -> None:
    """Write a commented configuration into the folder you are in.

    Where Slurm's `sinfo` is there, it is asked which of the known bad nodes this cluster has.
    """
    from doctor.lessons.init import write

    terminal.write(write(Path.cwd(), force))


def _settings(overrides: Mapping[str, Any]) -> dict[str, object]:
    """The options that were given, as the settings of a configuration; lists may hold commas."""
    settings: dict[str, object] = {}
    for name, value in overrides.items():
        if name in ("select", "ignore"):
            value = [word.strip() for words in value for word in words.split(",")]
        if value:
            settings[name.replace("_", "-")] = list(value) if isinstance(value, tuple) else value
    return settings


for _command in (node, cluster, register, log, wait, *COMMANDS, new_lesson, *PEERS):
    app.add_command(_command)
for _command in app.commands.values():
    _command.params.append(_TRACEBACK)
