"""The command that examines the node."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import terminal
from doctor.cli.catalogue import site_config, site_options
from doctor.cli.outcome import EXIT_CODES, tell_passed_over

if TYPE_CHECKING:
    from collections.abc import Iterator

    from doctor.config import Config
    from doctor.diagnostic import Severity
    from doctor.node.examination import Examination

_SEVERITIES = ("error", "warning", "info")


@click.command()
@click.option(
    "--format",
    "--output-format",
    "format_name",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How to show what was found.",
)
@click.option("--list-checks", is_flag=True, help="List the checks, and look at nothing.")
@click.option("--select", multiple=True, metavar="CHECKS", help="Only these checks.")
@click.option("--ignore", multiple=True, metavar="CHECKS", help="Not these checks.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1, max=3600),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the checks may take; what has not answered by then is unknown.",
)
@click.option("--quiet", is_flag=True, help="Print what failed, and nothing else.")
@click.option("--verbose", is_flag=True, help="Print what every check came to.")
@click.option(
    "--no-gpu-needed",
    is_flag=True,
    help="A job without GPUs is fine; without this, one that shows none is not (exit code 2).",
)
@click.option(
    "--fail-on",
    type=click.Choice([*_SEVERITIES, "never"]),
    default="error",
    show_default=True,
    help="The least severity that makes the node unfit.",
)
@click.option(
    "--gpu-memory-utilization",
    type=click.FloatRange(min=0.0, max=1.0, min_open=True),
    metavar="SHARE",
    help="The share of a GPU's memory that vLLM is to take; without it, vLLM's default.",
)
@click.option(
    "--record",
    is_flag=True,
    help="Remember in the site's register whether this node is fit; needs `register` in the "
    "configuration.",
)
@click.option(
    "--script",
    metavar="FILE",
    help="Compare what this script needs with what the node has, too; it is not run.",
)
@click.option("--vllm-version", metavar="RELEASE", help="The release of vLLM that will run.")
@click.option(
    "--all-nodes",
    is_flag=True,
    help="Examine every node of the allocation, each by a step of its own (srun).",
)
@click.option("--jobid", metavar="JOB", help="With --all-nodes: the job, if you are not inside it.")
@click.option(
    "--links/--no-links",
    default=True,
    show_default=True,
    help="With --all-nodes, of two nodes and more: look at what lies between them, too.",
)
@click.option(
    "--nccl",
    is_flag=True,
    help="Do one small all-reduce over all GPUs, by the torch of the environment on the PATH.",
)
@click.option(
    "--nccl-timeout",
    type=click.FloatRange(min=1, max=3600),
    default=90.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the all-reduce may take, with all that comes before it.",
)
@site_options
@click.pass_context
def node(
    context: click.Context,
    /,
    format_name: str,
    list_checks: bool,
    timeout: float,
    quiet: bool,
    verbose: bool,
    no_gpu_needed: bool,
    fail_on: str,
    gpu_memory_utilization: float | None,
    record: bool,
    script: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    vllm_version: str | None,
    all_nodes: bool,
    jobid: str | None,
    links: bool,
    nccl: bool,
    nccl_timeout: float,
    **site: Any,
) -> int:
    """Examine the node that you are on: would vLLM start here?

    It only looks: it ends no process, deletes no file and drains no node. The exit code is 0 if
    the node is fit, 1 if it is not, and 2 if that can't be known: also in a job, or for a script
    that needs some, where no GPU can be seen.
    """
    deadline = time.monotonic() + timeout
    from doctor.diagnostic import Severity
    from doctor.node import examination
    from doctor.node.children import ask
    from doctor.node.probes import PROBES
    from doctor.vllm import memory_share

    settings: dict[str, object] = {"select": _words(select), "ignore": _words(ignore)}
    if vllm_version:
        settings["vllm-version"] = vllm_version
    problem = "the configuration can't be read (--no-config does without one)"
    config = ask(partial(site_config, **site, settings=settings), deadline, problem)
    tell_passed_over(config)
    if list_checks:
        listing = partial(_listing, config)
        terminal.write(ask(listing, deadline, "the rules can't be read"))
        return 0
    if all_nodes:
        from doctor.cli.allocation import examine_all

        return examine_all(context, jobid, config, timeout, format_name)
    if jobid is not None:
        raise click.UsageError("--jobid goes with --all-nodes")
    share = gpu_memory_utilization or memory_share.default(config.vllm_version)
    probes = PROBES
    if script is not None:
        from doctor.node.script import probe

        probes = (*PROBES, probe(script, config))
    here = examination.situation(share, needs_gpu=not no_gpu_needed)
    found = examination.examine(probes, config, here, deadline)
    if nccl:
        from doctor.cli.allocation import with_all_reduce

        found = with_all_reduce(found, config, nccl_timeout)
    least = None if fail_on == "never" else Severity(fail_on)
    verdict = found.verdict(least)
    terminal.write(_shown(found, verdict, least, format_name, quiet, verbose), styled=True)
    if record:
        from doctor.node.recording import remember

        said = remember(found, config.register, os.getuid(), deadline + examination.GRACE)
        terminal.tell(filter(None, [said]))
    return EXIT_CODES[verdict]


def _shown(
    found: Examination,
    verdict: str,
    least: Severity | None,
    format_name: str,
    quiet: bool,
    verbose: bool,
) -> Iterator[str]:
    """The lines that tell what was found."""
    if format_name == "json":
        from doctor.report import node_json

        return node_json.render(found, verdict)
    from doctor.report import node_text

    width, colour = terminal.width(), terminal.colour()
    if quiet:
        return node_text.quiet(found, found.blamed(least), width, colour)
    return node_text.render(found, verdict, width, colour, verbose)


def _words(given: tuple[str, ...]) -> list[str]:
    """What an option that may be repeated, and hold commas, names."""
    return [word.strip() for words in given for word in words.split(",")]


def _listing(config: Config) -> list[str]:
    """A line for each check."""
    from doctor.lessons.catalogue import as_text
    from doctor.node.examination import catalogue

    return list(as_text(catalogue(config)))
