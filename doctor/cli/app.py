"""The command line: arguments in, exit code out."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from io import StringIO

import click

from doctor.base.errors import DoctorError
from doctor.cli import interrupts, terminal
from doctor.cli.commands import Commands
from doctor.cli.outcome import fail, tell_failure

#: After how many new objects Python looks for garbage in cycles. We make many objects and few
#: cycles: at Python's 700, the search took a few hundredths of a scan.
_UNTIL_SEARCH = 100_000

_TRACEBACK = click.Option(
    ["--traceback"],
    is_flag=True,
    expose_value=False,
    help="If vllm-doctor itself fails, show where in its code, for a report.",
)


def _colour(context: click.Context, _: click.Parameter, wanted: str) -> None:
    if wanted != "auto":
        context.color = wanted == "always"


_COLOUR = click.Option(
    ["--color"],
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    expose_value=False,
    is_eager=True,
    callback=_colour,
    help="Whether to write in colours; auto: on a terminal, or as NO_COLOR, FORCE_COLOR and "
    "CLICOLOR_FORCE say.",
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

        from doctor.base.data import data_folder
        from doctor.knowledge.releases import Releases

        tables = Releases(data_folder("kb") / "vllm")
        own, newest = version("vllm-slurm-doctor"), tables.newest
        date = (tables.details(newest) or {}).get("date", "an unknown day")
        terminal.write([f"vllm-doctor {own} (tables of vLLM up to {newest} of {date})"])
        context.exit()


@click.group(
    cls=Commands,
    everywhere=(_COLOUR, _TRACEBACK),
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    no_args_is_help=False,
)
@click.option(
    "-V", "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Show the version, and the newest release of vLLM that it knows.",
)  # fmt: skip
@click.pass_context
def app(context: click.Context) -> None:
    """Finds what goes wrong with vLLM servers on Slurm clusters before it does."""
    if context.invoked_subcommand is None:
        terminal.write(context.get_help().splitlines())


app.params.append(_COLOUR)
