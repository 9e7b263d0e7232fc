"""The commands about the register of unfit nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doctor.base.errors import DoctorError
from doctor.cli import terminal
from doctor.cli.options import config_options, format_option
from doctor.cli.site import site_config

if TYPE_CHECKING:
    from doctor.knowledge.register import Entry

_REASON = click.option("--reason", required=True, metavar="TEXT", help="Why, for who reads it.")


@click.group(invoke_without_command=True)
@format_option("text", "json")
@config_options
@click.pass_context
def register(context: click.Context, /, format_name: str, **site: Any) -> int:
    """List the nodes that were found unfit, and why.

    `node --record` and `cluster --record` write the register, and a scan asks for its nodes to be
    excluded. An entry counts for a week, or until somebody finds the node fit, or lifts it.
    """
    if context.invoked_subcommand is not None:
        return 0
    from doctor.knowledge.register import unfit

    found = sorted(unfit(_folder(**site)).values(), key=lambda entry: entry.node)
    gone = _gone([entry.node for entry in found])
    if format_name == "json":
        told = [{**asdict(entry), "in_cluster": entry.node not in gone} for entry in found]
        terminal.write(json.dumps(told, indent=2).splitlines())
    else:
        terminal.write(_listed(found, gone))
    return 0


@register.command()
@click.argument("nodes", nargs=-1, required=True, metavar="NODES...")
@_REASON
@config_options
def add(nodes: Sequence[str], reason: str, **site: Any) -> int:
    """Record nodes (gpu07, gpu[03-05]) as unfit."""
    from doctor.knowledge import history

    folder = _folder(**site)
    history.add(folder, _unfolded(nodes), reason)
    click.echo(f"Recorded in {folder}: {' '.join(nodes)} unfit for a week.")
    return 0


@register.command()
@click.argument("nodes", nargs=-1, required=True, metavar="NODES...")
@_REASON
@config_options
def lift(nodes: Sequence[str], reason: str, **site: Any) -> int:
    """Record nodes as fit again, whoever found them unfit."""
    from doctor.knowledge import history

    folder = _folder(**site)
    history.lift(folder, _unfolded(nodes), reason)
    click.echo(f"Recorded in {folder}: {' '.join(nodes)} fit again.")
    return 0


@register.command("history")
@click.argument("nodes", nargs=-1, metavar="[NODES...]")
@format_option("text", "json")
@config_options
def past(nodes: Sequence[str], format_name: str, **site: Any) -> int:
    """Show what was recorded of nodes, the newest first."""
    from doctor.knowledge import history

    found = history.events(_folder(**site), _unfolded(nodes))
    if format_name == "json":
        terminal.write(json.dumps([asdict(event) for event in found], indent=2).splitlines())
    else:
        terminal.write(
            line
            for event in found
            for line in _told(event.node, event.recorded, event.fit, event.by, event.evidence)
        )
    return 0


def _folder(**site: Any) -> Path:
    folder = site_config(**site).register
    if folder is None:
        raise DoctorError(
            'there is no register: name its folder in the configuration, `register = "…"`'
        )
    return folder


def _unfolded(nodes: Sequence[str]) -> list[str]:
    from doctor.slurm.hostlist import expand

    names: list[str] = []
    for each in nodes:
        found = expand(each)
        if not found:
            raise DoctorError(f"{each!r} is neither the name of a node nor a list like gpu[03-05]")
        names += found
    return names


def _gone(nodes: Sequence[str]) -> frozenset[str]:
    """The nodes that the cluster doesn't have; none where Slurm can't be asked."""
    if not nodes:
        return frozenset()
    from doctor.cluster.programs import nodes as of_slurm

    with suppress(DoctorError):
        return frozenset(nodes) - {node.name for node in of_slurm(None, None)}
    return frozenset()


def _listed(found: Sequence[Entry], gone: frozenset[str]) -> Iterator[str]:
    from doctor.report.style import visible

    if not found:
        yield "The register has no node that is unfit now."
    for entry in found:
        lines = list(_told(entry.node, entry.recorded, False, entry.by, entry.evidence))
        yield f"{lines[0]}, until {visible(entry.expires[:10])}"
        yield from lines[1:]
        if entry.node in gone:
            yield "    the cluster has no such node any more"


def _told(node: str, recorded: str, fit: bool, by: str, evidence: Sequence[str]) -> Iterator[str]:
    from doctor.report.style import visible

    state = "fit" if fit else "unfit"
    when = recorded[:16].replace("T", " ")
    yield visible(f"{node}  {state} since {when} UTC, by {by}")
    yield from (visible(f"    {line}") for line in evidence)
