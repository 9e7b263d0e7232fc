"""The command that examines a cluster: a short job on each idle node."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doctor.base.errors import DoctorError
from doctor.cli import completion, terminal
from doctor.cli.allocation import excluded, given
from doctor.cli.options import (
    check_options,
    fail_on_option,
    format_option,
    site_options,
    timeout_option,
)
from doctor.cli.outcome import EXIT_CODES
from doctor.cli.output import save
from doctor.cli.site import site_config

if TYPE_CHECKING:
    from doctor.cluster.merge import Overview
    from doctor.cluster.programs import Request
    from doctor.cluster.survey import SlurmNode

#: What is passed on to `node` on each node; the rest is about the survey.
_SURVEY = (
    *("partition", "nodes", "gpus", "account", "qos", "at_once", "wait", "folder"),
    *("dry_run", "format_name", "html", "verbose"),
)
_SITE = ("config_file", "no_config", "kb", "rules")
#: What a job takes beside the checks, in seconds: to start Python on cold storage.
_BESIDE = 60


@click.command()
@click.option("--partition", metavar="NAME", help="Only the nodes of this partition.")
@click.option("--nodes", metavar="LIST", help="Only these nodes: gpu[01-04].")
@click.option("--account", metavar="NAME", help="The account that the jobs are charged to.")
@click.option("--qos", metavar="NAME", help="The quality of service of the jobs.")
@click.option(
    "--gpus",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    help="GPUs of each node to ask for; without it all, or one where the site refuses that.",
)
@click.option(
    "--at-once",
    type=click.IntRange(min=1),
    default=32,
    show_default=True,
    metavar="NUMBER",
    help="The most jobs that wait or run at one time.",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=1),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a job may take to end; then it is cancelled and its node unknown.",
)
@click.option(
    "--folder",
    type=Path,
    metavar="FOLDER",
    shell_complete=completion.files,
    help="Where the jobs' output goes for a while, seen by all nodes; by default your home.",
)
@timeout_option("How long the checks on a node may take.")
@check_options
@fail_on_option("error", "The lowest severity that makes a node unfit.")
@click.option("--record", is_flag=True, help="Let each node remember in the site's register.")
@click.option("--dry-run", is_flag=True, help="Print what would be submitted, and do nothing.")
@format_option("text", "json", about="How to show what was found.")
@click.option(
    "--html",
    type=Path,
    metavar="FILE",
    shell_complete=completion.files,
    help="Write the picture as a page, too.",
)
@click.option("--verbose", is_flag=True, help="Show remarks as well.")
@site_options
@click.pass_context
def cluster(context: click.Context, /, **options: Any) -> int:
    """Examine the idle nodes of the cluster, each by a short job of its own.

    Nodes that are busy, drained or down are shown as Slurm has them. The exit code is 0 if all
    nodes that were looked at are fit, 1 if one is not, and 2 if one is unknown or none was looked
    at. Ctrl-C cancels the jobs that are left, and nothing else.
    """  # fmt: skip
    from doctor.cluster import programs
    from doctor.cluster.gather import gather
    from doctor.cluster.merge import merge
    from doctor.cluster.survey import Survey

    config = site_config(**{name: options[name] for name in _SITE})
    known = programs.nodes(options["partition"], options["nodes"])
    if options["dry_run"]:
        _plan(known, _request(context, Path("FOLDER")))
        return 0
    if options["html"] and not options["html"].absolute().parent.is_dir():
        raise DoctorError("there is no such folder", str(options["html"].parent))
    if jobs := programs.others():
        raise DoctorError(
            f"another survey of yours is going on (jobs {', '.join(jobs[:8])}): wait for it, or "
            f"end it with scancel --me --name={programs.JOB_NAME}"
        )
    with _folder(options["folder"]) as folder:
        request = _request(context, folder)
        survey = Survey(programs.Programs(request), options["at_once"], options["wait"])
        with closing(gather(survey, known, folder)) as told:
            found = merge(told, bad=excluded(config))
    _show(found, options)
    return EXIT_CODES[found.verdict]


def _request(context: click.Context, folder: Path) -> Request:
    from doctor.cluster.programs import Request

    options = context.params
    minutes = math.ceil((options["timeout"] + _BESIDE) / 60)
    passed_on = [f"--{name}={options[name]}" for name in ("account", "qos") if options[name]]
    # Of a job that is short on purpose nobody wants to hear that little time is left.
    arguments = ["node", "--format=json", "--ignore=VN404", *given(context, but=_SURVEY)]
    if options["gpus"] == 0:
        arguments.append("--no-gpu-needed")
    return Request(arguments, folder, minutes, options["gpus"], passed_on)


def _plan(known: list[SlurmNode], request: Request) -> None:
    from doctor.cluster.programs import Programs

    idle = [node for node in known if node.is_idle]
    terminal.write(
        shlex.join(
            Programs(request).command(node, node.gpus if request.gpus is None else request.gpus)
        )
        for node in idle
    )
    click.echo(f"{len(idle)} of {len(known)} nodes are idle; nothing was submitted.", err=True)


@contextmanager
def _folder(below: Path | None) -> Iterator[Path]:
    """A fresh folder for what the jobs write, gone afterwards."""
    import shutil
    import tempfile

    below = (below or Path.home()).absolute()
    try:
        folder = Path(tempfile.mkdtemp(prefix=".vllm-doctor-", dir=below))
    except OSError as error:
        raise DoctorError(f"no folder can be made there: {error.strerror}", str(below)) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _show(found: Overview, options: dict[str, Any]) -> None:
    from doctor.report import nodes_html, nodes_json, nodes_text

    title = f"nodes of {options['partition'] or 'the cluster'}"
    if options["html"]:
        save(options["html"], nodes_html.render(found, title))
    if options["format_name"] == "json":
        lines = nodes_json.render(found, partition=options["partition"])
    else:
        width, colour = terminal.width(), terminal.colour()
        lines = nodes_text.render(found, title, width, colour, options["verbose"])
    terminal.write(lines)
