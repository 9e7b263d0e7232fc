"""`vllm-doctor node --all-nodes`: each node of an allocation, examined by a step of its own."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from doctor.cli import terminal
from doctor.cli.outcome import EXIT_CODES

if TYPE_CHECKING:
    from doctor.cluster.merge import Overview
    from doctor.cluster.node_report import NodeReport
    from doctor.config import Config
    from doctor.facts.node.base import NodeFact
    from doctor.node.checks import Check
    from doctor.node.examination import Examination
    from doctor.node.probe import Gap

#: How long it may take to read the configuration, the rules and the pages, in seconds.
_READING = 10.0
#: What concerns the picture and not the single node.
_OURS = (
    *("all_nodes", "jobid", "format_name", "quiet", "verbose"),
    *("links", "nccl", "nccl_timeout"),
)


def examine_all(
    context: click.Context, job: str | None, config: Config, timeout: float, format_name: str
) -> int:
    """Examine all nodes of a job, draw one picture of them, and tell whether all are fit."""
    from doctor.cluster import steps
    from doctor.cluster.merge import merge
    from doctor.cluster.node_report import read

    allocation = steps.allocation(job, os.environ)
    arguments = ["node", "--format=json", *given(context, but=_OURS)]
    told: list[NodeReport] = []
    for node, ended in steps.on_each(allocation.job, allocation.nodes, arguments, timeout):
        told.append(read(node, ended, sys.executable, timeout + steps.STARTING))
        if not told[-1].why:
            _pass_on(node, ended.errors)
    facts = list(_between(allocation.job, told, context.params))
    found = merge(told, allocation.job, excluded(config), _checks(facts, config))
    lines = _shown(found, allocation.job, format_name, context.params)
    terminal.write(lines, styled=True)
    return EXIT_CODES[found.verdict]


def with_all_reduce(found: Examination, config: Config, seconds: float) -> Examination:
    """What was found on this node, and of an all-reduce over its GPUs."""
    from doctor.cluster.nccl.run import here

    gpus = [gpu.gpu for gpu in found.gpus]
    if not gpus:
        return found
    checks = _checks([here(found.node, gpus, seconds)], config)
    return replace(found, checks=(*found.checks, *checks))


def _between(
    job: str, told: Sequence[NodeReport], options: Mapping[str, Any]
) -> Iterator[NodeFact | Gap]:
    """What is found between the nodes that answered."""
    gpus = {each.node: [str(gpu["gpu"]) for gpu in each.gpus] for each in told if not each.why}
    if options["links"] and len(gpus) > 1:
        from doctor.cluster.links.run import look

        yield from look(job, sorted(gpus))
    if options["nccl"] and any(gpus.values()):
        from doctor.cluster.nccl.run import on_all

        yield on_all(job, gpus, options["nccl_timeout"])


def _checks(facts: Sequence[NodeFact | Gap], config: Config) -> tuple[Check, ...]:
    """What the rules say of facts that are known."""
    from doctor.node import examination
    from doctor.node.probe import Gap, Probe

    if not facts:
        return ()
    kinds = dict.fromkeys(f.kind if isinstance(f, Gap) else type(f) for f in facts)
    probe = Probe("links", tuple(kinds), lambda _: facts)
    here = examination.situation(0.9, needs_gpu=False)
    return examination.examine((probe,), config, here, time.monotonic() + _READING).checks


def given(context: click.Context, but: Sequence[str]) -> list[str]:
    """The options that were given on the command line, as words, but for some."""
    words: list[str] = []
    for option in context.command.params:
        name = option.name or ""
        if name in but or context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        value = context.params[name]
        values = value if isinstance(value, tuple) else (value,)
        words += [option.opts[0] if each is True else f"{option.opts[0]}={each}" for each in values]
    return words


def excluded(config: Config) -> frozenset[str]:
    """The known bad nodes of this cluster, where somebody vouches for their list."""
    from doctor.node.children import ask

    deadline = time.monotonic() + _READING
    return ask(partial(_bad_nodes, config), deadline, "the rules and pages can't be read")


def _bad_nodes(config: Config) -> frozenset[str]:
    from doctor.scan import Examiner

    known = Examiner(config).knowledge.bad_nodes
    return frozenset(known.names) if known.vouched else frozenset()


def _pass_on(node: str, errors: str) -> None:
    """Tell what vllm-doctor said there, but not that srun makes a fuss of its exit code."""
    lines = errors.splitlines()
    ours = (line for line in lines if not line.startswith(("srun:", "slurmstepd:")))
    terminal.tell(f"{node}: {line}" for line in ours)


def _shown(
    found: Overview, job: str, format_name: str, options: dict[str, object]
) -> Iterator[str]:
    if format_name == "json":
        from doctor.report import nodes_json

        return nodes_json.render(found, job=job)
    if options["quiet"] and found.verdict == "fit":
        return iter(())
    from doctor.report import nodes_text

    title = f"node{'s' * (len(found.nodes) > 1)} of job {job}"
    width, colour = terminal.width(), terminal.colour()
    return nodes_text.render(found, title, width, colour, bool(options["verbose"]))
