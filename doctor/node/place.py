"""Where we stand: the node's name, and how to ask Slurm for another one."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING

from doctor.base.errors import DoctorError

if TYPE_CHECKING:
    from doctor.knowledge import BadNodes


def name(environment: Mapping[str, str]) -> str:
    """The node's name as Slurm knows it, else the machine's."""
    return environment.get("SLURMD_NODENAME") or socket.gethostname().partition(".")[0]


def excluding(environment: Mapping[str, str], bad_nodes: BadNodes) -> str | None:
    """The hostlist of this node and of the known bad ones that are of this cluster.

    Slurm refuses a job that excludes a node which it doesn't know, a login node perhaps: None
    where this machine is not surely one of its nodes.
    """
    from doctor.knowledge import fold

    node = name(environment)
    like_them = node.rstrip("0123456789") in bad_nodes.families
    if not (like_them or "SLURMD_NODENAME" in environment or is_allocated(environment)):
        return None
    return fold({node, *(bad_nodes.names if bad_nodes.vouched or like_them else ())})


def allocated(environment: Mapping[str, str]) -> list[str]:
    """The nodes of this job; none outside a job."""
    from doctor.knowledge import expand

    try:
        return sorted(expand(environment.get("SLURM_JOB_NODELIST", "")))
    except DoctorError:
        return []


def is_allocated(environment: Mapping[str, str]) -> bool:
    """Whether this machine is one of them; slurmd tells what it starts its own name."""
    host = socket.gethostname()
    names = {environment.get("SLURMD_NODENAME"), host, host.partition(".")[0]}
    return not names.isdisjoint(allocated(environment))


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
