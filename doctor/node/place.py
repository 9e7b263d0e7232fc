"""Where we stand: the node's name, and how to ask Slurm for another one."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doctor.knowledge import BadNodes

_CONFIGURATION = Path("/etc/slurm")


def name(environment: Mapping[str, str]) -> str:
    """The node's name as Slurm knows it, else the machine's."""
    return environment.get("SLURMD_NODENAME") or socket.gethostname().partition(".")[0]


def has_slurm(environment: Mapping[str, str]) -> bool:
    """Whether this machine is a part of a cluster that Slurm runs."""
    return any(key.startswith("SLURM") for key in environment) or _CONFIGURATION.is_dir()


def excluding(node: str, bad_nodes: BadNodes) -> str:
    """The hostlist of this node and of the known bad ones that are of this cluster.

    Slurm refuses a job that excludes a node which it doesn't know.
    """
    from doctor.knowledge import fold

    ours = bad_nodes.vouched or node.rstrip("0123456789") in bad_nodes.families
    return fold({node, *(bad_nodes.names if ours else ())})


def allocation(environment: Mapping[str, str], exclude: str) -> str | None:
    """The ``salloc`` line that asks for what this job has, on other nodes; None outside a job."""
    if "SLURM_JOB_ID" not in environment:
        return None
    options = {
        "--partition": environment.get("SLURM_JOB_PARTITION"),
        "--account": environment.get("SLURM_JOB_ACCOUNT"),
        "--nodes": environment.get("SLURM_JOB_NUM_NODES"),
        "--gpus-per-node": environment.get("SLURM_GPUS_ON_NODE"),
    }
    given = [f"{option}={value}" for option, value in options.items() if value]
    return " ".join(["salloc", f"--exclude={exclude}", *given])
