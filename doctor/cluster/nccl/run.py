"""The all-reduce from beginning to end, on one node or on all of a job."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from doctor.cluster import steps
from doctor.cluster.addresses import addresses
from doctor.cluster.links.meeting import chosen_port
from doctor.cluster.nccl import launch
from doctor.cluster.nccl.outcome import Place, outcome
from doctor.facts.node.links import AllReduce

#: What a step takes beyond the ranks' own time, in seconds.
_BESIDE = 4.0


def here(node: str, gpus: list[str], seconds: float) -> AllReduce:
    """Over the GPUs of this node, which are called so."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    share = launch.Share(0, len(gpus), len(gpus), "127.0.0.1", port)
    told = launch.run(share, seconds, os.environ)
    places = {rank: Place(node, gpu) for rank, gpu in enumerate(gpus)}
    return outcome(places, {int(rank): each for rank, each in told.items()}, seconds)


def on_all(job: str, gpus: Mapping[str, list[str]], seconds: float) -> AllReduce:
    """Over the GPUs of several nodes of a job."""
    nodes = sorted(node for node in gpus if gpus[node])
    names = [Place(node, gpu) for node in nodes for gpu in gpus[node]]
    master, port = addresses(nodes)[nodes[0]], chosen_port(job) + 1
    commands: dict[str, list[str]] = {}
    begin = 0
    for node in nodes:
        share = launch.Share(begin, len(gpus[node]), len(names), master, port)
        commands[node] = ["node-reduce", f"--share={share.words}", f"--seconds={seconds}"]
        begin += share.count
    told: dict[int, Any] = {}
    for _, ended in steps.on_each_its_own(job, commands, seconds + _BESIDE, at_once=len(nodes)):
        with suppress(ValueError, AttributeError):
            told |= {int(rank): each for rank, each in json.loads(ended.output).items()}
    return outcome(dict(enumerate(names)), told, seconds)
