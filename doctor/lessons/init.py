"""`vllm-doctor init`: a commented configuration to start from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from doctor.base.errors import DoctorError
from doctor.base.replace import flush, replacing
from doctor.config.layers import FILENAME, shadowed, site_candidates, user_candidate
from doctor.lessons.cluster import Cluster

_WHOSE = {
    "project": "for this folder and those below it",
    "user": "for all that you scan",
    "site": "for all users",
}
_TEXT = """\
# The configuration of vllm-doctor {whose}.
# Remove the `#` before a setting to use it. `vllm-doctor config` shows what is in force.
{extend}
# Nodes that jobs must not be given, as Slurm writes them. They take the place of the list that
# ships with vllm-doctor; an empty list switches the rules about bad nodes off.
{bad_nodes}

# Folders that all users share, besides /tmp, /var/tmp and /dev/shm.
# shared-folders = ["/scratch"]

# The type of GPU that a partition has, where jobs don't name it.
# gpu-types = {{dgx = "h100"}}

# A folder on shared storage in which `vllm-doctor node --record` remembers unfit nodes.
# register = "/shared/vllm-nodes"

# The release of vLLM that your scripts run, where they don't say it themselves.
# vllm-version = "0.11.2"

# true: every script here runs under Slurm, also where it doesn't show.
# slurm = true

# Rules by code, by the beginning of a code or by name. `select` means only these.
# select = ["VD1", "VD2"]
# ignore = ["unparsed-statement"]

# What was found before and is held back; `vllm-doctor scan --update-baseline` writes it.
# baseline = "vllm-doctor.json"

# Files and folders to leave alone, written as in .gitignore: in place of what a file before this
# one says, or beside it. What git ignores is left alone, too.
# exclude = ["third_party/"]
# extend-exclude = ["*.generated.sh"]
# respect-gitignore = false

# true: leave them alone even if they are named on the command line.
# force-exclude = true

# Documents with your own lessons, and folders with your own rules.
# kb = ["docs/cluster-lessons.md"]
# rules = ["lint/rules"]

# The versions of vllm-doctor that may read this.
# required-version = ">=0.2"

# error, warning, info or off.
# [severity]
# VD711 = "error"

# [per-file-ignores]
# "experiments/*" = ["VD201"]
"""


def write(whom: str, cluster: Cluster, force: bool) -> Iterator[str]:
    """Write the configuration of a project, a user or a site; yield what was done, in sentences."""
    path = _path(whom)
    if path.exists() and not force:
        problem = "this configuration is there already; --force writes over it"
        raise DoctorError(problem, str(path))
    extend, told = _extended() if whom == "project" else ("", [])
    bad_nodes, sentence = _bad_nodes(cluster)
    text = _TEXT.format(whose=_WHOSE[whom], extend=extend, bad_nodes=bad_nodes)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(text.encode())
            flush(file)
    except OSError as error:
        raise DoctorError(f"can't be written: {error.strerror}", str(path)) from None
    yield f"Wrote {path}."
    yield from told
    yield from cluster.told()
    yield sentence


def _path(whom: str) -> Path:
    """Where the file is to lie."""
    if whom == "project":
        return Path(FILENAME)
    found = user_candidate() if whom == "user" else next(reversed(site_candidates()), None)
    if found is None:
        raise DoctorError(f"there is no folder for the configuration of the {whom}")
    return found


def _extended() -> tuple[str, list[str]]:
    """The setting `extend`, so that no other file is taken out of force, and a word about it."""
    here = Path.cwd()
    other = shadowed(here)
    if other is None:
        return "", []
    name = os.path.relpath(other, here)
    return (
        f'\n# What was in force here before; what stands below goes over it.\nextend = "{name}"\n',
        [f"{name} was in force here: the new file extends it, so that it stays so."],
    )


def _bad_nodes(cluster: Cluster) -> tuple[str, str]:
    """The setting `bad-nodes`, and a sentence about how it came about."""
    from ClusterShell.NodeSet import NodeSet, NodeSetException

    from doctor import knowledge

    known = NodeSet.fromlist(sorted(knowledge.load().bad_nodes.names))
    commented = f'# bad-nodes = ["{known}"]'
    problem = cluster.problem
    try:
        nodes = NodeSet.fromlist(cluster.nodes)
    except NodeSetException as error:
        problem = f"sinfo did not answer ({error})"
    if problem is not None:
        return commented, (
            f"{problem}, so nothing is known about the nodes: bad-nodes is commented out; set it "
            "to the bad nodes of your cluster."
        )
    here = known & nodes
    if not here:
        return "bad-nodes = []", (
            f"None of the known bad nodes is among the {len(nodes)} nodes of this cluster: "
            "bad-nodes is empty; put the bad nodes of your cluster there."
        )
    return f'bad-nodes = ["{here}"]', (
        f"Of the known bad nodes, this cluster of {len(nodes)} nodes has {here}: bad-nodes "
        "names them."
    )
