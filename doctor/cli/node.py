"""The command that examines the node."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import terminal
from doctor.cli.catalogue import site_config, site_options

if TYPE_CHECKING:
    from doctor.config import Config

_SEVERITIES = ("error", "warning", "info")
_EXIT_CODES = {"fit": 0, "not fit": 1, "unknown": 2}


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
@click.option("--quiet", is_flag=True, help="Print nothing unless a check failed or is unknown.")
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
@site_options
def node(
    format_name: str,
    list_checks: bool,
    timeout: float,
    quiet: bool,
    fail_on: str,
    gpu_memory_utilization: float | None,
    record: bool,
    script: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    vllm_version: str | None,
    **site: Any,
) -> int:
    """Examine the node that you are on: would vLLM start here?

    It only looks: it ends no process, deletes no file and drains no node. The exit code is 0 if
    the node is fit, 1 if it is not, and 2 if that can't be known.
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
    if list_checks:
        listing = partial(_listing, config)
        terminal.write(ask(listing, deadline, "the rules can't be read"))
        return 0
    share = gpu_memory_utilization or memory_share.default(config.vllm_version)
    probes = PROBES
    if script is not None:
        from doctor.node.script import probe

        probes = (*PROBES, probe(script, config))
    found = examination.examine(probes, config, examination.situation(share), deadline)
    verdict = found.verdict(None if fail_on == "never" else Severity(fail_on))
    if format_name == "json":
        from doctor.report import node_json

        terminal.write(node_json.render(found, verdict))
    elif not (quiet and verdict == "fit"):
        from doctor.report import node_text

        terminal.write(node_text.render(found, verdict, terminal.width(), terminal.colour()))
    if record:
        from doctor.node.recording import remember

        said = remember(found, config.register, os.getuid(), deadline + examination.GRACE)
        click.echo(said, err=True, nl=bool(said))
    return _EXIT_CODES[verdict]


def _words(given: tuple[str, ...]) -> list[str]:
    """What an option that may be repeated, and hold commas, names."""
    return [word.strip() for words in given for word in words.split(",")]


def _listing(config: Config) -> list[str]:
    """A line for each check."""
    from doctor.lessons.catalogue import as_text
    from doctor.node.examination import catalogue

    return list(as_text(catalogue(config)))
