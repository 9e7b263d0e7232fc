"""The command that examines the node."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from doctor.cli import completion, terminal
from doctor.cli.options import (
    check_options,
    fail_on_option,
    format_option,
    site_options,
    timeout_option,
    vllm_version_option,
)
from doctor.cli.outcome import EXIT_CODES, tell_passed_over
from doctor.cli.site import site_config
from doctor.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from doctor.config import Config
    from doctor.node.examination import Examination

#: The options that make the configuration.
_SITE = ("config_file", "no_config", "kb", "rules", "select", "ignore", "vllm_version")


@click.command()
@format_option("text", "json", about="How to show what was found.")
@click.option("--list-checks", is_flag=True, help="List the checks, and look at nothing.")
@check_options
@timeout_option("How long the checks may take; what has not answered by then is unknown.")
@click.option("-q", "--quiet", is_flag=True, help="Print what failed, and nothing else.")
@click.option("--verbose", is_flag=True, help="Print what every check came to.")
@click.option(
    "--no-gpu-needed",
    is_flag=True,
    help="A job without GPUs is fine; without this, one that shows none is not (exit code 2).",
)
@fail_on_option("error", "The lowest severity that makes the node unfit.")
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
    shell_complete=completion.files,
    help="Compare what this script needs with what the node has, too; it is not run.",
)
@vllm_version_option()
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
@timeout_option(
    "How long the all-reduce may take, with all that comes before it.", "--nccl-timeout", 90.0
)
@site_options
@click.pass_context
def node(context: click.Context, /, **options: Any) -> int:
    """Examine the node that you are on: would vLLM start here?

    It only looks: it ends no process, deletes no file and drains no node. The exit code is 0 if
    the node is fit, 1 if it is not, and 2 if that can't be known: also in a job, or for a script
    that needs some, where no GPU can be seen.
    """
    deadline = time.monotonic() + options["timeout"]
    config = _config(options, deadline)
    if options["list_checks"]:
        from doctor.node.children import ask

        terminal.write(ask(partial(_listing, config), deadline, "the rules can't be read"))
        return 0
    if options["all_nodes"]:
        from doctor.cli.allocation import examine_all

        given = options["jobid"], config, options["timeout"], options["format_name"]
        return examine_all(context, *given)
    if options["jobid"] is not None:
        raise click.UsageError("--jobid goes with --all-nodes")
    found = _found(options, config, deadline)
    least = None if options["fail_on"] == "never" else Severity(options["fail_on"])
    verdict = found.verdict(least)
    terminal.write(_shown(found, verdict, least, options), styled=True)
    if options["record"]:
        _remember(found, config, deadline)
    return EXIT_CODES[verdict]


def _config(options: Mapping[str, Any], deadline: float) -> Config:
    """The configuration in force; its file may lie where reading hangs."""
    from doctor.node.children import ask

    problem = "the configuration can't be read (--no-config does without one)"
    config = ask(partial(site_config, **{name: options[name] for name in _SITE}), deadline, problem)
    tell_passed_over(config)
    return config


def _found(options: Mapping[str, Any], config: Config, deadline: float) -> Examination:
    """What the probes and the rules find here."""
    from doctor.node import examination
    from doctor.node.probes import PROBES
    from doctor.vllm import memory_share

    share = options["gpu_memory_utilization"] or memory_share.default(config.vllm_version)
    probes = PROBES
    if options["script"] is not None:
        from doctor.node.script import probe

        probes = (*PROBES, probe(options["script"], config))
    here = examination.situation(share, needs_gpu=not options["no_gpu_needed"])
    found = examination.examine(probes, config, here, deadline)
    if options["nccl"]:
        from doctor.cli.allocation import with_all_reduce

        found = with_all_reduce(found, config, options["nccl_timeout"])
    return found


def _remember(found: Examination, config: Config, deadline: float) -> None:
    """Note in the register whether the node is fit, and tell what came of it."""
    from doctor.node import examination
    from doctor.node.recording import remember

    said = remember(found, config.register, os.getuid(), deadline + examination.GRACE)
    terminal.tell(filter(None, [said]))


def _shown(
    found: Examination, verdict: str, least: Severity | None, options: Mapping[str, Any]
) -> Iterator[str]:
    """The lines that tell what was found."""
    if options["format_name"] == "json":
        from doctor.report import node_json

        return node_json.render(found, verdict)
    from doctor.report import node_text

    width, colour = terminal.width(), terminal.colour()
    if options["quiet"]:
        return node_text.quiet(found, found.blamed(least), width, colour)
    return node_text.render(found, verdict, width, colour, options["verbose"])


def _listing(config: Config) -> list[str]:
    """A line for each check."""
    from doctor.lessons.catalogue import as_text
    from doctor.node.examination import catalogue

    return list(as_text(catalogue(config)))
