"""The command that shows what scripts would do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import completion, terminal
from doctor.cli.options import format_option, site_options, vllm_version_option
from doctor.cli.outcome import fail, tell_failures
from doctor.cli.site import site_config

if TYPE_CHECKING:
    from doctor.base.failure import Failure
    from doctor.diagnostic import Source
    from doctor.scan import Examiner
    from doctor.sources import Unexamined
    from doctor.trace import Traced


@click.command()
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", shell_complete=completion.files
)
@format_option(
    "text", "json", about="How to show it; json has every fact and where it stands."
)  # fmt: skip
@site_options
@vllm_version_option()
def trace(files: tuple[str, ...], format_name: str, **site: Any) -> int:
    """Show what scripts would do: their jobs, and the vLLM servers that they start.

    Nothing is run. A FILE is a shell or Slurm script; `-` is the standard input. The exit code
    is 2 if one of them can't be read.
    """
    from doctor.report.trace import render
    from doctor.scan import Examiner
    from doctor.sources import Unexamined, read_named, read_stream

    config = site_config(**site, paths=[path for path in files if path != "-"])
    stdin = terminal.standard_input(files)
    found = [
        read_stream(stdin, "<stdin>") if path == "-" and stdin else read_named(path)
        for path in files
    ]
    traces, failures = _traced(found, Examiner(config, files))
    lines = render(traces, format_name, terminal.width(), terminal.colour())
    terminal.write(lines, styled=True)
    problems = [source for source in found if isinstance(source, Unexamined)]
    for problem in problems:
        fail(f"{problem.filename}: {problem.reason}")
    return max(2 if problems else 0, tell_failures(failures))


def _traced(
    found: Iterable[Source | Unexamined], examiner: Examiner
) -> tuple[list[Traced], list[tuple[str, Failure]]]:
    """What the scripts would do, and our own faults on the way, by the names of the files."""
    from doctor.base.failure import Failure, Sparing
    from doctor.sources import Unexamined

    traces: list[Traced] = []
    failures: list[tuple[str, Failure]] = []
    for source in found:
        own = list[Failure]()
        with Sparing(own, "all of it"):
            if not isinstance(source, Unexamined):
                traces.append(examiner.trace(source))
                own += traces[-1].failures
        failures += [(source.filename, each) for each in own]
    return traces, failures
