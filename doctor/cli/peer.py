"""What `node --all-nodes` starts on the nodes of a job; not for people."""

from __future__ import annotations

import json
import os

import click

from doctor.cli import terminal


@click.command("node-meet", hidden=True)
@click.option("--nodes", required=True, help="NAME=ADDRESS,…: the first is met by all others.")
@click.option("--ports", required=True)
@click.option("--seconds", type=float, required=True)
def node_meet(nodes: str, ports: str, seconds: float) -> int:
    """Tell what this node is like for others, and whether they are reached."""
    from doctor.cluster.links.meeting import Meeting
    from doctor.cluster.links.portrait import portrait
    from doctor.node import examination, place

    where = dict(each.partition("=")[::2] for each in nodes.split(","))
    first, *others = where
    here = place.name(os.environ)
    peers = others if here == first else [first]
    met = Meeting(here).hold(
        {peer: where[peer] for peer in peers}, peers, list(map(int, ports.split(","))), seconds
    )
    told = {**portrait([*where], examination.situation(0.9, needs_gpu=False)), **met}
    terminal.write([json.dumps(told)])
    return 0


@click.command("node-reduce", hidden=True)
@click.option("--share", required=True)
@click.option("--seconds", type=float, required=True)
def node_reduce(share: str, seconds: float) -> int:
    """Run this node's ranks of an all-reduce."""
    from doctor.cluster.nccl.launch import Share, run

    told = run(Share.of(share), seconds, os.environ)
    terminal.write([json.dumps(told)])
    return 0
